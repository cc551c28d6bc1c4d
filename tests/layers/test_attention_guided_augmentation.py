"""AGDA: the released code's images, and what every mode must keep to."""

import keras
import numpy as np
import pytest
import reference_components
from backends import JIT_COMPILE, as_numpy, input_gradients, largest_difference
from layer_check import check_configuration

from keras_madd.layers import AttentionGuidedAugmentation, OfficialAttentionGuidedAugmentation
from keras_madd.layers.attention_guided_augmentation import MID_GREY, stretch_contrast
from keras_madd.layers.resampling import align_corners_matrix, apply_separable

CLASSES = [AttentionGuidedAugmentation, OfficialAttentionGuidedAugmentation]
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (4, 33, 47, 3)).astype("float32")
MAPS = RNG.uniform(0.1, 1, (4, 5, 6, 3)).astype("float32")


def recorded(name):
    """A reference array in Keras's layout; its images are on the scale -1..1."""
    return np.moveaxis(reference_components.expected(f"agda.{name}"), 1, -1)


def official(**arguments):
    """The released code's augmentation with nothing left to chance."""
    arguments = {"threshold_range": (0.5, 0.5), "zoom_range": (4.0, 4.0), **arguments}
    return OfficialAttentionGuidedAugmentation(noise_stddev=0.0, **arguments)


@pytest.mark.parametrize("scale", [0.3, 0.5])
def test_soft_drop_is_that_of_the_released_code(scale):
    image, attention = (
        keras.ops.convert_to_tensor(recorded(name)) for name in ("image_64", "attention_64")
    )
    layer = official(resize_factor=scale)
    side = int(64 * scale)
    shrink = align_corners_matrix(64, side)
    small = apply_separable(image, shrink, shrink)
    assert largest_difference(as_numpy(small), recorded(f"small.scale{scale}")) < 2e-6
    degraded = as_numpy(layer.degraded_images(image))
    assert largest_difference(degraded, recorded(f"upsampled.scale{scale}")) < 2e-6
    dropped = as_numpy(layer.soft_drop(image, attention))
    assert largest_difference(dropped, recorded(f"soft_drop2.scale{scale}")) < 2e-6


def test_contrast_is_stretched_as_in_the_released_code():
    stretched = stretch_contrast(keras.ops.convert_to_tensor(recorded("attention_64")), 0.5, 4.0)
    assert largest_difference(as_numpy(stretched), recorded("mod_func_attention")) < 1e-6
    grid, expected = (
        reference_components.expected(f"agda.mod_func_grid_{end}") for end in ("in", "out")
    )
    found = as_numpy(stretch_contrast(keras.ops.convert_to_tensor(grid), 0.5, 4.0))
    assert largest_difference(found, expected) < 1e-6


@pytest.mark.parametrize(("mode", "name"), [("soft", "soft_scale0.5"), ("hard", "hard_thr0.5")])
def test_the_whole_is_that_of_the_released_code(mode, name):
    index = reference_components.expected("agda.full.index")
    maps = 1.5 * reference_components.uniform("agda.raw_maps", (2, 4, 8, 8))
    pixels = (recorded("image_64") + 1) * MID_GREY
    augmented, used = official(mode=mode)(pixels, maps, index=index)
    np.testing.assert_array_equal(as_numpy(used), index)
    expected = (recorded(f"full.{name}") + 1) * MID_GREY
    assert largest_difference(as_numpy(augmented), expected) < 2e-4


def test_hard_drop_is_that_of_the_released_code():
    pixels = keras.ops.convert_to_tensor((recorded("image_64") + 1) * MID_GREY)
    attention = keras.ops.convert_to_tensor(recorded("attention_64"))
    dropped = as_numpy(official().hard_drop(pixels, attention))
    expected = (recorded("hard_drop.thr0.5") + 1) * MID_GREY
    assert largest_difference(dropped, expected) < 1e-4


def test_maps_are_chosen_with_the_released_chances(monkeypatch):
    monkeypatch.setattr(
        "keras_madd.layers.portable_random.choice", lambda chances, seed_generator: chances
    )
    maps = 1.5 * reference_components.uniform("agda.raw_maps", (2, 4, 8, 8))
    chances = as_numpy(official().draw_index(keras.ops.convert_to_tensor(maps)))
    expected = reference_components.expected("agda.categorical_probs")
    assert largest_difference(chances / chances.sum(axis=1, keepdims=True), expected) < 1e-6


def test_blurred_small_images_are_those_of_the_released_code():
    image = keras.ops.convert_to_tensor(recorded("image_64"))
    for scale in (0.3, 0.5):
        layer = official(resize_factor=scale)
        small = apply_separable(image, layer._shrink(64), layer._shrink(64))
        assert largest_difference(as_numpy(small), recorded(f"blurred_small.scale{scale}")) < 2e-6


@pytest.mark.parametrize("cls", CLASSES)
def test_images_change_only_where_the_map_is(cls):
    maps = np.zeros_like(MAPS)
    maps[:, :2] = 1.0
    augmented = as_numpy(cls(seed=0)(IMAGES, maps)[0])
    np.testing.assert_array_equal(augmented[:, 20:], IMAGES[:, 20:])
    assert np.abs(augmented[:, :5] - IMAGES[:, :5]).mean() > 20


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("mode", ["soft", "hard", "mix"])
def test_a_zero_map_leaves_the_image(cls, mode):
    augmented = as_numpy(cls(mode=mode, seed=0)(IMAGES, 0 * MAPS)[0])
    np.testing.assert_allclose(augmented, IMAGES, atol=1e-4)


def test_without_blur_an_image_that_is_not_made_smaller_stays():
    images = np.random.default_rng(0).uniform(0, 255, (2, 16, 16, 3)).astype("float32")
    augment = AttentionGuidedAugmentation(resize_factor=1.0, sigma=0.0, seed=0)
    found, _ = augment(images, np.ones((2, 4, 4, 1), "float32"))
    np.testing.assert_allclose(as_numpy(found), images, atol=1e-3)


def test_a_map_of_ones_gives_the_degraded_image():
    layer = AttentionGuidedAugmentation()
    augmented = as_numpy(layer(IMAGES, np.ones_like(MAPS))[0])
    degraded = as_numpy(layer.degraded_images(keras.ops.convert_to_tensor(IMAGES)))
    np.testing.assert_allclose(augmented, degraded, atol=1e-3)
    # A third of the side, blurred by 7 of its pixels: next to nothing of the noise is left.
    assert degraded.std() < 0.1 * IMAGES.std()


@pytest.mark.parametrize("cls", CLASSES)
def test_the_same_seed_gives_the_same_images(cls):
    first, again, other = (cls(mode="mix", seed=seed) for seed in (1, 1, 2))
    images, index = as_numpy(first(IMAGES, MAPS))
    images_again, index_again = as_numpy(again(IMAGES, MAPS))
    np.testing.assert_array_equal(images, images_again)
    np.testing.assert_array_equal(index, index_again)
    assert np.abs(images - as_numpy(other(IMAGES, MAPS)[0])).max() > 1
    assert np.abs(images - as_numpy(first(IMAGES, MAPS)[0])).max() > 1


@pytest.mark.parametrize("cls", CLASSES)
def test_no_gradient_flows_through_the_images(cls):
    layer = cls(seed=0)
    found = input_gradients(
        lambda images, maps: keras.ops.sum(layer(images, maps)[0]) + 0.0 * keras.ops.sum(images),
        IMAGES,
        MAPS,
    )
    assert not any(gradient.any() for gradient in found)


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (17, 5), (64, 64), (95, 101)])
def test_any_image_size_works(cls, size):
    images = RNG.uniform(0, 255, (2, *size, 3)).astype("float32")
    augmented, index = as_numpy(cls(seed=0)(images, MAPS[:2]))
    assert augmented.shape == images.shape
    assert np.isfinite(augmented).all()
    assert index.shape == (2,)


@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_only_the_shape_of_a_map_matters(scale):
    layer = AttentionGuidedAugmentation()
    index = np.zeros(4, "int32")
    attention = as_numpy(
        layer.normalised_map(keras.ops.convert_to_tensor(MAPS * scale), index, (33, 47))
    )
    np.testing.assert_allclose(attention.max(axis=(1, 2, 3)), 1.0, atol=0.02)
    assert attention.min() >= 0


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_images_of_any_dtype_become_float32(cls, dtype):
    augmented, index = cls(seed=0)(IMAGES.astype(dtype), MAPS.astype("float16"))
    assert keras.backend.standardize_dtype(augmented.dtype) == "float32"
    assert keras.backend.standardize_dtype(index.dtype) == "int32"


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_pixels_stay_in_float32_under_mixed_precision(policy):
    exact, mixed = (AttentionGuidedAugmentation(seed=0, dtype=dtype) for dtype in (None, policy))
    np.testing.assert_array_equal(
        as_numpy(exact(IMAGES, MAPS)[0]), as_numpy(mixed(IMAGES, MAPS)[0])
    )


@pytest.mark.parametrize("cls", CLASSES)
def test_configuration_is_complete(cls):
    check_configuration(cls(mode="mix", seed=3, kernel_size=5, threshold_range=[0.2, 0.3]))


@pytest.mark.parametrize("cls", CLASSES)
def test_compiled_call_equals_eager_call(cls):
    images, maps = keras.Input(IMAGES.shape[1:]), keras.Input(MAPS.shape[1:])
    layer, again = cls(seed=0), cls(seed=0)
    model = keras.Model([images, maps], layer(images, maps))
    model.compile(jit_compile=JIT_COMPILE)
    augmented, index = model.predict([IMAGES, MAPS], verbose=0)
    expected, expected_index = as_numpy(again(IMAGES, MAPS))
    np.testing.assert_array_equal(index, expected_index)
    np.testing.assert_allclose(augmented, expected, atol=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resize_factor": 0.0}, r"`resize_factor` must be in .*Received: resize_factor=0.0"),
        ({"resize_factor": 1.5}, r"`resize_factor` must be in .*Received: resize_factor=1.5"),
        ({"sigma": -1.0}, r"`sigma` must not be negative. Received: sigma=-1.0"),
        ({"kernel_size": 4}, r"`kernel_size` must be odd and positive. Received: kernel_size=4"),
        ({"kernel_size": -3}, r"`kernel_size` must be odd and positive. Received: kernel_size=-3"),
        ({"mode": "blur"}, r"`mode` must be one of .*Received: mode='blur'"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        AttentionGuidedAugmentation(**arguments)


@pytest.mark.parametrize("cls", CLASSES)
def test_a_constant_image_stays_under_soft(cls):
    arguments = {"noise_stddev": 0.0} if cls is OfficialAttentionGuidedAugmentation else {}
    constant = np.full_like(IMAGES, 100.0)
    augmented, _ = cls(**arguments)(constant, MAPS)
    np.testing.assert_allclose(as_numpy(augmented), constant, atol=1e-3)


def test_hard_paints_mid_grey_above_the_threshold():
    maps = np.zeros((4, 33, 47, 1), "float32")
    maps[:, 10:20, 5:9] = 2.0
    augmented, _ = AttentionGuidedAugmentation(mode="hard")(IMAGES, maps)
    expected = IMAGES.copy()
    expected[:, 10:20, 5:9] = MID_GREY
    np.testing.assert_array_equal(as_numpy(augmented), expected)


def test_the_official_noise_has_its_deviation():
    layer = OfficialAttentionGuidedAugmentation(noise_stddev=12.75, seed=0)
    noise = as_numpy(layer.add_noise(keras.ops.zeros((4, 40, 40, 3))))
    assert abs(noise.mean()) < 0.5
    assert abs(noise.std() - 12.75) < 0.5
