import numpy as np
import pytest
from shards_on_disk import make_record, sources, write_shards

from keras_madd.data.shard_index import index_shards
from keras_madd.data.shards import read_records
from keras_madd.data.tfrecord import iterate_records
from keras_madd.support.errors import UserError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    records = sources("train", 4)
    # Pictures from nearly nothing to many times what is read ahead, at every place of the window.
    records += [
        make_record("train", "x", n, n % 2, image=bytes(n * 97), video="v" * (n % 60 + 1))
        for n in range(120)
    ]
    return write_shards(tmp_path_factory.mktemp("index") / "shards", records)


def test_finds_what_reading_everything_finds(folder):
    index = index_shards([folder], "train")
    records = list(read_records(folder, "train"))
    assert len(index) == len(records) == 36 + 120
    assert index.label.tolist() == [record.label for record in records]
    assert index.track.tolist() == [record.track for record in records]
    assert index.has_landmarks.tolist() == [len(record.landmarks) > 0 for record in records]
    keys = [(record.source, record.position) for record in records]
    numbers = dict(zip(keys, index.group.tolist(), strict=True))
    assert [numbers[key] for key in keys] == index.group.tolist()
    assert len(set(index.group.tolist())) == len(set(keys))


def test_offsets_are_where_records_begin(folder):
    index = index_shards([folder], "train")
    for number, path in enumerate(index.files):
        expected, place = [], 0
        for content in iterate_records(path):
            expected.append(place)
            place += len(content) + 16
        assert index.offset[index.file == number].tolist() == expected


def test_groups_of_several_folders_are_apart(folder):
    once, twice = index_shards([folder], "train"), index_shards([folder, folder], "train")
    assert len(twice) == 2 * len(once)
    assert len(np.unique(twice.group)) == 2 * len(np.unique(once.group))


def test_missing_split(folder):
    with pytest.raises(UserError, match="no 'val' split"):
        index_shards([folder], "val")


def test_damage_is_named(tmp_path):
    folder = write_shards(tmp_path / "shards", sources("train", 1))
    path = next(folder.glob("*.tfrecord"))
    content = bytearray(path.read_bytes())
    content[:8] = (len(content) * 2).to_bytes(8, "little")
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"train-00000.tfrecord: a damaged shard .*byte 0"):
        index_shards([folder], "train")
    content[:8] = (8).to_bytes(8, "little")
    path.write_bytes(content + b"\0")
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        index_shards([folder], "train")
