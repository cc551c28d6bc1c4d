import json
import shutil

import dataset_trees as trees
import pytest

from keras_madd.datasets.sources import open_source
from keras_madd.datasets.sources.bench_list import read_name
from keras_madd.support.errors import UserError


def build(root, dataset="FaceForensics++", **arguments):
    return trees.deepfakebench(root, dataset, write=trees.touch, **arguments)


def test_frames_are_sorted_and_cropped(tmp_path):
    videos = open_source("deepfakebench", build(tmp_path)).videos()
    assert len(videos) == 36
    for video in videos:
        assert [int(path.stem) for path in video.frames] == sorted(map(int, trees.FRAMES))
        assert video.pre_cropped
        assert video.path is None
        assert video.dataset == "FaceForensics++"
        assert video.source == video.name.split("/")[-1][:3]
    splits = {video.source: video.split for video in videos}
    assert {s: split for split, pairs in trees.FF_PAIRS.items() for p in pairs for s in p} == splits


def test_test_wins_and_validation_is_dealt_out_of_train(tmp_path):
    source = open_source("deepfakebench", build(tmp_path, "Celeb-DF-v2"))
    videos = source.videos()
    assert len(videos) == 16
    people = {
        split: {video.identity for video in videos if video.split == split}
        for split in ("train", "val", "test")
    }
    assert people["test"] == {"id0", "id1"}
    assert people["train"]
    assert people["val"]
    assert people["train"] | people["val"] == {f"id{number}" for number in range(2, 8)}
    assert not people["train"] & people["val"]


def test_identical_splits_are_dealt_out_by_actor(tmp_path):
    source = open_source("deepfakebench", build(tmp_path, "DeepFakeDetection"))
    people = {}
    for video in source.videos():
        for person in read_name("DFD_fake", video.name.split("/")[-1])[1]:
            assert people.setdefault(person, video.split) == video.split
    assert {(v.split, v.label) for v in source.videos()} == {
        (split, label) for split in ("train", "val", "test") for label in (0, 1)
    }
    assert "the three splits are the same" in " ".join(source.notes)


def test_validation_that_holds_all_of_train_is_not_used(tmp_path):
    root = build(tmp_path, "Celeb-DF-v2")
    file = root / "Celeb-DF-v2.json"
    content = json.loads(file.read_text())
    for splits in content["Celeb-DF-v2"].values():
        for video in splits["test"]:
            del splits["train"][video]
        splits["val"] = splits["train"]
    file.write_text(json.dumps(content))
    videos = open_source("deepfakebench", root).videos()
    train = [video for video in videos if video.split == "train"]
    val = [video for video in videos if video.split == "val"]
    assert len(train) > len(val) > 0
    assert len(train) + len(val) == 12


@pytest.mark.parametrize("prefix", ["./datasets/rgb/", "/home/someone/data/", "datasets\\rgb\\"])
def test_paths_of_another_machine(tmp_path, prefix):
    root = build(tmp_path / "root")
    file = root / "FaceForensics++.json"
    text = file.read_text()
    if "\\" in prefix:
        content = json.loads(text)
        for by_split in content["FaceForensics++"].values():
            for by_compression in by_split.values():
                for video in by_compression["c23"].values():
                    video["frames"] = [prefix + f.replace("/", "\\") for f in video["frames"]]
        file.write_text(json.dumps(content))
    else:
        file.write_text(text.replace('"FaceForensics++/', f'"{prefix}FaceForensics++/'))
    source = open_source("deepfakebench", root)
    assert len(source.videos()) == 36
    assert source.missing == []


def test_frames_beside_the_json(tmp_path):
    build(tmp_path / "rgb", json_folder="../json")
    file = tmp_path / "json" / "FaceForensics++.json"
    for given in (file, file.parent):
        source = open_source("deepfakebench", tmp_path / "rgb", split_files=given)
        assert len(source.videos()) == 36


@pytest.mark.parametrize("place", ["dataset_json", "preprocessing/dataset_json"])
def test_places_of_the_json(tmp_path, place):
    assert len(open_source("deepfakebench", build(tmp_path, json_folder=place)).videos()) == 36


def test_several_lists_have_to_be_chosen_from(tmp_path):
    build(tmp_path)
    build(tmp_path, "Celeb-DF-v2")
    with pytest.raises(UserError, match=r"name one: Celeb-DF-v2\.json, FaceForensics\+\+\.json"):
        open_source("deepfakebench", tmp_path).videos()
    file = tmp_path / "Celeb-DF-v2.json"
    assert len(open_source("deepfakebench", tmp_path, split_files=file).videos()) == 16


def test_missing_frames_and_videos(tmp_path):
    build(tmp_path)
    top = tmp_path / "FaceForensics++" / "original_sequences" / "youtube" / "c23" / "frames"
    (top / "071" / "002.png").unlink()
    shutil.rmtree(top / "054")
    source = open_source("deepfakebench", tmp_path)
    assert sorted(source.missing) == ["FF-real/c23/054", "FF-real/c23/071 (1 of 5 frames)"]
    frames = {video.name: video.frames for video in source.videos()}
    assert len(frames["FF-real/c23/071"]) == 4
    assert "FF-real/c23/054" not in frames


def test_malformed_entries_are_told(tmp_path):
    root = build(tmp_path, "Celeb-DF-v2")
    file = root / "Celeb-DF-v2.json"
    content = json.loads(file.read_text())
    # As the published DFDC list has it: a video's facts in place of the videos.
    content["Celeb-DF-v2"]["CelebDFv2_real"]["val"] = {"label": "x", "frames": ["a.png"]}
    file.write_text(json.dumps(content))
    source = open_source("deepfakebench", root)
    assert "2 entries" in source.notes[0]
    file.write_text('{"a": 1}')
    with pytest.raises(UserError, match="not a list of DeepfakeBench"):
        open_source("deepfakebench", root, split_files=file).videos()


def test_compression_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="no videos in it of c40, only of c23"):
        open_source("deepfakebench", build(tmp_path), compression="c40").videos()


@pytest.mark.parametrize(
    ("method", "name", "expected"),
    [
        ("FF-real", "071", ("071", ("071",), "071")),
        ("FF-DF", "071_054", ("071", ("071",), "071")),
        ("CelebDFv2_fake", "id1_id0_0007", ("id1_0007", ("id1",), "id1")),
        ("CelebDFv2_real", "00170", ("00170", ("00170",), "")),
        ("DFD_fake", "01_02__kiss__ABCDEFGH", ("01__kiss", ("01", "02"), "01")),
        ("DF_fake", "071_M004", ("071", ("071", "M004"), "071")),
        (
            "DF_real",
            "M004_light_up_happy_camera_up",
            ("M004_light_up_happy_camera_up", ("M004",), "M004"),
        ),
        ("DFDCP_FakeA", "1224068_1566037_A_001", ("1224068", ("1224068",), "1224068")),
        ("UADFV_Fake", "0047_fake", ("0047", ("0047",), "")),
        ("DFDC_Fake", "aabbcc", ("aabbcc", ("aabbcc",), "")),
    ],
)
def test_names(method, name, expected):
    assert read_name(method, name) == expected
