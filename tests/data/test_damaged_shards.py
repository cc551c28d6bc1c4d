"""Shards whose checksums are right and whose content is not."""

import hashlib
import json
import struct
import zlib

import numpy as np
import pytest
from synthetic_shards import write_shards

from keras_madd.data.damaged_shards import damage_is_named, first_damage
from keras_madd.data.example_codec import decode_example, encode_example
from keras_madd.data.load_dataset import load_dataset
from keras_madd.data.shard_index import index_shards
from keras_madd.data.shards import CropRecord, load_dataset_json, read_records
from keras_madd.data.tfrecord import frame_record, iterate_records
from keras_madd.media.encoded import check_picture, decode_picture
from keras_madd.support.errors import UserError


def bomb(side=30_000):
    """A PNG file of a few hundred bytes that claims 900 million pixels."""

    def chunk(kind, content):
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + checksum

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.fixture
def shards(tmp_path):
    return write_shards(tmp_path / "shards", {"train": 3, "val": 2}, size=24)


def lie(shards, split="train", number=1, **features):
    """Changes a record of a split, and everything that would tell of it."""
    path = next(shards.glob(f"{split}-*"))
    records = list(iterate_records(path))
    records[number] = encode_example(decode_example(records[number]) | features)
    content = b"".join(map(frame_record, records))
    path.write_bytes(content)
    description = json.loads((shards / "dataset.json").read_text())
    for info in description["shards"]:
        if info["name"] == path.name:
            info |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (shards / "dataset.json").write_text(json.dumps(description))


@pytest.mark.parametrize("label", [[7], [-1], [0.5], [b"1"], []])
def test_labels(shards, label):
    lie(shards, label=label)
    for work in (lambda: index_shards([shards], "train"), lambda: list(read_records(shards))):
        with pytest.raises(UserError, match=r"train-00000\.tfrecord.*(label|one value|list)"):
            work()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"position": [b"first"]}, "`position` must"),
        ({"track": [0.5]}, "`track` must"),
        ({"box": [0.0, 1.0, 2.0, 3.0]}, "`box` must hold whole numbers"),
        ({"margin": [float("nan")]}, "`margin` must be above 0"),
        ({"margin": [-1.0]}, "`margin` must be above 0"),
        ({"image": [1]}, "`image` must be a picture"),
    ],
)
def test_values(shards, features, message):
    lie(shards, **features)
    with pytest.raises(UserError, match=message):
        list(read_records(shards, "train"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["shards"].append(d["shards"][0]), r"`shards` lists .* 2 times"),
        (lambda d: d["counts"]["train"]["real"].update(crops=5), "`counts` has"),
        (lambda d: d.update(size=10**9), "`size` must be a whole number from 8 to 4096"),
        (lambda d: d.update(margin=1e-300), "`margin` must be a number from 0.5 to 5"),
        (lambda d: d["shards"][0].update(records=-1), "`shards` must be"),
        (lambda d: d["shards"][0].update(name="../x-00000.tfrecord"), "`shards` must be"),
        (lambda d: d.update(methods="all"), "`methods` must be"),
        (lambda d: d.update(schema_version=True), "`schema_version` must be 1"),
    ],
)
def test_descriptions(shards, change, message):
    path = shards / "dataset.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=message) as caught:
        load_dataset_json(shards)
    assert str(caught.value).isprintable()


def test_a_wrong_number_of_records(shards):
    path = shards / "dataset.json"
    content = json.loads(path.read_text())
    content["shards"][0]["records"] += 1
    content["counts"] = {}
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"records, but dataset\.json says"):
        index_shards([shards], "train")


class TestPictures:
    def test_what_a_head_claims_is_not_allocated(self):
        with pytest.raises(ValueError, match="too many pixels; at most 4096"):
            decode_picture(bomb())
        with pytest.raises(ValueError, match="4097 x 4097 pixels; at most 4096"):
            decode_picture(bomb(4097))
        with pytest.raises(ValueError, match="no JPEG or PNG"):
            check_picture(b"GIF89a" + bytes(100))

    def test_training_reads_no_bomb(self, shards):
        import tensorflow as tf

        lie(shards, image=[bomb()])
        batches = load_dataset(shards, "train", 2)
        with pytest.raises(tf.errors.InvalidArgumentError, match="more than 4096 pixels"):
            list(batches)
        with (
            pytest.raises(UserError, match=r"the picture of .* is broken: it has too many pixels"),
            damage_is_named([shards]),
        ):
            list(batches)

    def test_what_is_sound_is_not_blamed(self, shards):
        import tensorflow as tf

        assert first_damage(shards) is None
        with pytest.raises(tf.errors.OpError), damage_is_named([shards]):
            raise tf.errors.InternalError(None, None, "something else")

    def test_pictures_are_what_they_were(self, shards):
        record = next(read_records(shards))
        assert isinstance(record, CropRecord)
        picture = decode_picture(record.image)
        assert (picture.dtype, picture.shape[2]) == (np.uint8, 3)
