import json

import dataset_trees as trees
import pytest

from keras_madd.datasets.sources import open_source
from keras_madd.support.errors import UserError


def test_sets_and_pairs(tmp_path):
    source = open_source("dfdc_preview", trees.dfdc_preview(tmp_path))
    videos = source.videos()
    assert len(videos) == 6 * 2 * 3
    test = {video.identity for video in videos if video.split == "test"}
    val = {video.identity for video in videos if video.split == "val"}
    train = {video.identity for video in videos if video.split == "train"}
    assert test == {"1000", "1001"}
    assert val
    assert not train & val
    assert train | val == {"1002", "1003", "1004", "1005"}
    for video in videos:
        parts = video.path.stem.split("_")
        assert video.source == f"{parts[0]}_{parts[-2]}_{parts[-1]}"
        assert video.method == ("real" if "original" in video.name else video.name[:8])


def test_fake_without_its_real_video_belongs_to_its_person(tmp_path):
    trees.dfdc_preview(tmp_path)
    table = json.loads((tmp_path / "dataset.json").read_text())
    name = "method_A/1002/1003/1002_1003_A_001.mp4"
    other = "method_A/1002/1003/1002_1003_X_009.mp4"
    table[other] = table.pop(name)
    (tmp_path / name).rename(tmp_path / other)
    (tmp_path / "dataset.json").write_text(json.dumps(table))
    videos = {v.name: v for v in open_source("dfdc_preview", tmp_path).videos()}
    assert videos[other[:-4]].source == "1002"
    assert videos[other[:-4]].split == videos["original_videos/1002/1002_A_001"].split


def test_methods_and_missing(tmp_path):
    trees.dfdc_preview(tmp_path)
    (tmp_path / "method_B/1002/1003/1002_1003_A_001.mp4").unlink()
    source = open_source("dfdc_preview", tmp_path)
    assert source.missing == ["method_B/1002/1003/1002_1003_A_001.mp4"]
    source = open_source("dfdc_preview", tmp_path, methods=["method_a"])
    assert {video.method for video in source.videos()} == {"real", "method_A"}


def test_malformed(tmp_path):
    trees.dfdc_preview(tmp_path)
    (tmp_path / "dataset.json").write_text('{"a/b.mp4": {"label": "fake"}}')
    with pytest.raises(UserError, match=r"a/b\.mp4 has no label"):
        open_source("dfdc_preview", tmp_path).videos()
