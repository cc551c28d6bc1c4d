import json
import shutil
from collections import Counter

import dataset_trees as trees
import pytest

from keras_madd.datasets.sources import open_source
from keras_madd.support.errors import UserError


def open_ff(root, **arguments):
    return open_source("faceforensics", root, **arguments)


def test_official_splits_and_pairs(tmp_path):
    videos = {video.name: video for video in open_ff(trees.faceforensics(tmp_path)).videos()}
    assert len(videos) == 12 + 5 * 12
    for split, pairs in trees.FF_PAIRS.items():
        for one, other in pairs:
            assert videos[f"original/c23/{one}"].split == split
            for method in trees.FF_METHODS:
                fake = videos[f"{method}/c23/{one}_{other}"]
                assert (fake.split, fake.source, fake.identity) == (split, one, one)
                assert (fake.label, fake.method) == (1, method)
                assert fake.path.name == f"{one}_{other}.mp4"


@pytest.mark.parametrize("place", ["", "splits", "dataset/splits"])
def test_lists_in_the_tree(tmp_path, place):
    source = open_ff(trees.faceforensics(tmp_path, lists=place))
    assert Counter(video.split for video in source.videos()) == {"train": 36, "val": 12, "test": 24}
    assert source.notes == []


def test_lists_given(tmp_path):
    root = trees.faceforensics(tmp_path / "data", lists=None)
    trees.write_ff_lists(tmp_path / "lists")
    for given in (tmp_path / "lists", tmp_path / "lists" / "test.json"):
        source = open_ff(root, split_files=given)
        counts = Counter(video.split for video in source.videos())
        assert counts == {"train": 36, "val": 12, "test": 24}


def test_without_lists_pairs_stay_together(tmp_path):
    source = open_ff(trees.faceforensics(tmp_path, lists=None))
    splits = {video.source: video.split for video in source.videos()}
    for pairs in trees.FF_PAIRS.values():
        for one, other in pairs:
            assert splits[one] == splits[other]
    assert set(splits.values()) == {"train", "val", "test"}
    assert "dealt out by their numbers" in source.notes[0]


@pytest.mark.parametrize(("asked", "folder"), [("raw", "c0"), ("c0", "raw"), ("c40", "c40")])
def test_compression(tmp_path, asked, folder):
    trees.faceforensics(tmp_path, compressions=("c23", folder))
    videos = open_ff(tmp_path, compression=asked).videos()
    assert len(videos) == 72
    assert all(f"/{folder}/" in str(video.path) for video in videos)


def test_compression_that_is_not_there(tmp_path):
    trees.faceforensics(tmp_path, compressions=("c40",))
    with pytest.raises(UserError, match=r"looked for original_sequences/youtube/c23.*found c40/"):
        open_ff(tmp_path).videos()


def test_methods(tmp_path):
    trees.faceforensics(tmp_path, methods=("Deepfakes", "FaceSwap"))
    source = open_ff(tmp_path)
    assert {video.method for video in source.videos()} == {"real", "Deepfakes", "FaceSwap"}
    absent = ("Face2Face", "NeuralTextures", "FaceShifter")
    assert source.missing == [f"manipulated_sequences/{method}" for method in absent]
    source = open_ff(tmp_path, methods=["faceswap"])
    assert {video.method for video in source.videos()} == {"real", "FaceSwap"}
    assert source.missing == []
    with pytest.raises(UserError, match=r"no method Face2Face.*there are Deepfakes, FaceSwap"):
        open_ff(tmp_path, methods=["Face2Face"]).videos()


def test_missing_by_name(tmp_path):
    trees.faceforensics(tmp_path)
    reals = tmp_path / "original_sequences" / "youtube" / "c23" / "videos"
    fakes = tmp_path / "manipulated_sequences" / "Face2Face" / "c23" / "videos"
    (reals / "071.mp4").unlink()
    (fakes / "054_071.mp4").unlink()
    shutil.rmtree(tmp_path / "manipulated_sequences" / "FaceSwap" / "c23")
    assert sorted(open_ff(tmp_path).missing) == [
        "manipulated_sequences/Face2Face/c23/videos/054_071.mp4",
        "manipulated_sequences/FaceSwap/c23/videos",
        "original_sequences/youtube/c23/videos/071.mp4",
    ]


def test_what_is_in_no_list_is_left_out(tmp_path):
    trees.faceforensics(tmp_path)
    reals = tmp_path / "original_sequences" / "youtube" / "c23" / "videos"
    fakes = tmp_path / "manipulated_sequences" / "Deepfakes" / "c23" / "videos"
    (reals / "999.mp4").touch()
    # Both are listed, but not as a pair: it would tie train and test.
    (fakes / "071_953.mp4").touch()
    source = open_ff(tmp_path)
    assert len(source.videos()) == 72
    assert "2 videos left out" in source.notes[0]


def test_frames_instead_of_videos(tmp_path):
    top = tmp_path / "original_sequences" / "youtube" / "c23" / "images"
    for key in ("071", "054"):
        trees.touch(top / key / "0000.png")
    trees.write_ff_lists(tmp_path, {"train": (("071", "054"),), "val": (), "test": ()})
    videos = open_ff(tmp_path).videos()
    assert [video.path for video in videos] == [top / "054", top / "071"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{}", "expected a JSON list"),
        ("[", "not valid JSON"),
        ('["071"]', "expected pairs"),
        ('[["071"]]', "expected pairs"),
        ('[["071", "abc"]]', "expected pairs"),
        ('[["953", "974"]]', "in the list of another split too"),
    ],
)
def test_malformed_lists(tmp_path, content, message):
    trees.faceforensics(tmp_path)
    (tmp_path / "train.json").write_text(content)
    with pytest.raises(UserError, match=message):
        open_ff(tmp_path).videos()


def test_incomplete_lists(tmp_path):
    trees.faceforensics(tmp_path)
    (tmp_path / "val.json").unlink()
    with pytest.raises(UserError, match=r"there is no val\.json"):
        open_ff(tmp_path).videos()
    trees.write_ff_lists(tmp_path / "lists")
    (tmp_path / "lists" / "test.json").unlink()
    with pytest.raises(UserError, match=r"there is no test\.json; found train\.json, val\.json"):
        open_ff(tmp_path, split_files=tmp_path / "lists").videos()


def test_numbers_in_lists_may_be_numbers(tmp_path):
    trees.faceforensics(tmp_path)
    pairs = [[int(key) for key in pair] for pair in trees.FF_PAIRS["train"]]
    (tmp_path / "train.json").write_text(json.dumps(pairs))
    assert len(open_ff(tmp_path, split="train").videos()) == 36


def test_names_that_are_not_the_data_set_s_are_told(tmp_path):
    root = trees.faceforensics(tmp_path)
    trees.touch(root / "manipulated_sequences/Deepfakes/c23/videos/090_091 (1).mp4")
    trees.touch(root / "original_sequences/youtube/c23/videos/777_c23.mp4")
    source = open_ff(root)
    source.videos()
    told = [note for note in source.notes if "their names are none of this data set's" in note]
    assert len(told) == 2
    assert "1 videos left out, original_sequences/youtube/c23/videos/777_c23.mp4" in told[0]
