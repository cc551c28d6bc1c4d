"""SpatialStandardization: zero mean and unit deviation over space, per image and channel."""

from typing import Any

import keras
from keras import ops

from keras_madd.support.tensor import Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class SpatialStandardization(keras.layers.Layer):
    """Standardises each channel of each image over its positions.

    The released code feeds the local average D through it before the region independence loss:
    `(D - mean) / (std + 1e-8)`, with the unbiased standard deviation. Computed in float32.

    Input shape:
        `(B, h, w, N)`; of a single position the result is 0.

    Output shape:
        Same, float32.

    Reference:
        The code released with arXiv 2103.02406.
    """

    def __init__(self, **kwargs: Any):
        super().__init__(autocast=False, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        """Return the standardised features."""
        x = ops.cast(inputs, "float32")
        positions = x.shape[1] * x.shape[2]
        centred = x - ops.mean(x, axis=(1, 2), keepdims=True)
        variance = ops.sum(ops.square(centred), axis=(1, 2), keepdims=True)
        variance = variance / max(positions - 1, 1)
        # A constant channel has deviation 0, whose square root has no gradient.
        varies = variance > 0
        deviation = ops.where(varies, ops.sqrt(ops.where(varies, variance, 1.0)), 0.0)
        return centred / (deviation + 1e-8)

    def compute_output_spec(self, inputs: Tensor) -> Tensor:
        """Same shape, float32."""
        return keras.KerasTensor(inputs.shape, "float32")
