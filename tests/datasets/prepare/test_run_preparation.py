import io
import json
import os
import shutil
from collections import Counter
from pathlib import Path

import dataset_trees
import numpy as np
import pytest
from PIL import Image

from keras_madd.data.shards import load_dataset_json, read_records, shard_files, verify_shards
from keras_madd.datasets.prepare import PrepareSettings, prepare
from keras_madd.support.errors import UserError


def manifest(folder):
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    return {line["video"]: line for line in map(json.loads, lines)}


@pytest.fixture(scope="module")
def odd_shards(odd_tree, tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd-shards") / "shards"
    settings = PrepareSettings(
        "faceforensics", frames_per_video=3, size=48, videos_per_shard=4, real_boxes=True
    )
    prepare(odd_tree, folder, settings, workers=2)
    return folder


class TestOddTree:
    def test_failures_are_named_with_their_reasons(self, odd_shards):
        failed = {
            name: line["reason"]
            for name, line in manifest(odd_shards).items()
            if line["status"] == "failed"
        }
        assert sorted((Path(name).name, reason) for name, reason in failed.items()) == [
            ("081", "faceless"),
            ("081_087", "faceless"),
            ("081_087", "faceless"),
            ("672_720", "unreadable"),
            ("720", "empty"),
        ]
        assert load_dataset_json(odd_shards).failures == {
            "faceless": 3,
            "empty": 1,
            "unreadable": 1,
        }
        for line in manifest(odd_shards).values():
            assert (line["shard"] is None) == (line["status"] == "failed")

    def test_every_video_is_in_the_manifest_and_in_its_split(self, odd_shards):
        splits = {
            ("071", "054", "087", "081"): "train",
            ("720", "672"): "val",
            ("953", "974"): "test",
        }
        expected = {source: split for sources, split in splits.items() for source in sources}
        lines = manifest(odd_shards)
        assert len(lines) == 24
        assert list(lines) == sorted(lines)
        for name, line in lines.items():
            assert line["source"] == Path(name).name[:3]
            assert line["split"] == expected[line["source"]]
            assert line["label"] == int("_" in Path(name).name)

    def test_records_agree_with_manifest_and_description(self, odd_shards):
        records = list(read_records(odd_shards))
        lines, description = manifest(odd_shards), load_dataset_json(odd_shards)
        crops = Counter(record.video for record in records)
        assert crops == {name: line["crops"] for name, line in lines.items() if line["crops"]}
        for split in ("train", "val", "test"):
            for label, kind in enumerate(("real", "fake")):
                mine = [r for r in records if (r.split, r.label) == (split, label)]
                assert description.counts[split][kind] == {
                    "videos": len({r.video for r in mine}),
                    "crops": len(mine),
                }
        for record in records:
            assert record.split in lines[record.video]["shard"]
        assert description.methods == ("Deepfakes", "NeuralTextures")
        assert description.compression == "c23"
        assert verify_shards(odd_shards) == len(records)

    def test_a_source_is_whole_and_in_order(self, odd_shards):
        shard_of = {}
        for path in shard_files(odd_shards):
            records = [r for r in read_records(odd_shards) if r.split in path.name]
            keys = [record.order for record in records]
            assert len(set(keys)) == len(keys)
        for line in manifest(odd_shards).values():
            if line["shard"]:
                assert shard_of.setdefault(line["source"], line["shard"]) == line["shard"]

    def test_fakes_are_cut_like_their_real_videos(self, odd_shards):
        records = list(read_records(odd_shards))
        lines = manifest(odd_shards)
        reals = {(r.source, r.frame): r.box for r in records if r.label == 0}
        taken = [r for r in records if lines[r.video]["boxes"] == "real"]
        # 953 and 087 have another size than their fakes, 720 and 081 no faces.
        assert {r.source for r in taken} == {"071", "054", "672", "974"}
        assert {line["boxes"] for line in lines.values() if line["source"] == "953"} == {"own"}
        assert all(r.box == reals[r.source, r.frame] for r in taken)

    def test_a_broken_tail_is_used_and_noted(self, odd_shards):
        line = next(line for name, line in manifest(odd_shards).items() if name.endswith("/054"))
        assert line["crops"] > 0
        assert line["trouble"]

    def test_tensorflow_reads_what_was_written_without_it(self, odd_shards):
        tf = pytest.importorskip("tensorflow")
        from keras_madd.data.shards import parse_example

        files = [str(path) for path in shard_files(odd_shards, "train")]
        parsed = tf.data.TFRecordDataset(files).map(parse_example)
        mine = list(read_records(odd_shards, "train"))
        for theirs, record in zip(parsed, mine, strict=True):
            assert theirs["image"].numpy() == record.image
            assert tf.io.decode_jpeg(theirs["image"]).shape == (55, 55, 3)


def test_every_number_of_workers_gives_the_same(plain_tree, tmp_path, small, finished, content):
    prepare(plain_tree, tmp_path / "two", small(), workers=2)
    assert content(tmp_path / "two") == content(finished)


def test_a_finished_folder_stays_as_it_is(plain_tree, finished, tmp_path, small, content):
    copy = shutil.copytree(finished, tmp_path / "copy")
    result = prepare(plain_tree, copy, small())
    assert result.complete_before
    assert content(copy) == content(finished)


def test_progress_counts_videos(plain_tree, tmp_path, small):
    calls = []
    prepare(
        plain_tree,
        tmp_path / "a",
        small(limit=4),
        progress=lambda done, total, note: calls.append((done, total, note)),
    )
    assert [call[:2] for call in calls] == [(number, 4) for number in range(1, 5)]
    assert "videos/s" in calls[-1][2]
    assert "faces/s" in calls[-1][2]


class TestFailures:
    @pytest.fixture
    def bad_tree(self, plain_tree, tmp_path):
        """Three of the twenty videos are no videos."""
        root = shutil.copytree(plain_tree, tmp_path / "bad")
        for path in sorted(root.rglob("*.mp4"))[:3]:
            path.write_text("no video")
        return root

    @pytest.mark.parametrize("limit", ["2", "14%"])
    def test_too_many_stop_the_run_and_more_let_it_go_on(
        self, bad_tree, tmp_path, small, limit, content
    ):
        folder = tmp_path / "shards"
        with pytest.raises(UserError, match=r"3 of 20 videos failed \(3 unreadable\)"):
            prepare(bad_tree, folder, small(), max_failures=limit)
        assert not (folder / "dataset.json").exists()
        result = prepare(bad_tree, folder, small(), max_failures="15%")
        assert result.description.failures == {"unreadable": 3}
        prepare(bad_tree, tmp_path / "at-once", small(), max_failures="3")
        assert content(folder) == content(tmp_path / "at-once")

    def test_they_can_be_tried_again(
        self, bad_tree, plain_tree, tmp_path, small, finished, content
    ):
        folder = tmp_path / "shards"
        prepare(bad_tree, folder, small())
        shutil.copytree(plain_tree, bad_tree, dirs_exist_ok=True)
        assert prepare(bad_tree, folder, small()).complete_before
        result = prepare(bad_tree, folder, small(), retry_failed=True)
        assert not result.complete_before
        assert result.videos < 20
        assert content(folder) == content(finished)

    @pytest.mark.parametrize("text", ["many", "-1", "1.5", "3 %x"])
    def test_a_limit_that_is_none(self, plain_tree, tmp_path, small, text):
        with pytest.raises(ValueError, match="`max_failures` must be"):
            prepare(plain_tree, tmp_path / "a", small(), max_failures=text)

    def test_not_one_face(self, tmp_path, small):
        for name in ("real/a.mp4", "fake/b.mp4"):
            dataset_trees.write_face_video(tmp_path / "root" / "test" / name, face=False)
        with pytest.raises(UserError, match="Not one face"):
            prepare(tmp_path / "root", tmp_path / "shards", small())
        assert not (tmp_path / "shards" / "dataset.json").exists()


def test_names_that_are_no_unicode_can_be_read_back(plain_tree, tmp_path, small):
    """A Latin-1 name, as an old archive has it, in a method's folder and in a note."""
    root = tmp_path / "tree"
    for video in sorted((plain_tree / "val").rglob("*.mp4")):
        method = b"M\xe9thode" if "fake" in video.parts else b""
        kind = os.fsencode(root) + (b"/fake/" if method else b"/real/")
        folder = os.path.join(kind, method)
        os.makedirs(folder, exist_ok=True)
        shutil.copy(os.fsencode(video), folder)
    prepare(root, tmp_path / "shards", small())
    description = load_dataset_json(tmp_path / "shards")
    assert description.methods == ("M\\udce9thode",)
    assert {record.method for record in read_records(tmp_path / "shards", "train")} <= {
        "real",
        *description.methods,
    }


def test_number_of_workers_is_checked(plain_tree, tmp_path, small):
    with pytest.raises(ValueError, match=r"`workers` must be at least 1\. Received: workers=0"):
        prepare(plain_tree, tmp_path / "a", small(), workers=0)


@pytest.mark.parametrize(
    "dataset",
    ["celebdf_v1", "celebdf_v2", "deeperforensics", "dfd", "dfdc", "dfdc_preview"],
)
def test_every_data_set_of_videos(dataset, tmp_path):
    """From the layout as downloaded to records; which video is in which split is tested there."""
    build = getattr(dataset_trees, dataset.removesuffix("_v1").removesuffix("_v2"))

    def write(path, source, label):
        dataset_trees.write_face_video(path, 0, (160, 160), 3, fake=bool(label))

    root = build(tmp_path / "root", write)
    settings = PrepareSettings(dataset, frames_per_video=1, size=32, limit=6)
    result = prepare(root, tmp_path / "shards", settings)
    records = list(read_records(tmp_path / "shards"))
    assert {record.dataset for record in records} == {dataset}
    lines = manifest(tmp_path / "shards")
    assert len(lines) == len(result.plan.videos) >= 6
    assert {record.video for record in records} == {n for n, x in lines.items() if x["crops"]}
    assert {record.split for record in records} == {line["split"] for line in lines.values()}
    assert {record.label for record in records} == {0, 1}


def test_deepfakebench_is_only_resized(tmp_path):
    root = dataset_trees.deepfakebench(tmp_path / "root")
    settings = PrepareSettings("deepfakebench", frames_per_video=3, size=32, image_format="png")
    result = prepare(root, tmp_path / "shards", settings)
    description = result.description
    assert (description.detector, description.context) == ("none", 1.0)
    assert description.parameters["pre_cropped"]
    assert description.failures == {}
    records = list(read_records(tmp_path / "shards"))
    assert {record.box for record in records} == {(0, 0, 96, 96)}
    # The frames of each video are 000, 002, 010, 021 and 105.
    frames = [record.frame for record in records if record.video == records[0].video]
    assert frames == [0, 10, 105]
    record = records[0]
    with Image.open(io.BytesIO(record.image)) as picture:
        assert picture.size == (32, 32)
        stored = np.asarray(picture)
    (path,) = [
        path
        for video in result.plan.videos
        if video.name == record.video
        for path in video.frames
        if path.stem == "000"
    ]
    with Image.open(path) as picture:
        original = np.asarray(picture.convert("RGB"))
    # A third of the side: plain means of 3 x 3.
    means = original.reshape(32, 3, 32, 3, 3).mean((1, 3))
    np.testing.assert_array_equal(stored, np.floor(means + 0.5))
