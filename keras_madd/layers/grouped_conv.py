"""GroupedConv2D: a grouped convolution that trains and converts everywhere."""

from typing import Any

import keras
from keras import ops

from keras_madd.support.tensor import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class GroupedConv2D(keras.layers.Layer):
    """2-D convolution in independent groups, computed group by group.

    The same function and weights as `keras.layers.Conv2D(groups=...)` with `"same"` padding. On
    TensorFlow's CPU that layer compiles with XLA for every call and cannot be converted to
    LiteRT; slicing the groups needs nothing but plain convolutions.

    Args:
        filters: Number of output channels of all groups together.
        kernel_size: Odd side of the square kernel.
        groups: Number of groups; divides the input channels and `filters`.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        `(B, H, W, C)`, channels ordered group by group.

    Output shape:
        `(B, H, W, filters)`, channels ordered group by group.
    """

    def __init__(self, filters: int, kernel_size: int, groups: int, **kwargs: Any):
        super().__init__(**kwargs)
        if filters % groups:
            raise ValueError(
                "`filters` must be a multiple of `groups`. "
                f"Received: filters={filters}, groups={groups}"
            )
        self.filters = filters
        self.kernel_size = kernel_size
        self.groups = groups

    def build(self, input_shape: Shape) -> None:
        """Create a kernel of shape `(k, k, C / groups, filters)` and a bias of `(filters,)`."""
        if input_shape[-1] % self.groups:
            raise ValueError(
                "The input channels must be a multiple of `groups`. "
                f"Received: input_shape={input_shape}, groups={self.groups}"
            )
        side = self.kernel_size
        self.kernel = self.add_weight(
            name="kernel",
            shape=(side, side, input_shape[-1] // self.groups, self.filters),
            initializer="glorot_uniform",
        )
        self.bias = self.add_weight(name="bias", shape=(self.filters,), initializer="zeros")

    def call(self, inputs: Tensor) -> Tensor:
        """Return the convolution of `inputs`."""
        convolved = [
            ops.conv(group, kernel, padding="same", data_format="channels_last")
            for group, kernel in zip(
                ops.split(inputs, self.groups, axis=-1),
                ops.split(ops.convert_to_tensor(self.kernel), self.groups, axis=-1),
                strict=True,
            )
        ]
        return ops.concatenate(convolved, axis=-1) + self.bias

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, H, W, C)` -> `(B, H, W, filters)`."""
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "groups": self.groups,
        }
