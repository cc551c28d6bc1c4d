import numpy as np
import pytest

from keras_madd.demo.people import draw_person
from keras_madd.demo.portrait import SIDE, load_portrait
from keras_madd.demo.synthetic_faces import render_video
from keras_madd.demo.warps import GRID


def person(seed):
    return draw_person(np.random.default_rng(seed))


def test_portrait_is_read_only_and_aligned():
    portrait = load_portrait()
    assert portrait.image.shape == (SIDE, SIDE, 3)
    with pytest.raises(ValueError, match="read-only"):
        portrait.image[0, 0] = 0
    x, y = portrait.landmarks[1, :2].round().astype(int)  # Nose tip.
    assert portrait.skin[y, x] > 0.9
    assert portrait.person[y, x] > 0.9
    assert portrait.hair[y, x] < 0.1
    assert portrait.person[5, 5] == 0


def test_person_follows_from_the_seed():
    first, again, other = person(1), person(1), person(2)
    np.testing.assert_array_equal(first.picture, again.picture)
    np.testing.assert_array_equal(first.shape, again.shape)
    assert first.picture.shape == (SIDE, SIDE, 4)
    assert first.shape.shape == (GRID, GRID, 2)
    assert np.abs(first.picture.astype(int) - other.picture).mean() > 5
    assert np.abs(first.shape - other.shape).max() > 2


def test_people_differ_in_skin_and_hair():
    portrait = load_portrait()
    people = [person(seed) for seed in range(12)]
    for layer in (portrait.skin > 0.9, portrait.hair > 0.9):
        means = np.array([someone.picture[layer, :3].mean() for someone in people])
        assert means.std() > 15
    assert {someone.mirrored for someone in people} == {True, False}


def test_video_moves_and_landmarks_follow():
    someone = person(3)
    video = render_video(someone, np.random.default_rng(0), frames=4, size=160)
    assert video.frames.shape == (4, 160, 160, 3)
    assert video.frames.dtype == np.uint8
    assert video.landmarks.shape == (4, 468, 2)
    assert np.abs(np.diff(video.frames.astype(int), axis=0)).mean() > 1
    right_eye, left_eye = video.landmarks[:, 33, 0], video.landmarks[:, 263, 0]
    assert (left_eye > right_eye).all() != someone.mirrored


def test_landmarks_lie_on_the_face():
    """Pupils are darker than the cheeks below them, wherever the warps put them."""
    darker = 0
    for seed in range(8):
        video = render_video(person(seed), np.random.default_rng(seed), frames=1)
        gray, points = video.frames[0].mean(-1), video.landmarks[0]
        for eye, cheek in (((159, 145), 50), ((386, 374), 280)):
            x, y = points[list(eye)].mean(0).round().astype(int)
            u, v = points[cheek].round().astype(int)
            darker += gray[y - 1 : y + 2, x - 1 : x + 2].mean() < gray[v, u]
    assert darker >= 14
