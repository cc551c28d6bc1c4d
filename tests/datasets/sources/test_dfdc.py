import json
import os
import shutil

import dataset_trees as trees
import pytest

from keras_madd.datasets.sources import open_source
from keras_madd.datasets.sources.dfdc import split_of_part
from keras_madd.support.errors import UserError


def test_split_by_part():
    splits = [split_of_part(part) for part in range(50)]
    assert splits == 35 * ["train"] + 5 * ["val"] + 10 * ["test"]


@pytest.mark.parametrize("inside", ["", "train", "downloads/parts"])
def test_parts(tmp_path, inside):
    root = trees.dfdc(tmp_path, parts=(0, 34, 35, 39, 40, 49), inside=inside)
    videos = open_source("dfdc", root).videos()
    assert len(videos) == 6 * 6
    for video in videos:
        part = int(video.name[5:7])
        assert video.split == split_of_part(part)
        assert video.label == int("fake" in video.path.stem)
        assert video.source == video.path.stem[:7]


def test_part_in_a_folder_of_its_archive(tmp_path):
    trees.dfdc(tmp_path, parts=(36,), inside="dfdc_train_part_36")
    assert {video.split for video in open_source("dfdc", tmp_path).videos()} == {"val"}


def test_root_is_one_part(tmp_path):
    trees.dfdc(tmp_path, parts=(41,))
    videos = open_source("dfdc", tmp_path / "dfdc_train_part_41").videos()
    assert {video.split for video in videos} == {"test"}
    assert {video.name[:8] for video in videos} == {"part_41/"}


def test_folder_without_a_number_is_dealt_out(tmp_path):
    trees.dfdc(tmp_path, parts=range(8))
    entries = {}
    sample = tmp_path / "train_sample_videos"
    for part in range(8):
        folder = tmp_path / f"dfdc_train_part_{part}"
        entries |= json.loads((folder / "metadata.json").read_text())
        for path in folder.glob("*.mp4"):
            sample.mkdir(exist_ok=True)
            path.rename(sample / path.name)
        (folder / "metadata.json").unlink()
    (sample / "metadata.json").write_text(json.dumps(entries))
    source = open_source("dfdc", tmp_path)
    assert len(source.videos()) == 48
    assert {video.split for video in source.videos()} == {"train", "val", "test"}
    assert "no part number" in source.notes[0]


@pytest.mark.parametrize("videos", ["", "videos", "test_videos"])
def test_test_set(tmp_path, videos):
    source = open_source("dfdc", trees.dfdc_test(tmp_path, videos=videos))
    assert [(video.name, video.label, video.split) for video in source.videos()] == [
        (f"test/test{number:03d}", number % 2, "test") for number in range(6)
    ]


def test_validation_set(tmp_path):
    trees.dfdc_test(trees.dfdc(tmp_path, parts=(0,)))
    validation = tmp_path / "validation"
    validation.mkdir()
    for number in range(6):
        (validation / f"val{number}.mp4").touch()
    rows = [f"val{number}.mp4,{number % 2}" for number in range(6)]
    (validation / "labels.csv").write_text("\n".join(["filename,label", *rows]))
    splits = [video.split for video in open_source("dfdc", tmp_path).videos()]
    assert splits.count("val") == splits.count("test") == splits.count("train") == 6


def test_a_list_in_the_root_hides_no_part(tmp_path):
    trees.dfdc_test(trees.dfdc(tmp_path, parts=(0, 36)), videos="test_videos")
    for path in (tmp_path / "test").iterdir():
        path.rename(tmp_path / path.name)
    source = open_source("dfdc", tmp_path)
    splits = [video.split for video in source.videos()]
    assert splits.count("val") == splits.count("test") == splits.count("train") == 6
    assert source.missing == []


def test_a_sample_of_a_part_is_left_out(tmp_path):
    trees.dfdc(tmp_path, parts=(0, 36))
    whole = {video.name: video.split for video in open_source("dfdc", tmp_path).videos()}
    shutil.copytree(tmp_path / "dfdc_train_part_0", tmp_path / "a_sample")
    source = open_source("dfdc", tmp_path)
    assert {video.name: video.split for video in source.videos()} == whole
    assert any("in a part with a number too" in note for note in source.notes)


def test_missing_and_unlisted(tmp_path):
    trees.dfdc_test(trees.dfdc(tmp_path))
    (tmp_path / "dfdc_train_part_7" / "real07a.mp4").unlink()
    (tmp_path / "test" / "test004.mp4").unlink()
    (tmp_path / "dfdc_train_part_0" / "stranger.mp4").touch()
    source = open_source("dfdc", tmp_path)
    assert sorted(source.missing) == ["dfdc_train_part_7/real07a.mp4", "test/test004.mp4"]
    assert "1 videos left out, stranger for one" in source.notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", "expected a JSON dict"),
        ('{"a.mp4": {"label": "MAYBE"}}', "a.mp4 has no label REAL or FAKE"),
        ('{"a.mp4": 1}', "a.mp4 has no label"),
    ],
)
def test_malformed_metadata(tmp_path, content, message):
    trees.dfdc(tmp_path)
    (tmp_path / "dfdc_train_part_0" / "metadata.json").write_text(content)
    with pytest.raises(UserError, match=message):
        open_source("dfdc", tmp_path).videos()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,label\n", "there is no column filename. Received: name, label"),
        ("filename,label\na.mp4,2\n", "the label of a.mp4 is '2'"),
        ("filename,label\na.mp4\n", "the label of a.mp4 is ''"),
        ('filename,label\na.mp4,"0\nb.mp4,1\n', "labels.csv: line 2 is not valid CSV"),
    ],
)
def test_malformed_labels(tmp_path, content, message):
    trees.dfdc_test(tmp_path)
    (tmp_path / "test" / "labels.csv").write_text(content)
    with pytest.raises(UserError, match=message):
        open_source("dfdc", tmp_path).videos()


@pytest.mark.parametrize("inside", ["", "videos"])
def test_a_part_without_its_metadata_is_missing(tmp_path, inside):
    root = trees.dfdc(tmp_path, parts=(0, 40))
    trees.touch(root / "dfdc_train_part_1" / inside / "aaa.mp4")
    trees.touch(root / "others" / "bbb.mp4")
    source = open_source("dfdc", root)
    assert len(source.videos()) == 2 * 6
    assert source.missing == ["dfdc_train_part_1/metadata.json"]


def test_a_folder_that_cannot_be_read_does_not_hide_the_others(tmp_path, monkeypatch):
    root = trees.dfdc(tmp_path, parts=(0, 40))
    (root / "lost+found").mkdir()
    scandir = os.scandir

    def refuse(path):
        if "lost+found" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    source = open_source("dfdc", root)
    assert len(source.videos()) == 2 * 6
    assert [name for name in source.missing if "lost+found" in name]
    with pytest.raises(UserError, match="does not look like celebdf"):
        open_source("celebdf_v2", root).videos()
