"""The attention generator of the released code, against its numbers."""

import numpy as np
import pytest
import reference_components
import reference_rule
from backends import as_numpy, largest_difference
from layer_check import check_layer

from keras_madd.layers import OfficialAttentionMaps
from keras_madd.layers.official_attention_maps import border_mask

SIZES = [(8, 8), (12, 10), (16, 16), (19, 19), (23, 23), (24, 24)]


def filled(shape):
    layer = OfficialAttentionMaps(4)
    layer.build(shape)
    return reference_components.fill(layer, "attention")


@pytest.mark.parametrize("mode", ["eval", "train"])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_maps_are_those_of_the_released_code(height, width, mode):
    case = f"{height}x{width}"
    features = reference_components.normal(f"attention.x{case}", (2, 16, height, width))
    maps = as_numpy(filled(features.shape)(features, training=mode == "train"))
    expected = reference_components.expected(f"attention.{case}.{mode}")
    assert largest_difference(reference_rule.channels_first(maps), expected) < 1e-5


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_border_mask_is_that_of_the_released_code(height, width):
    expected = reference_components.expected(f"mask.{height}x{width}")
    np.testing.assert_array_equal(border_mask(height, width), expected)


def test_maps_are_positive_inside_the_border_and_zero_on_it():
    features = reference_components.normal("attention.x24x24", (2, 16, 24, 24))
    maps = as_numpy(filled(features.shape)(features))
    assert (maps[:, 2:-2, 2:-2] > 0).all()
    maps[:, 2:-2, 2:-2] = 0
    assert not maps.any()


def test_channels_stay_in_the_official_names():
    layer = filled((None, 8, 8, 16))
    names = {weight.path.split("/")[-2] for weight in layer.weights}
    assert names == {"conv_extract", "bn1", "conv2", "bn2"}


def test_as_a_layer():
    features = reference_components.normal("attention.x12x10", (2, 16, 12, 10))
    check_layer(OfficialAttentionMaps(3), features, trainable=7, non_trainable=4)
