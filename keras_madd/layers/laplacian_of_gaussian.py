"""Fixed Laplacians of Gaussians: each channel's detail, in bands of scale."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_madd.support.tensor import Shape, Tensor

# As far as scipy.ndimage reaches.
TRUNCATE = 4.0


@keras.saving.register_keras_serializable(package="keras_madd")
class LaplacianOfGaussian(keras.layers.Layer):
    """Each channel under Laplacians of Gaussians of several widths.

    For a width s, with G_s the Gaussian, sampled and summing up to 1,

        LoG_s = s^2 (d^2/dy^2 + d^2/dx^2) G_s,

    cut off at four widths, and a little of G_s is taken away so that it sums up to 0 as the true
    one does. The factor s^2 makes equal patterns of any size answer equally. Beyond the border its
    pixels go on. Nothing is learnt.

    Args:
        sigmas: The widths s in pixels, above 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Input shape:
        `(B, H, W, C)`.

    Output shape:
        `(B, H, W, C * len(sigmas))`: the first channel's bands, then the second's.

    Reference:
        Masi et al., Two-branch Recurrent Network, ECCV 2020, arXiv 2008.03412.
    """

    def __init__(self, sigmas: tuple[float, ...] = (0.7, 1.0, 1.4), **kwargs: Any):
        super().__init__(**kwargs)
        sigmas = tuple(sigmas)
        if not sigmas or min(sigmas) <= 0:
            raise ValueError(f"`sigmas` must be numbers above 0. Received: sigmas={sigmas}")
        self.sigmas = sigmas
        self.radius = max(map(_radius, sigmas))

    def build(self, input_shape: Shape) -> None:
        """Sample the filters, the same for every channel."""
        filters = [
            np.pad(laplacian_filter(sigma), self.radius - _radius(sigma)) for sigma in self.sigmas
        ]
        kernel = np.stack(filters, -1)[:, :, None].astype("float32")
        self.kernel = np.repeat(kernel, input_shape[-1], axis=2)

    def call(self, x: Tensor) -> Tensor:
        """Return the bands of every channel."""
        for axis in (1, 2):
            side = x.shape[axis]
            first, last = (
                ops.take(x, ops.arange(*each), axis=axis) for each in ((0, 1), (side - 1, side))
            )
            x = ops.concatenate([first] * self.radius + [x] + [last] * self.radius, axis=axis)
        # The sum of a filter is 0 up to rounding, which half precision would lose.
        kernel = ops.convert_to_tensor(self.kernel)
        bands = ops.depthwise_conv(
            ops.cast(x, "float32"), kernel, 1, padding="valid", data_format="channels_last"
        )
        return ops.cast(bands, self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, H, W, C)` -> `(B, H, W, C * len(sigmas))`."""
        return (*input_shape[:3], input_shape[3] * len(self.sigmas))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "sigmas": self.sigmas}


def laplacian_filter(sigma: float) -> np.ndarray:
    """Return one filter, `(2 r + 1, 2 r + 1)` float64, r being four widths."""
    position = np.arange(-_radius(sigma), _radius(sigma) + 1)
    gaussian = np.exp(-0.5 * (position / sigma) ** 2)
    gaussian /= gaussian.sum()
    second = gaussian * (position**2 / sigma**4 - 1 / sigma**2)
    smooth = np.outer(gaussian, gaussian)
    laplacian = sigma**2 * (np.outer(second, gaussian) + np.outer(gaussian, second))
    return laplacian - laplacian.sum() * smooth


def _radius(sigma: float) -> int:
    return int(TRUNCATE * sigma + 0.5)
