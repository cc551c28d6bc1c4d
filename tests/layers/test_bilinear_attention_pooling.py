"""BAP: the released code's numbers, and the limits of each normalisation."""

import keras
import numpy as np
import pytest
import reference_components
from backends import as_numpy, input_gradients, largest_difference
from layer_check import check_layer

from keras_madd.layers import BilinearAttentionPooling

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(0, 1, (2, 6, 8, 5)).astype("float32")
MAPS = RNG.uniform(0, 1, (2, 6, 8, 3)).astype("float32")
SHAPES = {"f4": (2, 6, 14, 14), "f5": (2, 4, 6, 14, 14)}


@pytest.mark.parametrize("size", [5, 14])
@pytest.mark.parametrize("features", SHAPES)
@pytest.mark.parametrize(
    ("code", "normalization", "tolerance"),
    [(0, "none", 2e-5), (1, "average", 5e-7), (2, "l2", 1e-6), (3, "average", 5e-7)],
)
def test_vectors_are_those_of_the_released_code(features, size, code, normalization, tolerance):
    inputs = reference_components.normal(f"bap.{features}", SHAPES[features])
    maps = reference_components.uniform(f"bap.a{size}", (2, 4, size, size))
    pooled = as_numpy(BilinearAttentionPooling(normalization, "align_corners")(inputs, maps))
    expected = reference_components.expected(f"bap.{features}.a{size}.norm{code}")
    assert largest_difference(pooled, expected) < tolerance


def test_l2_vectors_have_unit_length():
    pooled = as_numpy(BilinearAttentionPooling()(FEATURES, MAPS))
    np.testing.assert_allclose(np.linalg.norm(pooled, axis=-1), 1.0, rtol=1e-6)


def test_l2_does_not_see_the_scale_of_the_map():
    layer = BilinearAttentionPooling()
    scaled = as_numpy(layer(FEATURES, 1000 * MAPS))
    np.testing.assert_allclose(scaled, as_numpy(layer(FEATURES, MAPS)), atol=1e-6)


@pytest.mark.parametrize("normalization", ["l2", "none"])
def test_a_zero_map_gives_zeros(normalization):
    maps = MAPS.copy()
    maps[..., 1] = 0.0
    pooled = as_numpy(BilinearAttentionPooling(normalization)(FEATURES, maps))
    assert not pooled[:, 1].any()
    assert np.abs(pooled[:, [0, 2]]).min() > 0


def test_the_average_under_a_zero_map_is_the_plain_mean():
    pooled = as_numpy(BilinearAttentionPooling("average")(FEATURES, 0 * MAPS[..., :1]))
    np.testing.assert_allclose(pooled[:, 0], FEATURES.mean(axis=(1, 2)), atol=1e-6)


@pytest.mark.parametrize("normalization", ["l2", "average", "none"])
def test_gradients_under_a_zero_map_are_finite(normalization):
    layer = BilinearAttentionPooling(normalization)
    found = input_gradients(
        lambda features, maps: keras.ops.sum(keras.ops.square(layer(features, maps))),
        FEATURES,
        0 * MAPS,
    )
    assert all(np.isfinite(gradient).all() for gradient in found)


def test_average_under_a_map_of_ones_is_global_average_pooling():
    pooled = as_numpy(BilinearAttentionPooling("average")(FEATURES, np.ones_like(MAPS[..., :1])))
    expected = as_numpy(keras.layers.GlobalAveragePooling2D()(FEATURES))
    np.testing.assert_allclose(pooled[:, 0], expected, atol=1e-6)


def test_a_map_on_one_position_picks_its_feature():
    maps = np.zeros_like(MAPS)
    maps[:, 2, 3, :] = 1.0
    pooled = as_numpy(BilinearAttentionPooling("none")(FEATURES, maps))
    expected = np.repeat(FEATURES[:, None, 2, 3], 3, axis=1)
    np.testing.assert_allclose(pooled, expected, atol=1e-6)


def test_one_feature_map_for_each_attention_pools_like_a_shared_one():
    layer = BilinearAttentionPooling()
    copies = np.repeat(FEATURES[:, :, :, None], 3, axis=3)
    np.testing.assert_allclose(
        as_numpy(layer(copies, MAPS)), as_numpy(layer(FEATURES, MAPS)), atol=1e-6
    )


def test_half_precision_sums_do_not_overflow():
    layer = BilinearAttentionPooling("none", dtype="float16")
    features = np.full((1, 64, 64, 1), 100.0, "float16")
    pooled = as_numpy(layer(features, np.ones((1, 64, 64, 1), "float16")))
    assert pooled.dtype == "float32"
    np.testing.assert_allclose(pooled, 64 * 64 * 100.0)


@pytest.mark.parametrize("argument", ["normalization", "interpolation"])
def test_unknown_choices_are_refused(argument):
    with pytest.raises(ValueError, match=rf"`{argument}` must be.*Received: {argument}='cubic'"):
        BilinearAttentionPooling(**{argument: "cubic"})


@pytest.mark.parametrize("normalization", ["l2", "average", "none"])
@pytest.mark.parametrize("interpolation", ["half_pixel", "align_corners"])
def test_as_a_layer(normalization, interpolation):
    maps = MAPS[:, :3, :4]
    check_layer(BilinearAttentionPooling(normalization, interpolation), FEATURES, maps, trainable=0)
