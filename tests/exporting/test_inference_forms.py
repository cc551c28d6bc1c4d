"""The rewritten layers against the layers themselves."""

import keras
import numpy as np
import pytest
from exported_model import shaken

from keras_madd.exporting import inference_forms
from keras_madd.exporting.inference_forms import in_inference_form
from keras_madd.exporting.verify import sample_pictures
from keras_madd.layers.resampling import align_corners_matrix, resample

NAMES = ("logits", "attention_maps", "local_features", "global_features", "regional_features")


@pytest.mark.parametrize("variant", ["paper", "official", "deepfakebench"])
@pytest.mark.parametrize("size", [64, 72])
def test_every_output_is_the_same(variant, size):
    """At 64 the grids divide each other, at 72 they do not."""
    model = shaken(backbone="tiny", input_size=size, variant=variant)
    pictures = sample_pictures((size, size), 3).astype("float32")
    expected = model.network(pictures, training=False)
    found = in_inference_form(model.network, 3)(pictures)
    for name in NAMES:
        np.testing.assert_allclose(found[name], expected[name], rtol=2e-4, atol=2e-5)
    assert np.std(expected["logits"]) > 1e-4


def test_other_numbers_of_maps():
    for maps in (0, 1):
        model = shaken(backbone="tiny", input_size=64, num_attentions=maps)
        pictures = sample_pictures((64, 64), 2).astype("float32")
        expected = model.network(pictures, training=False)["logits"]
        found = in_inference_form(model.network, 2)(pictures)["logits"]
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("shape", "scale", "offset"),
    [
        ((8, 8, 1), 1 / 127.5, -1.0),
        ((8, 8, 3), [0.1, 0.2, 0.3], [1.0, 2.0, 3.0]),
        ((8, 8, 5), 0.5, 0.25),
        ((7,), 4.0, 1.0),
    ],
)
def test_scaling_of_whatever_shape(shape, scale, offset):
    pixels = keras.Input(shape)
    model = keras.Model(pixels, keras.layers.Rescaling(scale, offset)(pixels))
    given = np.random.default_rng(0).normal(size=(2, *shape)).astype("float32")
    found = in_inference_form(model, 2)(given)
    np.testing.assert_allclose(found, given * np.array(scale) + np.array(offset), rtol=1e-5)


def test_the_model_is_left_alone():
    model = shaken(backbone="tiny", input_size=64)
    before = [np.array(each) for each in model.get_weights()]
    in_inference_form(model.network, 1)
    after = model.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    layers = {type(layer).__name__ for layer in model.network.layers}
    assert "BilinearAttentionPooling" in layers


def test_a_region_that_nothing_attends_to_stays_zero():
    pooling = keras.layers.Identity()
    pooling.normalization, pooling.interpolation = "l2", "half_pixel"
    form = inference_forms._pooling(pooling)
    features = keras.random.normal((1, 4, 4, 6), seed=0)
    maps = np.zeros((1, 4, 4, 2), "float32")
    maps[..., 1] = 1.0
    found = np.asarray(form(features, maps))
    assert np.array_equal(found[0, 0], np.zeros(6))
    assert np.linalg.norm(found[0, 1]) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("sizes", [((3, 4), (9, 7)), ((8, 8), (3, 5)), ((1, 4), (6, 6))])
def test_corner_aligned_resizing(sizes):
    maps = np.random.default_rng(0).normal(size=(2, *sizes[0], 3)).astype("float32")
    expected = resample(keras.ops.convert_to_tensor(maps), sizes[1], align_corners_matrix)
    found = inference_forms._resize_aligned(keras.ops.convert_to_tensor(maps), sizes[1])
    np.testing.assert_allclose(found, expected, atol=1e-5)
