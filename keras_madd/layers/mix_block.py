"""MixBlock of F3-Net: two streams look at each other."""

from typing import Any

import keras
from keras import ops

from keras_madd.support.tensor import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class MixBlock(keras.layers.Layer):
    """Cross attention between two streams of features at the same places.

    With queries Q of the first stream and keys K of the second, 1x1 convolutions, over all
    places (rows) of a map, and one matrix of energies E = Q K^T / sqrt(d) for both directions:

        first'  = first  + s_1 softmax(E)   second
        second' = second + s_2 softmax(E^T) first

    The paper draws the block and gives no equations; the scaling by sqrt(d), the values without a
    convolution of their own and the learnt scales s are chosen here. With scales of 0 both
    streams go through as they are.

    Args:
        reduction: d is the number of channels over this, at least 1.
        initial_scale: What s_1 and s_2 begin with.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        first, second: `(B, h, w, C)` each.

    Output shape:
        Two tensors of the inputs' shape.

    Reference:
        Qian et al., Thinking in Frequency, ECCV 2020, arXiv 2007.09355, section 3.3.
    """

    def __init__(self, reduction: int = 8, initial_scale: float = 0.1, **kwargs: Any):
        super().__init__(**kwargs)
        if reduction < 1:
            raise ValueError(f"`reduction` must be 1 or more. Received: reduction={reduction}")
        self.reduction = reduction
        self.initial_scale = initial_scale

    def build(self, first_shape: Shape, second_shape: Shape) -> None:
        """Make the convolutions and the scales."""
        if tuple(first_shape[1:]) != tuple(second_shape[1:]):
            raise ValueError(
                "`first` and `second` must have the same shape. "
                f"Received: {tuple(first_shape)} and {tuple(second_shape)}"
            )
        self.width = max(first_shape[-1] // self.reduction, 1)
        self.query, self.key = (
            keras.layers.Dense(self.width, use_bias=False, dtype=self.dtype_policy, name=name)
            for name in ("query", "key")
        )
        self.query.build(first_shape)
        self.key.build(second_shape)
        self.scales = self.add_weight(
            name="scales",
            shape=(2,),
            initializer=keras.initializers.Constant(self.initial_scale),
        )

    def call(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Return both streams, each with what the other shows it."""
        queries, keys = _rows(self.query(first)), _rows(self.key(second))
        energies = ops.matmul(queries, ops.transpose(keys, (0, 2, 1)))
        # Sums of exponentials leave the range of half precision.
        energies = ops.cast(energies, "float32") / self.width**0.5
        to_first = ops.cast(ops.softmax(energies, axis=-1), first.dtype)
        to_second = ops.softmax(ops.transpose(energies, (0, 2, 1)), axis=-1)
        seen_by_first = ops.matmul(to_first, _rows(second))
        seen_by_second = ops.matmul(ops.cast(to_second, first.dtype), _rows(first))
        return (
            first + self.scales[0] * _places(seen_by_first, first),
            second + self.scales[1] * _places(seen_by_second, second),
        )

    def compute_output_shape(self, first_shape: Shape, second_shape: Shape) -> tuple[Shape, Shape]:
        """The shapes of the inputs."""
        return tuple(first_shape), tuple(second_shape)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "reduction": self.reduction,
            "initial_scale": self.initial_scale,
        }


def _rows(features):
    """`(B, h, w, C)` -> `(B, h w, C)`."""
    return ops.reshape(features, (-1, features.shape[1] * features.shape[2], features.shape[3]))


def _places(rows, like):
    """`(B, h w, C)` -> `(B, h, w, C)`."""
    return ops.reshape(rows, (-1, *like.shape[1:]))
