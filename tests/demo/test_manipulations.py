import numpy as np
import pytest

from keras_madd.demo import MANIPULATIONS, SEEN, UNSEEN
from keras_madd.demo.people import draw_person
from keras_madd.demo.synthetic_faces import render_video
from keras_madd.faces.landmarks import LIPS, RIGHT_EYE


@pytest.fixture(scope="module")
def videos():
    return [
        render_video(draw_person(np.random.default_rng(seed)), np.random.default_rng(seed), 2)
        for seed in (0, 1)
    ]


def apply(name, videos, seed=0):
    return MANIPULATIONS[name](*videos, np.random.default_rng(seed))


def test_one_is_kept_out():
    assert UNSEEN not in SEEN
    assert len(SEEN) >= 4


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_changes_the_face_and_nothing_else(name, videos):
    originals = videos[0].frames.copy()
    for frame, original, (fake, mask) in zip(
        videos[0].frames, originals, apply(name, videos), strict=True
    ):
        np.testing.assert_array_equal(frame, original)
        assert fake.dtype == np.uint8
        assert mask.min() == 0
        assert 0.9 < mask.max() <= 1
        np.testing.assert_array_equal(fake[mask == 0], original[mask == 0])
        assert 0.02 < (mask > 0).mean() < 0.4
        assert np.abs(fake.astype(int) - original)[mask > 0.5].mean() > 0.8


@pytest.mark.parametrize("name", MANIPULATIONS)
def test_covers_the_mouth_and_follows_the_seed(name, videos):
    first, again, other = (apply(name, videos, seed) for seed in (0, 0, 1))
    for (_, mask), points in zip(first, videos[0].landmarks, strict=True):
        x, y = points[list(LIPS)].mean(0).round().astype(int)
        assert mask[y, x] > 0.8
        u, v = points[list(RIGHT_EYE)].mean(0).round().astype(int)
        assert (mask[v, u] > 0.8) == (name != "mouth_warp")
    np.testing.assert_array_equal(first[0][0], again[0][0])
    assert (first[0][0] != other[0][0]).any()


def test_face_swap_shows_the_donor(videos):
    """Two donors on one target differ more than one donor differs from itself."""
    target, donor = videos
    swapped = apply("face_swap", (target, donor))[0]
    kept = apply("face_swap", (target, target))[0]
    inside = swapped[1] > 0.9
    difference = np.abs(swapped[0].astype(int) - target.frames[0])[inside].mean()
    assert difference > 1.5 * np.abs(kept[0].astype(int) - target.frames[0])[inside].mean()


def test_low_resolution_loses_detail(videos):
    fake, mask = apply("low_resolution", videos)[0]
    inside = mask[:, 1:] > 0.9

    def detail(image):
        return np.abs(np.diff(image.astype(int), axis=1)).mean(-1)[inside].mean()

    assert detail(fake) < 0.8 * detail(videos[0].frames[0])
