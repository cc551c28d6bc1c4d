import numpy as np
import pytest
from backends import as_numpy
from layer_check import check_layer
from scipy.ndimage import gaussian_filter, gaussian_laplace

from keras_madd.layers import LaplacianOfGaussian


def test_the_bands_are_scipys():
    x = np.random.default_rng(0).normal(0, 1, (2, 14, 11, 2)).astype("float32")
    sigmas = (0.7, 1.0, 1.9)
    found = as_numpy(LaplacianOfGaussian(sigmas)(x))
    assert found.shape == (2, 14, 11, 6)
    for image, channel, band in np.ndindex(2, 2, 3):
        sigma = sigmas[band]
        picture = x[image, :, :, channel].astype("float64")
        # scipy's answer to an even surface is not quite 0; ours is without it.
        even = gaussian_laplace(np.ones((99, 99)), sigma)[50, 50]
        smooth = gaussian_filter(picture, sigma, mode="nearest")
        expected = gaussian_laplace(picture, sigma, mode="nearest") - even * smooth
        expected *= sigma**2
        np.testing.assert_allclose(found[image, :, :, 3 * channel + band], expected, atol=1e-5)


def test_even_surfaces_give_nothing_and_each_size_its_own_band():
    layer = LaplacianOfGaussian((1.0, 2.0, 4.0))
    np.testing.assert_allclose(as_numpy(layer(np.full((1, 9, 9, 1), 7.0))), 0.0, atol=1e-5)
    squared = ((np.indices((65, 65)) - 32) ** 2).sum(0)
    for band, width in enumerate((1.0, 2.0, 4.0)):
        blob = np.exp(-squared / (2 * width**2)).astype("float32")[None, :, :, None]
        found = as_numpy(layer(blob))[0, 32, 32]
        # Of a Gaussian blob of width t at its middle: -2 s^2 t^2 / (s^2 + t^2)^2.
        scales = np.array([1.0, 4.0, 16.0])
        expected = -2 * scales * width**2 / (scales + width**2) ** 2
        np.testing.assert_allclose(found, expected, rtol=0.03)
        assert found.argmin() == band


def test_common_checks():
    x = np.random.default_rng(0).normal(0, 1, (2, 8, 7, 2)).astype("float32")
    check_layer(LaplacianOfGaussian(), x, trainable=0)


def test_wrong_arguments_are_told():
    for sigmas in ((), (1.0, 0.0)):
        with pytest.raises(ValueError, match="`sigmas` must be numbers above 0"):
            LaplacianOfGaussian(sigmas)
