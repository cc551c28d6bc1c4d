import os
import shutil

import numpy as np
import pytest
from edge_videos import portrait, write_video
from PIL import Image

from keras_madd.demo import sample_photo_path
from keras_madd.inference import media
from keras_madd.inference.media import find_media, open_media, read_ahead
from keras_madd.media.images import read_image


def test_what_a_file_holds_decides(tmp_path):
    """Named as something else, or as nothing at all."""
    photo = tmp_path / "photo.mp4"
    shutil.copy(sample_photo_path(), photo)
    video = write_video(tmp_path / "video.jpg", 2)
    plain = write_video(tmp_path / "plain", 2)
    assert open_media(photo).image.shape == (512, 512, 3)
    assert not open_media(photo).is_video
    for path in (video, plain):
        assert open_media(path).is_video
        assert open_media(path).image is None
        assert open_media(path).error is None


def test_an_animation_is_its_first_picture(tmp_path):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert open_media(tmp_path / "a.gif").image[4, 4].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jpg", b"", "the file is empty"),
        ("a.mp4", b"", "the file is empty"),
        ("a.jpg", b"\xff\xd8\xff\xe0 nothing", "the image cannot be read"),
        ("a.png", b"words", "not an image"),
        ("a.mp4", b"words words words", "not a video"),
        ("a.txt", b"words words words", "neither an image nor a video"),
        ("a", b"words words words", "neither an image nor a video"),
        ("a.jpg", None, "no such file"),
        ("a.mp4", None, "no such file"),
    ],
)
def test_bad_files_are_one_line(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    found = open_media(path)
    assert message in found.error
    assert str(path) in found.error
    assert "\n" not in found.error
    assert found.image is None
    assert not found.is_video


def test_a_broken_photograph_and_a_broken_video(tmp_path):
    photo = tmp_path / "half.jpg"
    photo.write_bytes(sample_photo_path().read_bytes()[:5000])
    assert "cannot be read" in open_media(photo).error
    video = write_video(tmp_path / "video.mp4", 2)
    video.write_bytes(video.read_bytes()[:600])
    assert str(video) in open_media(video).error


def test_a_photograph_of_a_telephone_is_told_what_to_do(tmp_path):
    path = tmp_path / "p.heic"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40))
    assert open_media(path).error == f"{path}: HEIC is not read; convert it to JPEG or PNG."
    # As the content says, whatever the name.
    content = write_video(tmp_path / "tiles.mp4", 2).read_bytes()
    for name in ("p.jpg", "p.mp4", "p"):
        path = tmp_path / name
        path.write_bytes(content.replace(b"ftypisom", b"ftypheic"))
        assert open_media(path).error == f"{path}: HEIC is not read; convert it to JPEG or PNG."


def test_a_file_that_goes_away_ends_nothing(tmp_path, monkeypatch):
    paths = [tmp_path / name for name in ("a.jpg", "b.jpg")]
    for path in paths:
        shutil.copy(sample_photo_path(), path)

    def taken(path):
        image = read_image(path)
        if path == paths[0]:
            path.unlink()
        return image

    monkeypatch.setattr(media, "read_image", taken)
    first, second = read_ahead(paths)
    assert first.error == f"{paths[0]}: cannot be read: No such file or directory."
    assert second.error is None


def test_find_media(tmp_path):
    for name in (
        "b.jpg",
        "a.MP4",
        "c.txt",
        ".hidden.mp4",
        "in/d.webm",
        "in/b.jpg.scored.png",
        "e.HEIC",
    ):
        path = tmp_path / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    named = tmp_path / "all" / "c.txt"
    found = list(find_media([named, tmp_path / "all"]))
    names = [path.relative_to(tmp_path / "all").as_posix() for path in found]
    assert names == ["c.txt", "a.MP4", "b.jpg", "e.HEIC", "in/d.webm"]


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_reading_ahead_keeps_the_order(tmp_path, count):
    paths = []
    for number in range(count):
        paths.append(tmp_path / f"{number}.png")
        Image.new("L", (9, 9), 10 * number).save(paths[-1])
    found = list(read_ahead(paths))
    assert [media.path for media in found] == paths
    assert [int(media.image[0, 0, 0]) for media in found] == [10 * i for i in range(count)]


def test_the_written_videos_show_the_portrait(tmp_path):
    from keras_madd.media import VideoReader

    with VideoReader(write_video(tmp_path / "a.mp4", 3, faceless=(1,))) as video:
        first, grey, last = (frame.image.astype(int) for frame in video)
    assert np.abs(first - portrait()).mean() < 6
    assert np.abs(grey - 100).max() < 6
    assert np.abs(last - np.roll(portrait(), 2, axis=1)).mean() < 6


def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "a.mp4")
    for path, kind in ((tmp_path / "a.mp4", "a FIFO"), ("/dev/zero", "a device")):
        assert open_media(path).error == f"{path}: this is {kind}, not a file."


def test_a_folder_that_cannot_be_searched_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert open_media(tmp_path).error.endswith("the folder cannot be read: Permission denied.")
