import io

import numpy as np
import PIL.Image
import pytest
from shards_on_disk import face_crop

from keras_madd.data import resynthesis
from keras_madd.data.resynthesis import resynthesise


@pytest.fixture(scope="module")
def face():
    return face_crop(160)[0]


def _detail(image):
    grey = np.float32(image).mean(-1)
    return np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean()


def test_the_same_face_with_less_detail(face):
    fewer = 0
    for seed in range(80):
        given = resynthesise(face, 107, np.random.default_rng(seed))
        assert given.shape == face.shape
        assert given.dtype == np.uint8
        assert (given != face).any()
        # It is the same picture, in the same place.
        assert np.corrcoef(np.float32(given).ravel(), np.float32(face).ravel())[0, 1] > 0.9
        fewer += _detail(given) < _detail(face)
    assert fewer > 55


@pytest.mark.parametrize("loss", ["_few_pixels", "_blur", "_smooth"])
def test_each_of_these_loses_detail(face, loss):
    for seed in range(10):
        given = getattr(resynthesis, loss)(face, 107, np.random.default_rng(seed))
        assert _detail(given) < _detail(face)


def test_jpeg_knows_red_from_blue(face):
    """Its luma is mostly green, some red and little blue: coarse steps hurt each its own way."""
    red = np.float32(face) * (1.0, 0.4, 0.2)
    red = red.astype("uint8")
    given = resynthesis._jpeg(red, 107, np.random.default_rng(3))
    quality = int(np.random.default_rng(3).integers(25, 86))
    file = io.BytesIO()
    PIL.Image.fromarray(red).save(file, "jpeg", quality=quality)
    np.testing.assert_allclose(given, np.asarray(PIL.Image.open(file)), atol=3)


def test_a_seed_gives_the_same(face):
    first, second = (resynthesise(face, 107, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
