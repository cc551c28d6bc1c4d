import errno
import os

import dataset_trees
import pytest

from keras_madd.data.shards import CropRecord
from keras_madd.data.tfrecord import iterate_records
from keras_madd.datasets.prepare.group import Group, prepare_group, read_piece
from keras_madd.datasets.prepare.video_crops import VideoCropper

PIECE = "test-00000.000000"


@pytest.fixture
def group(tmp_path, source_video):
    """A real video, a fake of it, and an empty file."""
    paths = [tmp_path / f"{name}.mp4" for name in ("071", "071_054", "071_empty")]
    dataset_trees.write_face_video(paths[0], 3)
    dataset_trees.write_face_video(paths[1], 3, fake=True)
    paths[2].write_bytes(b"")
    videos = [source_video(p, source="071", label=int(n > 0)) for n, p in enumerate(paths)]
    return Group(PIECE, tuple(enumerate(videos, start=5)))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pieces").mkdir()
    return tmp_path / "pieces"


@pytest.fixture
def cropper(small):
    with VideoCropper(small()) as cropper:
        yield cropper


def test_a_piece_and_its_lines(group, folder, cropper):
    events = []
    prepare_group(group, cropper, folder, events.append)
    info, lines = read_piece(folder, PIECE)
    records = [CropRecord.from_bytes(r) for r in iterate_records(folder / info.name)]
    assert [(r.position, r.video) for r in records] == [
        (position, video) for position in range(3) for video in ("071", "071_054")
    ]
    assert [number for number, _ in lines] == [5, 6, 7]
    assert [line["status"] for _, line in lines] == ["ok", "ok", "failed"]
    assert lines[2][1] | {"detail": ""} == {
        "video": "071_empty",
        "dataset": "folder",
        "split": "test",
        "label": 1,
        "method": "real",
        "source": "071",
        "identity": "",
        "status": "failed",
        "reason": "empty",
        "detail": "",
        "crops": 0,
    }
    assert [event.get("start", event.get("number")) for event in events] == [5, 5, 6, 6, 7, 7]
    assert [event["line"] for event in events[1::2]] == [line for _, line in lines]


def test_real_boxes_reach_the_fakes(group, folder, small):
    with VideoCropper(small(real_boxes=True)) as cropper:
        prepare_group(group, cropper, folder)
    lines = dict(read_piece(folder, PIECE)[1])
    assert [lines[number]["boxes"] for number in (5, 6)] == ["own", "real"]


def test_without_a_real_video_fakes_have_their_own_boxes(group, folder, small):
    fakes = Group(PIECE, group.videos[1:])
    with VideoCropper(small(real_boxes=True)) as cropper:
        prepare_group(fakes, cropper, folder)
    assert dict(read_piece(folder, PIECE)[1])[6]["boxes"] == "own"


def test_videos_that_crash_are_left_out(group, folder, cropper):
    prepare_group(group, cropper, folder, crashed={5: "signal SIGSEGV"})
    lines = dict(read_piece(folder, PIECE)[1])
    assert lines[5]["reason"] == "crashed"
    assert "SIGSEGV" in lines[5]["detail"]
    assert lines[6]["status"] == "ok"


def test_an_unforeseen_error_is_one_video_s(group, folder, cropper, monkeypatch):
    crop = cropper.crop

    def failing(video, real_boxes):
        if video.name == "071":
            raise MemoryError("too large")
        return crop(video, real_boxes)

    monkeypatch.setattr(cropper, "crop", failing)
    prepare_group(group, cropper, folder)
    lines = dict(read_piece(folder, PIECE)[1])
    assert (lines[5]["reason"], lines[5]["detail"]) == ("error", "MemoryError: too large")
    assert lines[6]["status"] == "ok"


@pytest.mark.parametrize("after", [0, 1])
def test_a_full_disk_leaves_nothing(group, folder, cropper, monkeypatch, after):
    """The disk is full when the records are written, or just after that."""
    calls = []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) > after:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    if after:
        monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        prepare_group(group, cropper, folder)
    assert read_piece(folder, PIECE) is None
    assert [path.name for path in folder.iterdir()] == [f"{PIECE}.tfrecord"] * after


def test_a_piece_cut_off_counts_as_none(group, folder, cropper):
    assert read_piece(folder, PIECE) is None
    prepare_group(group, cropper, folder)
    with (folder / f"{PIECE}.tfrecord").open("ab") as file:
        file.truncate(100)
    assert read_piece(folder, PIECE) is None
