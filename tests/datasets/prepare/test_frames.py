import cv2
import dataset_trees
import numpy as np
import pytest

from keras_madd.datasets.prepare.frames import FilmFrames, PictureFrames, evenly_spaced, open_frames
from keras_madd.support.errors import UserError


@pytest.mark.parametrize("count", [1, 3, 7, 100, 400])
@pytest.mark.parametrize("total", [1, 5, 300])
def test_evenly_spaced(total, count):
    numbers = evenly_spaced(range(total), count)
    assert len(numbers) == min(count, total)
    assert numbers == sorted(set(numbers))
    # The middle of each of equally long parts of the time line.
    parts = np.arange(len(numbers)) + 0.5
    np.testing.assert_array_equal(numbers, np.floor(parts * total / len(numbers)))


def test_a_film(tmp_path):
    frames = FilmFrames(dataset_trees.write_face_video(tmp_path / "a.mp4", frames=10))
    assert list(frames.numbers()) == list(range(10))
    samples = list(frames.at([2, 5, 9]))
    assert [(s.position, s.number) for s in samples] == [(0, 2), (1, 5), (2, 9)]
    assert {s.image.shape for s in samples} == {(240, 320, 3)}
    assert list(frames.at([])) == []
    assert frames.trouble is None
    frames.close()


def test_a_film_that_is_cut_off(tmp_path):
    path = dataset_trees.write_face_video(tmp_path / "a.mp4", frames=12, cut=0.6)
    frames = FilmFrames(path)
    wanted = evenly_spaced(range(12), 12)
    samples = list(frames.at(wanted))
    assert 0 < len(samples) < 12
    assert all(wanted[s.position] == s.number for s in samples)
    assert frames.trouble
    frames.close()


@pytest.fixture
def pictures(tmp_path):
    """10.png, 9.png and 2.png, of that grey level each, and something else."""
    for level in (10, 9, 2):
        cv2.imwrite(str(tmp_path / f"{level}.png"), np.full((4, 6, 3), level, np.uint8))
    (tmp_path / "notes.txt").write_text("-")
    return tmp_path


def test_a_folder_of_pictures_goes_by_their_numbers(pictures):
    frames = open_frames(pictures, ())
    assert list(frames.numbers()) == [2, 9, 10]
    samples = list(frames.at([9, 10]))
    assert [(s.position, s.number, s.image[0, 0, 0]) for s in samples] == [(0, 9, 9), (1, 10, 10)]


def test_numbers_that_no_shard_can_hold_are_replaced(pictures):
    (pictures / "9.png").rename(pictures / "20230101123456123456.png")
    frames = open_frames(pictures, ())
    assert list(frames.numbers()) == [0, 1, 2]


def test_a_list_of_pictures_in_any_order(pictures):
    frames = open_frames(None, [pictures / "10.png", pictures / "2.png"])
    assert list(frames.numbers()) == [2, 10]


@pytest.mark.parametrize("name", ["frame{}", "frame_{:04d}", "clip01-{}"])
def test_numbers_at_the_end_of_names_count_too(pictures, name):
    for level in (2, 9, 10):
        (pictures / f"{level}.png").rename(pictures / f"{name.format(level)}.png")
    frames = open_frames(pictures, ())
    assert list(frames.numbers()) == [2, 9, 10]
    assert [s.image[0, 0, 0] for s in frames.at([9, 10])] == [9, 10]


@pytest.mark.parametrize("names", [("a", "b2", "c3"), ("a1", "b1", "c2"), ("2a", "9a", "10a")])
def test_names_without_a_number_of_their_own_count_from_0(pictures, names):
    for level, name in zip((2, 9, 10), names, strict=True):
        (pictures / f"{level}.png").rename(pictures / f"{name}.png")
    frames = open_frames(pictures, ())
    assert list(frames.numbers()) == [0, 1, 2]
    assert [s.image[0, 0, 0] for s in frames.at([0, 1, 2])] == [2, 9, 10]


def test_a_number_in_the_name_of_a_photograph_is_no_frame(pictures):
    photo = (pictures / "10.png").rename(pictures / "IMG_10.png")
    assert list(open_frames(None, [photo]).numbers()) == [0]


def test_an_unreadable_picture_is_left_out_and_noted(pictures):
    (pictures / "9.png").write_bytes(b"no picture")
    frames = open_frames(pictures, ())
    assert [s.number for s in frames.at([2, 9, 10])] == [2, 10]
    assert "9.png" in frames.trouble


def test_no_pictures(tmp_path):
    with pytest.raises(UserError, match="no pictures"):
        open_frames(tmp_path, ())
    with pytest.raises(UserError, match="no pictures"):
        PictureFrames([])
