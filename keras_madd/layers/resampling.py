"""Resizing, pooling and blurring as matrices: the same numbers on every backend.

A separable linear map of an image is one matrix along its rows and one along its columns. Written
so, corner-aligned bilinear resizing, adaptive average pooling and reflecting Gaussian blur, which
`keras.ops` does not offer, are exact, differentiable and compilable everywhere. The matrices
depend on sizes alone and are built with NumPy in float64.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_madd.support.tensor import Tensor


def align_corners_matrix(size_in: int, size_out: int) -> np.ndarray:
    """Bilinear interpolation that maps corner samples onto corner samples.

    Args:
        size_in: Number of source samples.
        size_out: Number of target samples. A single target sample reads the first source sample.

    Returns:
        Array of shape `(size_out, size_in)`; rows sum to 1.
    """
    if size_out == 1 or size_in == 1:
        position = np.zeros(size_out)
    else:
        position = np.arange(size_out) * (size_in - 1) / (size_out - 1)
    return _linear_weights(position, size_in)


def half_pixel_matrix(size_in: int, size_out: int) -> np.ndarray:
    """Bilinear interpolation between pixel centres, without antialiasing; edges are repeated.

    Args:
        size_in: Number of source samples.
        size_out: Number of target samples.

    Returns:
        Array of shape `(size_out, size_in)`; rows sum to 1.
    """
    position = (np.arange(size_out) + 0.5) * size_in / size_out - 0.5
    return _linear_weights(np.clip(position, 0, size_in - 1), size_in)


def nearest_index(size_in: int, size_out: int) -> np.ndarray:
    """Source index of each target sample for nearest resizing: `floor(j * in / out)`."""
    return np.arange(size_out) * size_in // size_out


def nearest_matrix(size_in: int, size_out: int) -> np.ndarray:
    """Nearest resizing as a matrix of shape `(size_out, size_in)`; see `nearest_index`."""
    return np.eye(size_in)[nearest_index(size_in, size_out)]


def adaptive_average_matrix(size_in: int, size_out: int) -> np.ndarray:
    """Adaptive average pooling: bin i covers `[floor(i*in/out), ceil((i+1)*in/out))`.

    Bins overlap where `size_in` is not a multiple of `size_out`.

    Args:
        size_in: Number of source samples.
        size_out: Number of bins.

    Returns:
        Array of shape `(size_out, size_in)`; rows sum to 1.
    """
    bins = np.arange(size_out)
    start = bins * size_in // size_out
    stop = -(-(bins + 1) * size_in // size_out)
    source = np.arange(size_in)
    inside = (source >= start[:, None]) & (source < stop[:, None])
    return inside / inside.sum(axis=1, keepdims=True)


def gaussian_blur_matrix(
    size: int, kernel_size: int, sigma: float, padding: str = "reflect"
) -> np.ndarray:
    """Gaussian filtering of `size` samples with a normalised kernel.

    Args:
        size: Number of samples.
        kernel_size: Odd number of taps.
        sigma: Standard deviation in samples; 0 leaves them as they are.
        padding: What lies outside: `"reflect"` (mirror without repeating the edge), `"symmetric"`
            (mirror that repeats the edge) or `"constant"` (zeros).

    Returns:
        Array of shape `(size, size)`; rows sum to 1 except near the edges under `"constant"`.
    """
    if sigma == 0:
        return np.eye(size)
    taps = np.arange(kernel_size) - kernel_size // 2
    kernel = np.exp(-0.5 * (taps / sigma) ** 2)
    kernel /= kernel.sum()
    radius = kernel_size // 2
    if padding == "constant":
        source = np.pad(np.eye(size), ((radius, radius), (0, 0)))
    else:
        # NumPy checks the name of the mode.
        mode: Any = padding
        source = np.eye(size)[np.pad(np.arange(size), radius, mode=mode)]
    return sum(weight * source[tap : tap + size] for tap, weight in enumerate(kernel))


def apply_separable(x: keras.KerasTensor, rows: np.ndarray, columns: np.ndarray) -> Tensor:
    """Multiply the height axis by `rows` and the width axis by `columns`.

    Args:
        x: Tensor of shape `(B, H, W, C)`.
        rows: Array of shape `(H', H)`.
        columns: Array of shape `(W', W)`.

    Returns:
        Tensor of shape `(B, H', W', C)` of the dtype of `x`.
    """
    height, width, channels = x.shape[1:]
    dtype = keras.backend.standardize_dtype(x.dtype)
    if rows.shape != (height, height) or not np.array_equal(rows, np.eye(height)):
        x = ops.reshape(x, (-1, height, width * channels))
        x = ops.matmul(ops.convert_to_tensor(rows, dtype), x)
    height = rows.shape[0]
    if columns.shape != (width, width) or not np.array_equal(columns, np.eye(width)):
        x = ops.reshape(x, (-1, width, channels))
        x = ops.matmul(ops.convert_to_tensor(columns, dtype), x)
    return ops.reshape(x, (-1, height, columns.shape[0], channels))


def resample(
    x: keras.KerasTensor,
    size: tuple[int, int],
    matrix: Callable[[int, int], np.ndarray],
) -> Tensor:
    """Resize `x` of shape `(B, H, W, C)` to `size` with one of this module's matrices.

    Args:
        x: Tensor of shape `(B, H, W, C)`.
        size: Target `(height, width)`.
        matrix: Function `(size_in, size_out) -> array`, such as `align_corners_matrix`.

    Returns:
        Tensor of shape `(B, *size, C)`; `x` itself where the size is the same.
    """
    height, width = x.shape[1:3]
    if (height, width) == tuple(size):
        return x
    return apply_separable(x, matrix(height, size[0]), matrix(width, size[1]))


def local_average(x: keras.KerasTensor, size: tuple[int, int]) -> Tensor:
    """Average pooling of `(B, H, W, C)` onto a grid of `size` cells.

    Cells that divide the map evenly use the backend's pooling; any other ratio uses the
    overlapping bins of `adaptive_average_matrix`.
    """
    height, width = x.shape[1:3]
    if (height, width) == tuple(size):
        return x
    if height % size[0] == 0 and width % size[1] == 0:
        cell = (height // size[0], width // size[1])
        return ops.average_pool(x, cell, cell, padding="valid", data_format="channels_last")
    return resample(x, size, adaptive_average_matrix)


def nearest_upsample(x: keras.KerasTensor, size: tuple[int, int]) -> Tensor:
    """Nearest resizing of `(B, H, W, C)` to `size`; repetition where the ratio is whole."""
    height, width = x.shape[1:3]
    if (height, width) == tuple(size):
        return x
    if size[0] % height == 0 and size[1] % width == 0:
        x = ops.repeat(x, size[0] // height, axis=1)
        return ops.repeat(x, size[1] // width, axis=2)
    return resample(x, size, nearest_matrix)


def _linear_weights(position: np.ndarray, size_in: int) -> np.ndarray:
    lower = np.minimum(np.floor(position).astype(int), size_in - 1)
    upper = np.minimum(lower + 1, size_in - 1)
    fraction = (position - lower)[:, None]
    return (1 - fraction) * np.eye(size_in)[lower] + fraction * np.eye(size_in)[upper]
