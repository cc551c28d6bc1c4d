"""Convolutions that see what a pixel has beyond its neighbours: steganalysis features."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_madd.support.tensor import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class ResidualConstraint(keras.constraints.Constraint):
    """Keeps the centre of every filter at -1 and the sum of the rest at 1.

    Such a filter predicts a pixel from its neighbours and takes the pixel away. A kernel is moved
    to the nearest one that is so: what the rest lacks is spread over it evenly. The paper divides
    the rest by its sum instead, which has no bound where the sum is near 0.
    """

    def __call__(self, kernel: Tensor) -> Tensor:
        """Return the nearest kernel `(S, S, C_in, C_out)`, S being odd."""
        height, width = kernel.shape[:2]
        centre = np.zeros((height, width, 1, 1), "float32")
        centre[height // 2, width // 2] = 1.0
        centre = ops.convert_to_tensor(centre)
        rest = kernel * (1.0 - centre)
        missing = 1.0 - ops.sum(rest, axis=(0, 1), keepdims=True)
        return rest + (1.0 - centre) * missing / (height * width - 1) - centre


@keras.saving.register_keras_serializable(package="keras_madd")
class ResidualConvolution(keras.layers.Layer):
    """Convolution whose filters fulfil `ResidualConstraint`, at the start and while training.

    For every filter w, and for each channel it sees,

        w(0, 0) = -1,   sum of all other w(i, j) = 1,

    so that an even surface gives 0. There is no bias, and nothing is padded, as a border would
    look like a trace.

    Args:
        filters: Number of filters.
        kernel_size: Their side, odd and at least 3.
        seed: Seed of their first values.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, H - S + 1, W - S + 1, filters)`.

    Reference:
        Wu et al., SSTNet, ICASSP 2020; Bayar and Stamm, IH&MMSec 2016.
    """

    def __init__(self, filters: int, kernel_size: int = 5, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if kernel_size < 3 or kernel_size % 2 == 0:
            raise ValueError(
                f"`kernel_size` must be odd and at least 3. Received: kernel_size={kernel_size}"
            )
        if filters < 1:
            raise ValueError(f"`filters` must be 1 or more. Received: filters={filters}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.seed = seed

    def build(self, input_shape: Shape) -> None:
        """Make filters that fulfil the constraint."""
        constraint = ResidualConstraint()
        random = keras.initializers.GlorotUniform(seed=self.seed)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, self.kernel_size, input_shape[-1], self.filters),
            initializer=lambda shape, dtype=None: constraint(random(shape, dtype=dtype)),
            constraint=constraint,
        )

    def call(self, x: Tensor) -> Tensor:
        """Return the residuals."""
        return ops.conv(x, self.kernel, 1, padding="valid", data_format="channels_last")

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, H, W, C)` -> `(B, H - S + 1, W - S + 1, filters)`."""
        height, width = (side - self.kernel_size + 1 for side in input_shape[1:3])
        return (input_shape[0], height, width, self.filters)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "seed": self.seed,
        }
