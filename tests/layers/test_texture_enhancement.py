"""TextureEnhancement: the residual of the local average, densely connected."""

import keras
import numpy as np
import pytest
from backends import as_numpy, input_gradients
from layer_check import check_layer

from keras_madd.layers import TextureEnhancement
from keras_madd.layers.resampling import adaptive_average_matrix, nearest_matrix

RNG = np.random.default_rng(0)


def features_and_maps(size=12, cells=4, channels=3):
    features = RNG.normal(0, 1, (2, size, size, channels)).astype("float32")
    return features, np.ones((2, cells, cells, 4), "float32")


@pytest.mark.parametrize("level", [0.0, 3.0, -50.0])
def test_features_constant_in_every_cell_have_no_texture(level):
    _, maps = features_and_maps()
    cell_values = level + RNG.normal(0, 1, (2, 4, 4, 3)).astype("float32")
    features = cell_values.repeat(3, axis=1).repeat(3, axis=2)
    textures, average = as_numpy(TextureEnhancement()(features, maps))
    np.testing.assert_allclose(textures[..., :3], 0.0, atol=1e-5)
    np.testing.assert_allclose(average, cell_values, atol=1e-5)


@pytest.mark.parametrize(("size", "cells"), [(12, 4), (95, 24), (20, 6), (7, 7)])
def test_the_first_channels_are_the_residual(size, cells):
    features, maps = features_and_maps(size, cells)
    textures, average = as_numpy(TextureEnhancement()(features, maps))
    pool, repeat = adaptive_average_matrix(size, cells), nearest_matrix(cells, size)
    expected = np.einsum("ih,jw,bhwc->bijc", pool, pool, features)
    np.testing.assert_allclose(average, expected, atol=1e-5)
    residual = features - np.einsum("ih,jw,bhwc->bijc", repeat, repeat, expected)
    np.testing.assert_allclose(textures[..., :3], residual, atol=1e-5)


def test_every_layer_sees_all_before_it():
    features, maps = features_and_maps()
    layer = TextureEnhancement(growth=2)
    textures = as_numpy(layer(features, maps))[0]
    assert textures.shape[-1] == 3 + 3 * 2
    for index, (normalization, conv) in enumerate(
        zip(layer.normalizations, layer.convs, strict=True)
    ):
        seen = 3 + 2 * index
        grown = as_numpy(conv(keras.ops.relu(normalization(textures[..., :seen]))))
        np.testing.assert_allclose(textures[..., seen : seen + 2], grown, atol=1e-5)


def test_the_maps_give_nothing_but_their_size():
    features, maps = features_and_maps()
    layer = TextureEnhancement()
    other = as_numpy(layer(features, 0 * maps)[0])
    np.testing.assert_array_equal(as_numpy(layer(features, maps)[0]), other)
    for_features, for_maps = input_gradients(
        lambda features, maps: keras.ops.sum(keras.ops.square(layer(features, maps)[0])),
        features,
        maps,
    )
    assert for_features.any()
    assert not for_maps.any()


@pytest.mark.parametrize("growth", [None, 2])
def test_as_a_layer(growth):
    features, maps = features_and_maps(13, 4)
    check_layer(TextureEnhancement(growth), features, maps, trainable=12, non_trainable=6)
