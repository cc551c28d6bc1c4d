"""GroupedConv2D: plain convolutions of slices, put side by side."""

import keras
import numpy as np
import pytest
from backends import as_numpy
from layer_check import check_layer

from keras_madd.layers import GroupedConv2D

INPUTS = np.random.default_rng(0).normal(0, 1, (2, 5, 6, 8)).astype("float32")


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("kernel_size", [1, 3, 5])
def test_a_group_is_a_convolution_of_its_own(groups, kernel_size):
    layer = GroupedConv2D(12, kernel_size, groups)
    layer.build(INPUTS.shape)
    layer.bias.assign(np.arange(12.0))
    outputs, (kernel, bias) = as_numpy(layer(INPUTS)), layer.get_weights()
    for group in range(groups):
        mine = slice(group * 12 // groups, (group + 1) * 12 // groups)
        conv = keras.layers.Conv2D(12 // groups, kernel_size, padding="same")
        inputs = INPUTS[..., group * 8 // groups : (group + 1) * 8 // groups]
        conv.build(inputs.shape)
        conv.set_weights([kernel[..., mine], bias[mine]])
        np.testing.assert_allclose(outputs[..., mine], as_numpy(conv(inputs)), atol=1e-5)


def test_as_a_layer():
    check_layer(GroupedConv2D(12, 3, 4), INPUTS, trainable=2)


def test_channels_that_do_not_divide_are_refused():
    with pytest.raises(ValueError, match=r"`filters`.*Received: filters=10, groups=4"):
        GroupedConv2D(10, 3, 4)
    with pytest.raises(ValueError, match=r"input channels.*Received: input_shape=.*groups=3"):
        GroupedConv2D(12, 3, 3)(INPUTS)
