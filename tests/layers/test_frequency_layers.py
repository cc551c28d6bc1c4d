"""FAD and LFS against scipy's DCT, and against pictures of one frequency."""

import itertools

import numpy as np
import pytest
from backends import as_numpy
from layer_check import check_layer
from scipy.fft import dctn, idctn

from keras_madd.layers import FrequencyDecomposition, LocalFrequencyStatistics
from keras_madd.layers.cosine_transform import bands_by_share, cosine_matrix, equal_bands


def wave(u, v, height, width):
    """The picture of which the DCT has one coefficient, of largest value 1."""
    rows = np.cos(np.pi * (2 * np.arange(height) + 1) * u / (2 * height))
    columns = np.cos(np.pi * (2 * np.arange(width) + 1) * v / (2 * width))
    return np.outer(rows, columns)


def grey(picture):
    return np.repeat(picture[None, :, :, None], 3, -1).astype("float32")


def test_the_matrix_is_scipys_transform():
    for size in (1, 2, 7, 10, 32):
        expected = dctn(np.eye(size), axes=[0], norm="ortho")
        np.testing.assert_allclose(cosine_matrix(size), expected, atol=1e-12)


@pytest.mark.parametrize("size", [(32, 32), (64, 64), (299, 299), (48, 64)])
def test_the_bands_hold_the_papers_shares(size):
    masks = bands_by_share(*size, (1 / 16, 1 / 8))
    assert (masks.sum(0) == 1).all()
    np.testing.assert_allclose(masks.mean((1, 2)), (1 / 16, 1 / 16, 7 / 8), atol=0.025)
    assert masks[0, 0, 0] == masks[2, -1, -1] == 1


def test_equal_bands_part_the_diagonals():
    masks = equal_bands(10, 6)
    assert (masks.sum(0) == 1).all()
    diagonal = np.add.outer(np.arange(10), np.arange(10))
    spans = [diagonal[mask == 1] for mask in masks]
    assert all(a.max() < b.min() for a, b in itertools.pairwise(spans))
    assert {np.unique(span).size for span in spans} <= {3, 4}


def test_fad_is_a_filter_of_scipys_spectrum():
    random = np.random.default_rng(0)
    x = random.normal(0, 1, (2, 12, 16, 3)).astype("float32")
    layer = FrequencyDecomposition()
    layer(x)
    filters = random.normal(0, 1, layer.filters.shape)
    layer.filters.assign(filters)
    gains = layer.masks + (1 - np.exp(-filters)) / (1 + np.exp(-filters))
    spectrum = dctn(x.astype("float64"), axes=(1, 2), norm="ortho")
    bands = [idctn(spectrum * gain[..., None], axes=(1, 2), norm="ortho") for gain in gains]
    np.testing.assert_allclose(as_numpy(layer(x)), np.concatenate(bands, -1), atol=2e-5)


def test_fad_begins_with_bands_that_add_up_to_the_picture():
    x = np.random.default_rng(0).normal(0, 1, (2, 16, 16, 3)).astype("float32")
    bands = as_numpy(FrequencyDecomposition()(x)).reshape(2, 16, 16, 3, 3)
    np.testing.assert_allclose(bands.sum(3), x, atol=1e-5)


@pytest.mark.parametrize(("u", "v", "band"), [(0, 0, 0), (3, 2, 0), (6, 7, 1), (20, 5, 2)])
def test_a_wave_comes_out_of_its_band_of_fad(u, v, band):
    x = grey(wave(u, v, 32, 32))
    bands = as_numpy(FrequencyDecomposition()(x))[0].reshape(32, 32, 3, 3)
    expected = np.zeros_like(bands)
    expected[:, :, band] = x[0]
    np.testing.assert_allclose(bands, expected, atol=1e-5)


@pytest.mark.parametrize(("u", "v", "band"), [(0, 0, 0), (2, 3, 1), (3, 4, 2), (9, 9, 5)])
def test_a_wave_is_strongest_in_its_band_of_lfs(u, v, band):
    layer = LocalFrequencyStatistics(stride=10)
    # Windows that begin every 10 pixels, and none beyond the border.
    x = grey(100 * np.tile(wave(u, v, 10, 10), (2, 2)))
    layer(x)
    layer.filters.assign(np.zeros(layer.filters.shape))
    found = as_numpy(layer(x))[0]
    assert found.shape == (2, 2, 6)
    strength = dctn(100 * wave(u, v, 10, 10), norm="ortho")[u, v]
    np.testing.assert_allclose(found[..., band], np.log10(abs(strength) + 1e-3), atol=1e-4)
    assert (np.delete(found, band, -1) < found[..., band].min() - 4).all()


def test_lfs_is_a_norm_of_scipys_spectra():
    random = np.random.default_rng(0)
    x = random.uniform(0, 255, (2, 14, 11, 3)).astype("float32")
    layer = LocalFrequencyStatistics(bands=4, window_size=6, stride=2, seed=1)
    found = as_numpy(layer(x))
    filters = as_numpy(layer.filters.value).astype("float64")
    gains = equal_bands(6, 4) + (1 - np.exp(-filters)) / (1 + np.exp(-filters))
    luma = x.astype("float64") @ [0.299, 0.587, 0.114]
    # Windows of 6 every 2 pixels: 4 rows beyond 14, and 5 columns beyond 11.
    padded = np.pad(luma, ((0, 0), (2, 2), (2, 3)), "edge")
    expected = np.empty((2, 7, 6, 4))
    for row, column in np.ndindex(7, 6):
        window = padded[:, 2 * row : 2 * row + 6, 2 * column : 2 * column + 6]
        spectrum = dctn(window, axes=(1, 2), norm="ortho")
        norms = np.abs(spectrum[:, None] * gains).sum((2, 3))
        expected[:, row, column] = np.log10(norms + 1e-3)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_flat_pictures_have_a_number():
    found = as_numpy(LocalFrequencyStatistics()(np.zeros((1, 20, 20, 3), "float32")))
    np.testing.assert_allclose(found, -3, atol=1e-5)


def test_common_checks():
    x = np.random.default_rng(0).uniform(0, 1, (2, 12, 10, 3)).astype("float32")
    check_layer(FrequencyDecomposition(), x, trainable=1)
    check_layer(LocalFrequencyStatistics(seed=0), 255 * x, trainable=1)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: FrequencyDecomposition((0.5, 0.2)), "`shares` must rise"),
        (lambda: FrequencyDecomposition((0.0, 0.2)), "`shares` must rise"),
        (lambda: LocalFrequencyStatistics(bands=20), "diagonals of a window, 19.*bands=20"),
        (lambda: LocalFrequencyStatistics(stride=11), "`stride` must be from 1"),
        (lambda: LocalFrequencyStatistics()(np.zeros((1, 8, 8, 1))), "must have 3 channels"),
    ],
)
def test_wrong_arguments_are_told(make, message):
    with pytest.raises(ValueError, match=message):
        make()
