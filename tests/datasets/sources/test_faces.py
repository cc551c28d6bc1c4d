import pytest

from keras_madd.datasets.sources.faces import Faces
from keras_madd.support.errors import UserError


def _touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def test_every_photograph_and_video_is_one(tmp_path):
    root = _touch(tmp_path, "anna/1.jpg", "anna/deep/2.PNG", "ben/film.mp4", "solo.jpeg", "t.txt")
    _touch(root, ".hidden/3.jpg", "anna/.4.jpg")
    videos = {video.name: video for video in Faces(root).videos()}
    assert set(videos) == {"anna/1.jpg", "anna/deep/2.PNG", "ben/film.mp4", "solo.jpeg"}
    assert videos["anna/1.jpg"].frames == (root / "anna" / "1.jpg",)
    assert videos["ben/film.mp4"].path == root / "ben" / "film.mp4"
    assert videos["ben/film.mp4"].frames == ()
    assert {video.label for video in videos.values()} == {0}
    assert {video.identity for video in videos.values()} == {"anna", "ben", "solo.jpeg"}
    assert all(video.source == name for name, video in videos.items())


def test_people_are_not_split(tmp_path):
    root = _touch(tmp_path, *(f"p{person}/{n}.jpg" for person in range(30) for n in range(3)))
    source = Faces(root)
    splits = {}
    for video in source.videos():
        splits.setdefault(video.identity, set()).add(video.split)
    assert all(len(found) == 1 for found in splits.values())
    validation = sum(found == {"val"} for found in splits.values())
    assert 3 <= validation <= 7
    assert source.notes[0].startswith(f"{validation} of 30 people")
    again = {video.name: video.split for video in Faces(root).videos()}
    assert again == {video.name: video.split for video in source.videos()}


def test_two_photographs_are_enough(tmp_path):
    videos = Faces(_touch(tmp_path, "a.jpg", "b.jpg")).videos()
    assert {video.split for video in videos} == {"train", "val"}


def test_nothing_to_keep_apart(tmp_path):
    with pytest.raises(UserError, match="everything lies in one folder, anna"):
        Faces(_touch(tmp_path, "anna/1.jpg", "anna/2.jpg")).videos()


def test_no_faces(tmp_path):
    with pytest.raises(UserError, match="does not look like faces"):
        Faces(_touch(tmp_path, "readme.txt")).videos()
