import numpy as np
import pytest
from shards_on_disk import face_crop

from keras_madd.data.footage import Footage, Take


@pytest.fixture(scope="module")
def takes():
    return [Footage().draw((7, number), 292) for number in range(2000)]


def test_faces_are_as_large_as_in_videos_and_never_enlarged(takes):
    sides = np.array([292 * take.scale for take in takes])
    assert 80 <= sides.min() < 82
    assert sides.max() == 292
    # Uniform in the logarithm.
    assert abs(np.median(sides) / np.sqrt(80 * 300) - 1) < 0.05
    assert Footage().draw(0, 60).scale == 1


def test_chances_and_ranges(takes):
    settings = Footage()
    for name, chance, (low, high) in (
        ("camera_crf", settings.camera, settings.camera_crf),
        ("crf", settings.h264, settings.crf),
    ):
        values = [getattr(take, name) for take in takes]
        found = [value for value in values if value is not None]
        assert abs(len(found) / len(values) - chance) < 0.04
        assert set(found) == set(range(low, high + 1))
    noise = np.array([take.noise for take in takes])
    assert abs((noise > 0).mean() - settings.noise) < 0.04
    assert noise.max() <= settings.largest_noise
    assert {take.frames for take in takes} == {1, 2, 3}
    motions = np.array([take.motion for take in takes])
    assert np.abs(motions).max() <= settings.motion
    assert (np.abs(motions.mean(0)) < 0.05).all()


def test_a_seed_gives_the_same_take():
    assert Footage().draw((1, 2), 200) == Footage().draw((1, 2), 200)
    assert Footage().draw((1, 2), 200) != Footage().draw((1, 3), 200)


def test_what_does_not_happen_changes_nothing_else():
    without = Footage(noise=0.0, h264=0.0)
    for number in range(50):
        take, other = Footage().draw(number, 292), without.draw(number, 292)
        assert (take.scale, take.camera_crf, take.frames) == (
            other.scale,
            other.camera_crf,
            other.frames,
        )
        assert other.crf is None
        assert other.noise == 0


def test_an_empty_take_does_nothing():
    image, points = face_crop(96)
    take = Take()
    assert take.publish(take.film(image)) is image
    assert take.points(points) is points


def test_points_go_with_the_picture():
    """A bright square is found where its corners are said to be."""
    image = np.zeros((200, 200, 3), np.uint8)
    image[80:120, 40:60] = 255
    take = Take(scale=0.5)
    rows, columns = np.nonzero(take.film(image)[..., 0])
    corners = take.points(np.array([[39.5, 79.5], [59.5, 119.5]]))
    np.testing.assert_allclose(corners, [[19.5, 39.5], [29.5, 59.5]])
    assert (rows.min() - 0.5, rows.max() + 0.5) == (39.5, 59.5)
    assert (columns.min() - 0.5, columns.max() + 0.5) == (19.5, 29.5)


def test_noise_is_as_strong_as_told_and_shared():
    flat = np.full((128, 128, 3), 128, np.uint8)
    take = Take(noise=4.0, noise_seed=3)
    noisy = take.film(flat)
    assert abs(noisy.std() - 4) < 0.2
    np.testing.assert_array_equal(noisy, take.film(flat))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"faces": (300, 80)}, "`faces` must be two numbers"),
        ({"crf": (18, 60)}, "`crf` must be two numbers from 0 to 51"),
        ({"frames": 0}, "`frames` must be at least 1"),
        ({"noise": 2.0}, "`noise` must be between 0 and 1. Received: noise=2.0"),
        ({"camera": 5}, "`camera` must be between 0 and 1"),
        ({"h264": -1}, "`h264` must be between 0 and 1"),
        ({"largest_noise": -3}, "`largest_noise` must be between 0 and 255"),
        ({"motion": -1}, "`motion` must be between 0 and 64"),
        ({"motion": np.nan}, "`motion` must be between 0 and 64"),
    ],
)
def test_settings_that_cannot_be(arguments, words):
    with pytest.raises(ValueError, match=words):
        Footage(**arguments)
