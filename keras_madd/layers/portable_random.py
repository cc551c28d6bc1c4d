"""Random draws that are the same on TensorFlow, JAX and PyTorch.

`keras.random` gives each backend its own stream. A training step that draws attention maps must
be comparable across backends, so its draws come from a counter-based generator written in 32-bit
integer arithmetic: an avalanche hash of the seed, the number of the draw and the position. The
position is that in the global batch, so that several replicas draw together what one device draws.
"""

import math

import keras
from keras import ops

from keras_madd.layers.replicas import first_row
from keras_madd.support.tensor import Tensor


def uniform(shape: tuple, seed_generator: keras.random.SeedGenerator) -> Tensor:
    """Draw float32 numbers, uniform in (0, 1), with 23 bits.

    Args:
        shape: Shape of the result; entries may be scalar tensors. On several replicas the first
            axis is this replica's part of the batch; `()` is the same number on each.
        seed_generator: Source of the seed; advanced by one draw.

    Returns:
        Tensor of `shape`.
    """
    state = ops.cast(seed_generator.next(), "int32")
    rows, row_size = (shape[0] if shape else 1), 1
    for side in shape[1:]:
        row_size = row_size * side
    position = ops.arange(rows * row_size, dtype="int32")
    if shape:
        position = position + first_row(rows) * row_size
    # The hash of small numbers is regular, and the first draw of seed 0 would start at 0.
    start = _hash(state[1] + _hash(ops.bitwise_xor(state[0], 0x9E3779B9 - 2**32)))
    bits = _hash(position + start)
    fraction = ops.cast(ops.bitwise_and(bits, 0x7FFFFF), "float32")
    return ops.reshape((fraction + 0.5) * 2.0**-23, shape)


def normal(shape: tuple, seed_generator: keras.random.SeedGenerator) -> Tensor:
    """Draw float32 numbers from the standard normal distribution (Box-Muller)."""
    radius = ops.sqrt(-2.0 * ops.log(uniform(shape, seed_generator)))
    return radius * ops.cos(2.0 * math.pi * uniform(shape, seed_generator))


def choice(chances: Tensor, seed_generator: keras.random.SeedGenerator) -> Tensor:
    """Draw one index per row with probability proportional to `chances`.

    Args:
        chances: Not negative, `(B, M)`; a row must not sum to 0.
        seed_generator: Source of the seed; advanced by one draw.

    Returns:
        int32 tensor of shape `(B,)`.
    """
    chances = ops.cast(chances, "float32")
    cumulative = ops.cumsum(chances, axis=-1)
    point = uniform((ops.shape(chances)[0], 1), seed_generator) * cumulative[:, -1:]
    passed = ops.sum(ops.cast(cumulative[:, :-1] <= point, "int32"), axis=-1)
    return ops.cast(passed, "int32")


def _hash(x):
    """The lowbias32 avalanche function on int32, which wraps on overflow."""
    x = ops.bitwise_xor(x, _logical_right_shift(x, 16)) * 0x7FEB352D
    x = ops.bitwise_xor(x, _logical_right_shift(x, 15)) * (0x846CA68B - 2**32)
    return ops.bitwise_xor(x, _logical_right_shift(x, 16))


def _logical_right_shift(x, bits: int):
    return ops.bitwise_and(ops.right_shift(x, bits), (1 << (32 - bits)) - 1)
