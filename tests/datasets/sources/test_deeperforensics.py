import dataset_trees as trees
import pytest

from keras_madd.datasets.sources import open_source
from keras_madd.support.errors import UserError


def test_lists_variants_and_reals(tmp_path):
    source = open_source("deeperforensics", trees.deeperforensics(tmp_path / "root"))
    videos = source.videos()
    assert {video.method for video in videos} == {"real", "end_to_end", "reenact_postprocess"}
    for split, pairs in trees.FF_PAIRS.items():
        targets = {target for pair in pairs for target in pair}
        for method in ("real", "end_to_end", "reenact_postprocess"):
            found = {v.source for v in videos if v.split == split and v.method == method}
            assert found == targets
    assert source.missing == []


def test_reals_beside(tmp_path):
    trees.deeperforensics(tmp_path / "DeeperForensics-1.0", reals=False)
    trees.faceforensics(tmp_path / "FaceForensics++", methods=())
    source = open_source("deeperforensics", tmp_path / "DeeperForensics-1.0")
    reals = [video for video in source.videos() if not video.label]
    assert len(reals) == 12
    assert "FaceForensics++" in source.notes[0]


def test_without_reals_they_are_missing_by_name(tmp_path):
    source = open_source("deeperforensics", trees.deeperforensics(tmp_path / "root", reals=False))
    assert {video.label for video in source.videos()} == {1}
    assert "original_sequences/youtube/c23/videos/071.mp4" in source.missing
    assert len(source.missing) == 12


def test_variant_by_name(tmp_path):
    trees.deeperforensics(tmp_path / "root")
    (tmp_path / "root/manipulated_videos/end_to_end/071_M004.mp4").unlink()
    source = open_source("deeperforensics", tmp_path / "root", methods=["end_to_end"])
    assert {video.method for video in source.videos()} == {"real", "end_to_end"}
    assert source.missing == ["manipulated_videos/end_to_end/071_M004.mp4"]


def test_without_lists_no_actor_is_in_two_splits(tmp_path):
    root = trees.deeperforensics(tmp_path / "root")
    for split in ("train", "val", "test"):
        (root / "lists" / "splits" / f"{split}.txt").unlink()
    source = open_source("deeperforensics", root)
    actors = {}
    for video in source.videos():
        if video.label:
            actor = video.path.stem.split("_")[1]
            assert actors.setdefault(actor, video.split) == video.split
    assert set(actors.values()) == {"train", "val", "test"}
    assert "dealt out by actor" in source.notes[0]


def test_lists_incomplete_or_malformed(tmp_path):
    root = trees.deeperforensics(tmp_path / "root")
    (root / "lists" / "splits" / "val.txt").write_text("holiday.mp4\n")
    with pytest.raises(UserError, match="expected names such as 071_M004"):
        open_source("deeperforensics", root).videos()
    (root / "lists" / "splits" / "val.txt").unlink()
    with pytest.raises(UserError, match=r"lists/splits: there is no val\.txt"):
        open_source("deeperforensics", root).videos()
