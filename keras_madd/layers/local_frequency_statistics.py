"""Local frequency statistics (LFS) of F3-Net: how strong each band is around each place."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_madd.layers.cosine_transform import cosine_matrix, equal_bands
from keras_madd.support.tensor import Shape, Tensor

LUMA = (0.299, 0.587, 0.114)
# Pixels are whole numbers: this is far below what their rounding leaves in a band.
LEAST = 1e-3


@keras.saving.register_keras_serializable(package="keras_madd")
class LocalFrequencyStatistics(keras.layers.Layer):
    """Strength of each band of frequencies in windows that slide over a picture (LFS).

    With the DCT P of a window's luma, fixed masks b_i and learnt filters w_i (paper, eq. 3)

        q_i = log10 || P * (b_i + tanh(w_i / 2)) ||_1,

    the norm being the sum of absolute values, with 1e-3 added inside the logarithm: a flat window
    has none. The filters start near 0; at 0 exactly the absolute value has no gradient. Beyond
    the picture its border pixels go on. It computes in float32.

    Args:
        bands: Number of bands M.
        window_size: Side of the windows in pixels.
        stride: Step of the windows in pixels.
        seed: Seed of the filters' first values.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        `(B, H, W, 3)`, RGB, 0..255.

    Output shape:
        `(B, ceil(H / stride), ceil(W / stride), M)`, the lowest band first.

    Reference:
        Qian et al., Thinking in Frequency, ECCV 2020, arXiv 2007.09355, section 3.2.
    """

    def __init__(
        self,
        bands: int = 6,
        window_size: int = 10,
        stride: int = 2,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not 1 <= bands <= 2 * window_size - 1:
            raise ValueError(
                "`bands` must be from 1 to the number of diagonals of a window, "
                f"{2 * window_size - 1}. Received: bands={bands}"
            )
        if not 1 <= stride <= window_size:
            raise ValueError(
                f"`stride` must be from 1 to `window_size`, {window_size}. "
                f"Received: stride={stride}"
            )
        self.bands = bands
        self.window_size = window_size
        self.stride = stride
        self.seed = seed

    def build(self, input_shape: Shape) -> None:
        """Make the filters and the window transform."""
        if input_shape[-1] != 3:
            raise ValueError(
                f"`pixels` must have 3 channels, RGB. Received: shape={tuple(input_shape)}"
            )
        size = self.window_size
        self.masks = equal_bands(size, self.bands).astype("float32")
        matrix = cosine_matrix(size)
        # [row, column, 0, u * size + v]
        kernel = np.einsum("ui,vj->ijuv", matrix, matrix).reshape(size, size, 1, size**2)
        self.kernel = kernel.astype("float32")
        self.filters = self.add_weight(
            name="filters",
            shape=self.masks.shape,
            initializer=keras.initializers.RandomNormal(0.0, 0.1, seed=self.seed),
            dtype="float32",
            autocast=False,
        )

    def call(self, pixels: Tensor) -> Tensor:
        """Return the statistics of every window."""
        pixels = ops.cast(pixels, "float32")
        luma = ops.sum(
            pixels * ops.convert_to_tensor(np.array(LUMA, "float32")), axis=-1, keepdims=True
        )
        padded = self._beyond_the_border(self._beyond_the_border(luma, 1), 2)
        spectra = ops.conv(
            padded,
            ops.convert_to_tensor(self.kernel),
            self.stride,
            padding="valid",
            data_format="channels_last",
        )
        gains = ops.abs(ops.convert_to_tensor(self.masks) + ops.tanh(self.filters / 2.0))
        gains = ops.reshape(gains, (self.bands, self.window_size**2))
        strength = ops.matmul(ops.abs(spectra), ops.transpose(gains))
        return ops.cast(ops.log10(strength + LEAST), self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, H, W, 3)` -> `(B, ceil(H / stride), ceil(W / stride), M)`."""
        height, width = (-(-side // self.stride) for side in input_shape[1:3])
        return (input_shape[0], height, width, self.bands)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "bands": self.bands,
            "window_size": self.window_size,
            "stride": self.stride,
            "seed": self.seed,
        }

    def _beyond_the_border(self, luma, axis):
        """Repeat the first and the last line, so that windows begin at every `stride` pixels."""
        side = luma.shape[axis]
        missing = max((-(-side // self.stride) - 1) * self.stride + self.window_size - side, 0)
        before = missing // 2
        first, last = (0, 1), (side - 1, side)
        lines = [ops.take(luma, ops.arange(*each), axis=axis) for each in (first, last)]
        parts = [lines[0]] * before + [luma] + [lines[1]] * (missing - before)
        return ops.concatenate(parts, axis=axis)
