"""Frequency-aware decomposition (FAD) of F3-Net: a picture as its bands of frequencies."""

from typing import Any

import keras
from keras import ops

from keras_madd.layers.cosine_transform import bands_by_share, cosine_matrix
from keras_madd.support.tensor import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class FrequencyDecomposition(keras.layers.Layer):
    """A picture as pictures of its low, middle and high frequencies (FAD).

    With the DCT matrices D of both sides, fixed masks b_i and learnt filters w_i (paper, eq. 1)

        y_i = D^T ((D x D^T) * (b_i + tanh(w_i / 2))) D,

    tanh(w / 2) being the paper's (1 - exp(-w)) / (1 + exp(-w)). The filters start at 0, so that
    the first pictures are the bands themselves, and add up to x. It computes in float32.

    Args:
        shares: Share of all frequencies below each border between bands; the paper's: the low
            band is the first 1/16 of the spectrum, the high one the last 7/8.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        `(B, H, W, C)`, H and W fixed.

    Output shape:
        `(B, H, W, N C)`, N being the number of bands, the lowest band's channels first.

    Reference:
        Qian et al., Thinking in Frequency, ECCV 2020, arXiv 2007.09355, section 3.1.
    """

    def __init__(self, shares: tuple[float, ...] = (1 / 16, 1 / 8), **kwargs: Any):
        super().__init__(**kwargs)
        shares = tuple(shares)
        if not shares or list(shares) != sorted(set(shares)) or not 0 < shares[0] <= shares[-1] < 1:
            raise ValueError(
                f"`shares` must rise and lie between 0 and 1. Received: shares={shares}"
            )
        self.shares = shares

    def build(self, input_shape: Shape) -> None:
        """Make the filters, which fit one size."""
        height, width = input_shape[1:3]
        self.masks = bands_by_share(height, width, self.shares).astype("float32")
        self.row_matrix = cosine_matrix(height).astype("float32")
        self.column_matrix = cosine_matrix(width).astype("float32")
        self.filters = self.add_weight(
            name="filters",
            shape=self.masks.shape,
            initializer="zeros",
            dtype="float32",
            autocast=False,
        )

    def call(self, x: Tensor) -> Tensor:
        """Return the bands, side by side."""
        rows, columns = map(ops.convert_to_tensor, (self.row_matrix, self.column_matrix))
        planes = ops.transpose(ops.cast(x, "float32"), (0, 3, 1, 2))
        spectrum = ops.matmul(ops.matmul(rows, planes), ops.transpose(columns))
        gains = ops.convert_to_tensor(self.masks) + ops.tanh(self.filters / 2.0)
        bands = [
            ops.matmul(ops.matmul(ops.transpose(rows), spectrum * gains[index]), columns)
            for index in range(len(self.masks))
        ]
        joined = ops.transpose(ops.concatenate(bands, axis=1), (0, 2, 3, 1))
        return ops.cast(joined, self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, H, W, C)` -> `(B, H, W, N C)`."""
        return (*input_shape[:3], (len(self.shares) + 1) * input_shape[3])

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "shares": self.shares}
