"""The reference's single-module cases: inputs and weights by rule.

The rule is told in section 3 of tests/golden/reference/README.txt.
"""

import zlib

import numpy as np
import reference_rule

from keras_madd.torch_weights.names import block_slots, same_names


def expected(name):
    """A reference array, in PyTorch's layout."""
    return reference_rule.arrays("components")[name]


def normal(name, shape):
    """Standard normal input of PyTorch's layout, given in Keras's."""
    return _channels_last(_generator(name).normal(size=shape))


def uniform(name, shape):
    """Uniform input of PyTorch's layout, given in Keras's."""
    return _channels_last(_generator(name).uniform(size=shape))


def fill(layer, module):
    """Give a built layer the weights by rule of `comp.<module>`."""
    names = {variable.path.split("/")[-2] for variable in layer.weights}
    for name, slot in block_slots(layer, same_names(f"comp.{module}", names)).items():
        slot.variable.assign(reference_rule.weight(name, slot.torch_shape).transpose(slot.axes))
    return layer


def _generator(name):
    return np.random.default_rng(zlib.crc32(f"comp.{name}".encode()))


def _channels_last(array):
    array = array.astype("float32")
    if array.ndim == 5:
        return array.transpose(0, 3, 4, 1, 2)
    return array.transpose(0, 2, 3, 1)
