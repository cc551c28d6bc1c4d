"""The ungrouped texture block, against the numbers of the released code's first version."""

import numpy as np
import pytest
import reference_components
import reference_rule
from backends import as_numpy, largest_difference
from layer_check import check_layer

from keras_madd.layers import DeepfakeBenchTextureEnhancement

FEATURES = reference_components.normal("texture.x", (2, 8, 20, 20))


def attention(size):
    return 2 * reference_components.uniform(f"texture.a{size}", (2, 4, size, size))


def filled(maps):
    layer = DeepfakeBenchTextureEnhancement()
    layer.build(FEATURES.shape, maps.shape)
    return reference_components.fill(layer, "texture_v1")


# With D as large as the features the residual is zero. A training batch then standardises a
# constant, which multiplies rounding by 1 / sqrt(epsilon) = 316 in each layer.
CASES = [
    (5, "eval", 2e-6),
    (5, "train", 2e-6),
    (6, "eval", 2e-6),
    (6, "train", 2e-6),
    (20, "eval", 2e-6),
    (20, "train", 1e-3),
]


@pytest.mark.parametrize(("size", "mode", "relative"), CASES)
def test_textures_are_those_of_the_released_code(size, mode, relative):
    maps = attention(size)
    textures, average = as_numpy(filled(maps)(FEATURES, maps, training=mode == "train"))
    case = f"texture_v1.a{size}.{mode}"
    expected = reference_components.expected(f"{case}.F")
    difference = largest_difference(reference_rule.channels_first(textures), expected)
    assert difference < relative * np.abs(expected).max()
    expected = reference_components.expected(f"{case}.D")
    assert largest_difference(reference_rule.channels_first(average), expected) < 1e-6


def test_values_of_the_maps_do_not_matter():
    maps = attention(5)
    layer = filled(maps)
    np.testing.assert_array_equal(
        as_numpy(layer(FEATURES, maps)[0]), as_numpy(layer(FEATURES, 0 * maps)[0])
    )


def test_as_a_layer():
    maps = attention(6)
    check_layer(DeepfakeBenchTextureEnhancement(), FEATURES, maps, trainable=20, non_trainable=10)
