import dataclasses
import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest

from keras_madd.data import shards
from keras_madd.data.shards import (
    CropRecord,
    ShardInfo,
    ShardsDescription,
    load_dataset_json,
    read_records,
    save_dataset_json,
    shard_files,
    verify_shards,
    write_shard,
)
from keras_madd.support.errors import UserError


def record(**changes):
    values = {
        "image": b"\xff\xd8 not really a picture \x00",
        "label": 1,
        "method": "Deepfakes",
        "dataset": "faceforensics",
        "video": "Deepfakes/c23/071_054",
        "source": "071",
        "identity": "Zoë",
        "split": "train",
        "frame": 17,
        "position": 3,
        "track": 0,
        "box": (-4, 12, 130, 131),
        "margin": 1.495,
        "landmarks": np.float32([[1.5, -2.25], [300, 4]]),
    }
    return CropRecord(**(values | changes))


def described(folder, infos):
    description = ShardsDescription(
        dataset="faceforensics",
        size=380,
        margin=1.3,
        context=1.15,
        detector="auto",
        frames_per_video=32,
        image_format="jpeg",
        compression="c23",
        methods=("Deepfakes",),
        counts={},
        failures={"faceless": 1},
        seed=0,
        versions={"keras_madd": "0"},
        shards=tuple(infos),
    )
    save_dataset_json(folder, description)
    return description


@pytest.fixture
def folder(tmp_path):
    """Two train shards of three and one records, one test shard of one."""
    first = [record(position=position) for position in range(3)]
    infos = [
        write_shard(tmp_path / "train-00000.tfrecord", first),
        write_shard(tmp_path / "train-00001.tfrecord", [record(source="072")]),
        write_shard(tmp_path / "test-00000.tfrecord", [record(split="test")]),
    ]
    described(tmp_path, infos)
    return tmp_path


def assert_equal(one, other):
    for field in dataclasses.fields(CropRecord):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if field.name == "landmarks":
            np.testing.assert_array_equal(a, b)
        elif field.name == "margin":
            assert b == np.float32(a)
        else:
            assert a == b


@pytest.mark.parametrize("changes", [{}, {"landmarks": np.zeros((0, 2)), "identity": ""}])
def test_a_record_comes_back(changes):
    before = record(**changes)
    after = CropRecord.from_bytes(before.to_bytes())
    assert_equal(before, after)
    assert after.landmarks.shape == np.shape(before.landmarks)


def test_what_was_written_is_read(folder):
    assert [(r.source, r.position) for r in read_records(folder, "train")] == [
        ("071", 0),
        ("071", 1),
        ("071", 2),
        ("072", 3),
    ]
    assert [r.split for r in read_records(folder)] == ["train"] * 4 + ["test"]
    assert verify_shards(folder) == 5
    assert [path.name for path in shard_files(folder, "test")] == ["test-00000.tfrecord"]


def test_write_shard_describes_the_file(tmp_path):
    info = write_shard(tmp_path / "val-00003.tfrecord", [record(), record(track=1)])
    content = (tmp_path / "val-00003.tfrecord").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert info == ShardInfo("val-00003.tfrecord", 2, len(content), digest)
    assert info.split == "val"


def test_tensorflow_reads_the_same(folder):
    tf = pytest.importorskip("tensorflow")
    before = record(position=0)
    path = str(folder / "train-00000.tfrecord")
    serialized = next(iter(tf.data.TFRecordDataset(path)))
    parsed = {name: value.numpy() for name, value in shards.parse_example(serialized).items()}
    assert set(parsed) == {field.name for field in dataclasses.fields(CropRecord)}
    assert parsed.pop("image") == before.image
    np.testing.assert_array_equal(parsed.pop("landmarks"), before.landmarks)
    np.testing.assert_array_equal(parsed.pop("box"), before.box)
    assert parsed.pop("margin") == np.float32(before.margin)
    for name, value in parsed.items():
        expected = getattr(before, name)
        assert value == (expected.encode() if isinstance(expected, str) else expected)


@pytest.mark.parametrize("changes", [{}, {"landmarks": np.zeros((0, 2)), "identity": ""}])
def test_bytes_are_those_of_tensorflow(tmp_path, changes):
    """Our writer against TensorFlow's own: the message through its class, the file's framing."""
    tf = pytest.importorskip("tensorflow")
    mine = record(**changes)
    example = tf.train.Example.FromString(mine.to_bytes())
    assert example.SerializeToString(deterministic=True) == mine.to_bytes()
    assert example.features.feature["frame"].int64_list.value == [17]
    write_shard(tmp_path / "train-00000.tfrecord", [mine])
    with tf.io.TFRecordWriter(str(tmp_path / "theirs")) as writer:
        writer.write(mine.to_bytes())
    assert (tmp_path / "theirs").read_bytes() == (tmp_path / "train-00000.tfrecord").read_bytes()


def test_landmarks_may_be_absent_in_a_pipeline(tmp_path):
    pytest.importorskip("tensorflow")
    parsed = shards.parse_example(record(landmarks=np.zeros((0, 2))).to_bytes())
    assert parsed["landmarks"].shape == (0, 2)


def test_a_failing_writer_leaves_the_old_shard(tmp_path):
    path = tmp_path / "train-00000.tfrecord"
    write_shard(path, [record()])
    before = path.read_bytes()

    def failing():
        yield record(position=0)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_shard(path, failing())
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("second", [{"position": 2}, {"position": 3}, {"source": "070"}])
def test_order_is_kept(tmp_path, second):
    with pytest.raises(ValueError, match="`records` must be ordered"):
        write_shard(tmp_path / "train-00000.tfrecord", [record(), record(**second)])
    assert os.listdir(tmp_path) == []


def third_record(path):
    """Offset of record 2 in a shard of three equally long records."""
    return len(path.read_bytes()) // 3 * 2


@pytest.mark.parametrize(
    ("offset", "message"),
    [(3, "record 2 is damaged: its length"), (40, "record 2 is damaged: its content")],
)
def test_a_flipped_bit(folder, offset, message):
    path = folder / "train-00000.tfrecord"
    content = bytearray(path.read_bytes())
    content[third_record(path) + offset] ^= 4
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"train-00000.tfrecord: {message}"):
        verify_shards(folder)


@pytest.mark.parametrize("kept", [5, 30, -1])
def test_a_shard_cut_off(folder, kept):
    path = folder / "train-00000.tfrecord"
    end = third_record(path) + kept if kept > 0 else kept
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(UserError, match=r"train-00000\.tfrecord: \d+ bytes, but dataset.json says"):
        shard_files(folder)
    infos = [dataclasses.replace(i, bytes=path.stat().st_size) for i in load(folder, path.name)]
    described(folder, infos)
    with pytest.raises(UserError, match=r"train-00000\.tfrecord: record 2 is cut off"):
        verify_shards(folder)


def load(folder, name):
    return [info for info in load_dataset_json(folder).shards if info.name == name]


def test_another_shard_under_the_same_name(folder):
    path = folder / "test-00000.tfrecord"
    write_shard(path, [record(split="test", frame=18)])
    with pytest.raises(UserError, match=r"test-00000\.tfrecord: its SHA-256 is not the one"):
        verify_shards(folder)
    infos = [dataclasses.replace(each, records=2) for each in load(folder, path.name)]
    described(folder, infos)
    with pytest.raises(UserError, match=r"1 records, but dataset\.json says 2"):
        verify_shards(folder)


def test_records_of_something_else(folder):
    from keras_madd.data.example_codec import encode_example
    from keras_madd.data.tfrecord import frame_record

    path = folder / "test-00000.tfrecord"
    for content, message in ((b"\xff\xff", "must be a tf.train"), (encode_example({}), "box")):
        path.write_bytes(frame_record(content))
        info = ShardInfo(path.name, 1, path.stat().st_size, "0" * 64)
        described(folder, [info])
        with pytest.raises(UserError, match=f"record 0 is no face crop: .*{message}"):
            verify_shards(folder)


def test_missing_parts(folder):
    with pytest.raises(UserError, match=r"has no 'val' split\. It has: test, train"):
        shard_files(folder, "val")
    (folder / "test-00000.tfrecord").unlink()
    with pytest.raises(UserError, match=r"test-00000\.tfrecord: no such file"):
        shard_files(folder)
    with pytest.raises(UserError, match=r"complete once `keras-madd prepare`"):
        shard_files(folder / "nowhere")


def test_dataset_json_comes_back(folder):
    description = load_dataset_json(folder)
    assert ShardsDescription.from_json(json.loads(json.dumps(description.to_json()))) == description
    assert (description.stored_size("train"), description.stored_size("test")) == (437, 380)
    assert description.stored_margin("train") == pytest.approx(1.495)
    assert description.stored_margin("val") == 1.3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 7}, "schema_version=7"),
        ({"sise": 380}, "unknown keys sise"),
        ({"size": None}, "keys size are missing"),
        ({"shards": [{"name": "train-00000.tfrecord"}]}, "`shards` must be a list"),
        (
            {"shards": [{"name": "../x", "records": 1, "bytes": 1, "sha256": ""}]},
            "`shards` must be a list",
        ),
    ],
)
def test_a_wrong_dataset_json(folder, change, message):
    content = json.loads((folder / "dataset.json").read_text()) | change
    content = {name: value for name, value in content.items() if value is not None}
    (folder / "dataset.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=f"dataset.json: no description of shards: .*{message}"):
        load_dataset_json(folder)


def test_needs_no_tensorflow():
    program = (
        "import sys, keras_madd.data.shards as shards\n"
        "assert not {'tensorflow', 'keras', 'jax'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
