"""Resizing, pooling and blurring as matrices: the numbers of PyTorch, TensorFlow and SciPy."""

import keras
import numpy as np
import pytest
import reference_components
import reference_rule
from backends import as_numpy, largest_difference

from keras_madd.layers.resampling import (
    adaptive_average_matrix,
    align_corners_matrix,
    apply_separable,
    gaussian_blur_matrix,
    half_pixel_matrix,
    local_average,
    nearest_index,
    nearest_matrix,
    nearest_upsample,
    resample,
)

RNG = np.random.default_rng(0)
NEAREST = [
    *[(24, out) for out in (8, 10, 12, 16, 19, 23, 95)],
    *[(8, 32), (16, 64), (19, 74), (23, 95)],
]
POOLED = [(95, 23), (95, 24), (74, 19), (20, 6)]
PAIRS = [(5, 14), (14, 5), (7, 7), (1, 4), (4, 1), (95, 24)]


@pytest.mark.parametrize(("size_in", "size_out"), NEAREST)
def test_nearest_indices_are_those_of_pytorch(size_in, size_out):
    expected = reference_components.expected(f"nearest_index.{size_in}_to_{size_out}")
    np.testing.assert_array_equal(nearest_index(size_in, size_out), expected)


@pytest.mark.parametrize(("size_in", "size_out"), POOLED)
def test_adaptive_pooling_is_that_of_pytorch(size_in, size_out):
    expected = reference_components.expected(f"adaptive_pool_matrix.{size_in}_to_{size_out}")
    assert largest_difference(adaptive_average_matrix(size_in, size_out), expected) < 1e-7


@pytest.mark.parametrize(("size_in", "size_out"), [(5, 14), (14, 5)])
def test_aligned_corners_are_those_of_pytorch(size_in, size_out):
    maps = reference_components.uniform(f"bap.a{size_in}", (2, 4, size_in, size_in))
    resized = as_numpy(
        resample(keras.ops.convert_to_tensor(maps), (size_out, size_out), align_corners_matrix)
    )
    expected = reference_components.expected(f"bap.resized_a{size_in}_to_{size_out}")
    assert largest_difference(reference_rule.channels_first(resized), expected) < 1e-6


@pytest.mark.parametrize("padding", ["reflect", "constant", "symmetric"])
@pytest.mark.parametrize(("kernel_size", "sigma"), [(3, 1.0), (11, 7.0), (15, 2.5)])
def test_blur_is_that_of_tensorflow_addons(kernel_size, sigma, padding):
    reference = reference_rule.arrays("tfa_gaussian_filter2d")
    image = reference["image"]
    rows, columns = (
        gaussian_blur_matrix(size, kernel_size, sigma, padding) for size in image.shape[1:3]
    )
    blurred = as_numpy(apply_separable(keras.ops.convert_to_tensor(image), rows, columns))
    expected = reference[f"blur_k{kernel_size}_s{sigma}_{padding}"]
    assert largest_difference(blurred, expected) < 2e-6 * np.abs(expected).max()


def test_blur_kernel_is_that_of_the_released_code():
    kernel = gaussian_blur_matrix(31, 11, 7.0)[15, 10:21]
    assert largest_difference(kernel, reference_components.expected("agda.gauss11_sigma7")) < 1e-7


@pytest.mark.parametrize(
    "matrix", [align_corners_matrix, half_pixel_matrix, nearest_matrix, adaptive_average_matrix]
)
@pytest.mark.parametrize(("size_in", "size_out"), PAIRS)
def test_rows_sum_to_one_and_equal_sizes_give_the_identity(matrix, size_in, size_out):
    found = matrix(size_in, size_out)
    assert found.shape == (size_out, size_in)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert (found >= 0).all()
    np.testing.assert_array_equal(matrix(size_in, size_in), np.eye(size_in))


@pytest.mark.parametrize("padding", ["reflect", "symmetric"])
@pytest.mark.parametrize(("size", "kernel_size"), [(19, 11), (3, 43), (1, 5)])
def test_blur_keeps_a_constant_even_under_a_kernel_wider_than_the_image(size, kernel_size, padding):
    np.testing.assert_allclose(
        gaussian_blur_matrix(size, kernel_size, 7.0, padding).sum(axis=1), 1.0
    )


def test_blur_with_zeros_outside_darkens_the_edges_only():
    sums = gaussian_blur_matrix(11, 5, 1.0, "constant").sum(axis=1)
    np.testing.assert_allclose(sums[2:-2], 1.0)
    assert (sums[[0, 1, -2, -1]] < 1).all()


def test_half_pixel_interpolation_is_that_of_keras():
    x = RNG.normal(0, 1, (2, 5, 7, 3)).astype("float32")
    expected = keras.ops.image.resize(x, (11, 14), "bilinear", data_format="channels_last")
    resized = resample(keras.ops.convert_to_tensor(x), (11, 14), half_pixel_matrix)
    assert largest_difference(as_numpy(resized), as_numpy(expected)) < 1e-5


def test_rows_and_columns_are_not_confused():
    x = RNG.normal(0, 1, (2, 5, 7, 3)).astype("float32")
    rows, columns = RNG.normal(0, 1, (4, 5)), RNG.normal(0, 1, (6, 7))
    found = as_numpy(apply_separable(keras.ops.convert_to_tensor(x), rows, columns))
    expected = np.einsum("ih,jw,bhwc->bijc", rows, columns, x)
    assert largest_difference(found, expected) < 1e-4


@pytest.mark.parametrize(("size", "cells"), [(12, 4), (95, 24), (20, 6)])
def test_average_and_upsampling_match_their_matrices(size, cells):
    x = RNG.normal(0, 1, (2, size, size, 3)).astype("float32")
    pool, repeat = adaptive_average_matrix(size, cells), nearest_matrix(cells, size)
    average = local_average(keras.ops.convert_to_tensor(x), (cells, cells))
    expected = np.einsum("ih,jw,bhwc->bijc", pool, pool, x)
    assert largest_difference(as_numpy(average), expected) < 1e-5
    upsampled = nearest_upsample(average, (size, size))
    expected = np.einsum("ih,jw,bhwc->bijc", repeat, repeat, expected)
    assert largest_difference(as_numpy(upsampled), expected) < 1e-5


@pytest.mark.parametrize("resize", [local_average, nearest_upsample])
def test_the_same_size_returns_the_input(resize):
    x = keras.ops.ones((1, 4, 5, 2))
    assert resize(x, (4, 5)) is x
