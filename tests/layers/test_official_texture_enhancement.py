"""The grouped texture block of the released code, against its numbers."""

import keras
import numpy as np
import pytest
import reference_components
import reference_rule
from backends import as_numpy, input_gradients, largest_difference
from layer_check import check_layer

from keras_madd.layers import OfficialTextureEnhancement

FEATURES = reference_components.normal("texture.x", (2, 8, 20, 20))


def attention(size):
    return 2 * reference_components.uniform(f"texture.a{size}", (2, 4, size, size))


def filled(maps):
    layer = OfficialTextureEnhancement()
    layer.build(FEATURES.shape, maps.shape)
    return reference_components.fill(layer, "texture_v2")


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize("size", [5, 6, 20])
def test_textures_are_those_of_the_released_code(size, mode):
    maps = attention(size)
    textures, average = as_numpy(filled(maps)(FEATURES, maps, training=mode == "train"))
    case = f"texture_v2.a{size}.{mode}"
    expected = reference_components.expected(f"{case}.F")
    tolerance = 2e-6 * np.abs(expected).max()
    assert largest_difference(textures.transpose(0, 3, 4, 1, 2), expected) < tolerance
    expected = reference_components.expected(f"{case}.D")
    tolerance = 2e-6 * np.abs(expected).max()
    assert largest_difference(reference_rule.channels_first(average), expected) < tolerance


def test_a_zero_map_leaves_its_own_group_without_input():
    maps = attention(5)
    maps[..., 1] = 0.0
    layer = filled(maps)
    zero_map, _ = as_numpy(layer(FEATURES, maps))
    other_features, _ = as_numpy(layer(FEATURES[::-1], maps))
    np.testing.assert_array_equal(zero_map[:, :, :, 1], other_features[:, :, :, 1])
    assert np.abs(zero_map[:, :, :, 0] - other_features[:, :, :, 0]).max() > 1


def test_no_gradient_reaches_the_attention_maps():
    maps = attention(5)
    layer = filled(maps)
    for_features, for_maps = input_gradients(
        lambda features, maps: keras.ops.sum(layer(features, maps)[0]), FEATURES, maps
    )
    assert np.abs(for_features).max() > 0
    assert not for_maps.any()


def test_as_a_layer():
    maps = attention(6)
    check_layer(OfficialTextureEnhancement(), FEATURES, maps, trainable=22, non_trainable=10)
