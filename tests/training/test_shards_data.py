import itertools

import numpy as np
import pytest
from synthetic_shards import write_shards

from keras_madd.data.shards import load_dataset_json, save_dataset_json
from keras_madd.support.errors import UserError
from keras_madd.training.settings import TrainSettings
from keras_madd.training.shards_data import ShardsData


def opened(*folders, **values):
    return ShardsData.open(TrainSettings(output="run", data=folders, batch_size=4, **values))


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return write_shards(tmp_path_factory.mktemp("data") / "a", {"train": 5, "val": 4}, size=24)


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Another data set, from another maker."""
    folder = tmp_path_factory.mktemp("data") / "b"
    write_shards(folder, {"train": 3, "val": 2}, size=32, dataset="other")
    return change(folder, compression="c23", detector="none")


def change(folder, **values):
    content = load_dataset_json(folder).to_json()
    content.pop("schema_version")
    content["shards"] = load_dataset_json(folder).shards
    save_dataset_json(folder, type(load_dataset_json(folder))(**{**content, **values}))
    return folder


def test_a_folder_counts_once(shards, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(shards)
    for twice in (shards, link, f"{shards}/"):
        with pytest.raises(UserError, match="is given twice"):
            opened(shards, twice)


def test_a_model_learns_where_its_faces_come_from(shards, others):
    assert opened(shards, others).face_fields == {
        "crop_margin": 1.3,
        "detector": "short",
        "training_data": "synthetic + other c23",
    }
    assert opened(others).face_fields["detector"] == "auto"


def test_videos_of_one_name_in_two_folders_are_two(shards, tmp_path):
    twin = write_shards(tmp_path / "twin", {"train": 5, "val": 4}, size=24)
    both = opened(shards, twin)
    whole = sum(len(images) for images, *_ in both.validation_batches(16).as_numpy_iterator())
    videos = both.count("val", "real", "videos") + both.count("val", "fake", "videos")
    batches = opened(shards, twin, max_val_videos=videos - 1).validation_batches(16)
    seen = [
        (folder, video)
        for *_, metadata in batches.as_numpy_iterator()
        for folder, video in zip(metadata["folder"], metadata["video"], strict=True)
    ]
    assert len(set(seen)) == videos - 1
    assert len(seen) == whole - whole // videos


def test_the_fingerprint_is_that_of_the_content(shards, others, tmp_path):
    twin = write_shards(tmp_path / "twin", {"train": 5, "val": 4}, size=24)
    digests = [each["sha256"] for each in opened(shards, twin, others).fingerprints]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize("steps", [None, 7])
def test_a_run_that_goes_on_is_fed_what_comes_next(shards, steps):
    data = opened(shards, steps_per_epoch=steps, sampling="paired", augment="none")
    assert data.batches_per_epoch() == 5
    batches = data.training_batches(16).as_numpy_iterator()
    skipped = 2 * (steps or 5)
    expected = list(itertools.islice(batches, skipped, skipped + 3))
    found = list(itertools.islice(data.training_batches(16, 2).as_numpy_iterator(), 3))
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(left[0], right[0])
        np.testing.assert_array_equal(left[1], right[1])


@pytest.mark.parametrize("most", [2, 5, 11])
def test_whole_videos_of_both_classes_are_chosen(shards, others, most):
    data = opened(shards, others, max_val_videos=most)
    frames = {}
    for _, labels, metadata in data.validation_batches(16).as_numpy_iterator():
        for *video, label in zip(metadata["dataset"], metadata["video"], labels, strict=True):
            frames.setdefault((*video, int(label)), []).append(video)
    assert len(frames) == most
    assert {len(each) for each in frames.values()} == {2}
    assert sum(label for *_, label in frames) == most - most // 2


def test_errors_say_what_to_do(shards, others, tmp_path):
    with pytest.raises(UserError, match="give --data SHARDS or --faces DIR"):
        ShardsData.open(TrainSettings(output="run"))
    with pytest.raises(UserError, match="complete once `keras-madd prepare` has"):
        opened(tmp_path)

    train_only = write_shards(tmp_path / "train_only", {"train": 3}, size=24)
    with pytest.raises(UserError, match=r"has no val split. The best epoch is chosen by"):
        opened(train_only)
    assert opened(train_only, shards).count("train", "fake") == 16

    one_class = write_shards(tmp_path / "one_class", {"train": 4, "val": 4}, size=24)
    both = load_dataset_json(one_class).counts
    crops = sum(count["crops"] for count in both["val"].values())
    counts = {"real": {"videos": 4, "crops": crops}}
    change(one_class, counts=both | {"val": counts})
    with pytest.raises(UserError, match=r"the val split of .* has no fake faces"):
        opened(one_class)
    change(one_class, counts=both | {"train": counts})
    with pytest.raises(UserError, match="real ones alone will do with --self-blend"):
        opened(one_class)
    assert opened(one_class, self_blend=1.0).count("train", "fake") == 0

    wide = write_shards(tmp_path / "wide", {"train": 3, "val": 2}, size=24, margin=1.5)
    with pytest.raises(UserError, match=r"one --margin.*1\.3.*1\.5"):
        opened(shards, wide)

    with pytest.raises(UserError, match=r"Prepare the data with --size 28, .* --image-size 24"):
        opened(others, shards).check_size((28, 28))
    opened(others, shards).check_size((24, 24))
    with pytest.raises(UserError, match="must take squares"):
        opened(shards).check_size((24, 20))


def test_people_of_no_faces(tmp_path):
    with pytest.raises(UserError, match="`people` says who is shown in `faces`: give both"):
        TrainSettings(output=tmp_path, people="people.csv")
