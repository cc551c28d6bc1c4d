"""What several workers read is together what one reads."""

import numpy as np
import pytest
from shards_on_disk import sources, write_shards

from keras_madd.data import load_dataset
from keras_madd.data.worker_share import WorkerShare

PAIRED = {"sampling": "paired", "augment": "strong", "self_blend": 0.5, "blending": "strong"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six sources to train with, a real video and two fakes each, three positions; two of val."""
    records = sources("train", 6) + sources("val", 2)
    return write_shards(tmp_path_factory.mktemp("data") / "shards", records)


def batches(folder, split, size, take=None, **options):
    dataset = load_dataset(folder, split, size, metadata=True, seed=3, **options)
    return list((dataset if take is None else dataset.take(take)).as_numpy_iterator())


def joined(parts):
    """The batch whose parts, one behind the other, workers have."""
    images, labels, metadata = zip(*parts, strict=True)
    names = {name: np.concatenate([each[name] for each in metadata]) for name in metadata[0]}
    return np.concatenate(images), np.concatenate(labels), names


def assert_equal(found, expected):
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])
    for name, values in expected[2].items():
        assert found[2][name].tolist() == values.tolist(), name


@pytest.mark.parametrize(
    ("options", "size", "count"),
    [(PAIRED, 8, 2), ({}, 6, 3)],
)
def test_the_parts_of_a_step_are_the_batch_of_one_worker(folder, options, size, count):
    # More steps than an epoch has: the next one is divided alike.
    whole = batches(folder, "train", size, 11, repeat=True, **options)
    parts = [
        batches(folder, "train", size, 11, repeat=True, shard=(index, count), **options)
        for index in range(count)
    ]
    assert len(whole) == 11
    for step, expected in enumerate(whole):
        own = [part[step] for part in parts]
        assert {len(images) for images, _, _ in own} == {size // count}
        if options:  # Pairs are kept together.
            assert all(labels.tolist() == [0, 1] * (size // count // 2) for _, labels, _ in own)
        assert_equal(joined(own), expected)
    first, last = whole[0][0], whole[-1][0]
    assert (first != last).any()


def test_another_number_of_workers_goes_on_with_the_next_step(folder):
    options = {"sampling": "paired", "repeat": True}
    whole = batches(folder, "train", 8, 5, **options)
    for count in (2, 4):
        parts = [
            load_dataset(folder, "train", 8, metadata=True, seed=3, shard=(index, count), **options)
            for index in range(count)
        ]
        next_step = [next(part.skip(3).as_numpy_iterator()) for part in parts]
        assert_equal(joined(next_step), whole[3])


def test_validation_loses_nothing_and_counts_nothing_twice(folder):
    everything = joined(batches(folder, "val", 18))
    assert len(everything[1]) == 18
    lengths = []
    found = []
    for index in range(4):
        dataset = load_dataset(folder, "val", 8, metadata=True, shard=(index, 4))
        parts = list(dataset.as_numpy_iterator())
        assert dataset.cardinality() == len(parts)
        lengths.append(sum(len(labels) for _, labels, _ in parts))
        found += parts
    assert lengths == [6, 4, 4, 4]
    keys = [
        sorted(zip(names["video"].tolist(), names["frame"].tolist(), strict=True))
        for _, _, names in (everything, joined(found))
    ]
    assert keys[0] == keys[1]


def test_rows_of_an_incomplete_batch_go_to_the_first_workers():
    rows = [WorkerShare(index, 3, 6).of_epoch(9).tolist() for index in range(3)]
    assert rows == [[0, 1, 6, 7], [2, 3, 8], [4, 5]]


@pytest.mark.parametrize(
    ("batch_size", "shard", "message"),
    [
        (8, (2, 2), r"index from 0 to below the count. Received: shard=\(2, 2\)"),
        (8, (-1, 2), r"index from 0 to below the count. Received: shard=\(-1, 2\)"),
        (8, (0, 0), r"index from 0 to below the count. Received: shard=\(0, 0\)"),
        (8, (0, 3), r"number of whole pairs. Received: batch_size=8, shard=\(0, 3\)"),
        (6, (0, 2), r"number of whole pairs. Received: batch_size=6, shard=\(0, 2\)"),
    ],
)
def test_shards_that_cannot_be(folder, batch_size, shard, message):
    with pytest.raises(ValueError, match=message):
        load_dataset(folder, "train", batch_size, sampling="paired", shard=shard)
