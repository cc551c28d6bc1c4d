import dataclasses
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from shards_on_disk import CONTEXT, MARGIN, SIZE, make_record, sources, write_shards

from keras_madd.data import load_dataset, steps_per_epoch
from keras_madd.data.augmentation import Augmentation
from keras_madd.data.footage import Footage
from keras_madd.data.shards import (
    load_dataset_json,
    read_records,
    save_dataset_json,
    write_shard,
)
from keras_madd.support.errors import UserError

STORED = round(SIZE * CONTEXT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six sources to train with, a real video and two fakes each, three positions; two of val."""
    records = sources("train", 6) + sources("val", 2)
    return write_shards(tmp_path_factory.mktemp("data") / "shards", records)


@pytest.fixture(scope="module")
def records(folder):
    """Split -> (video, frame) -> the stored picture."""
    found = {"train": {}, "val": {}}
    for record in read_records(folder):
        image = tf.io.decode_png(record.image).numpy()
        found[record.split][record.video, record.frame] = image
    return found


def _collect(dataset):
    """All batches as one: images, labels, metadata."""
    batches = list(dataset.as_numpy_iterator())
    images = np.concatenate([batch[0] for batch in batches])
    labels = np.concatenate([batch[1] for batch in batches])
    if len(batches[0]) == 2:
        return images, labels
    names = batches[0][2]
    metadata = {name: np.concatenate([batch[2][name] for batch in batches]) for name in names}
    for name in ("video", "method", "dataset", "source"):
        metadata[name] = [text.decode() for text in metadata[name]]
    return images, labels, metadata


def _middle(image):
    start = (len(image) - SIZE) // 2
    return image[start : start + SIZE, start : start + SIZE]


def test_val_is_everything_in_order_and_unchanged(folder, records):
    dataset = load_dataset(folder, "val", 4, metadata=True)
    assert dataset.cardinality() == 5
    images, labels, metadata = _collect(dataset)
    stored = list(read_records(folder, "val"))
    assert metadata["video"] == [record.video for record in stored]
    assert metadata["method"] == [record.method for record in stored]
    assert metadata["source"] == [record.source for record in stored]
    assert metadata["dataset"] == ["made"] * 18
    assert metadata["folder"].tolist() == [0] * 18
    assert metadata["frame"].tolist() == [record.frame for record in stored]
    assert labels.tolist() == [record.label for record in stored]
    assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
    for image, record in zip(images, stored, strict=True):
        np.testing.assert_array_equal(image, records["val"][record.video, record.frame])


def test_training_pictures_are_what_a_phone_would_cut_out(folder, records):
    images, labels, metadata = _collect(load_dataset(folder, "train", 9, metadata=True))
    keys = list(zip(metadata["video"], metadata["frame"].tolist(), strict=True))
    assert sorted(keys) == sorted(records["train"])
    for image, label, key in zip(images, labels, keys, strict=True):
        assert label == key[0].endswith(("-a", "-b"))
        np.testing.assert_array_equal(image, _middle(records["train"][key]))


def test_shapes_are_known(folder):
    dataset = load_dataset(folder, "train", 4, image_size=48)
    images, labels = dataset.element_spec
    assert images == tf.TensorSpec((4, 48, 48, 3), tf.uint8)
    assert labels == tf.TensorSpec((4,), tf.int64)
    assert dataset.cardinality() == len(list(dataset)) == 54 // 4


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"sampling": "natural"},
        {"sampling": "paired", "augment": "strong", "self_blend": 0.5, "blending": "strong"},
        {"sampling": "paired", "augment": "video", "self_blend": 0.5, "blending": "varied"},
    ],
)
def test_a_function_of_seed_and_epoch_whatever_the_threads(folder, options):
    options |= {"metadata": True, "seed": 3}

    def epochs(count, **more):
        dataset = load_dataset(folder, "train", 6, **options, **more)
        return [_collect(dataset) for _ in range(count)]

    def assert_equal(first, second):
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])
        assert first[2]["video"] == second[2]["video"]

    first, second = epochs(2, num_parallel_calls=1)
    for expected, found in zip((first, second), epochs(2, num_parallel_calls=8), strict=True):
        assert_equal(found, expected)
    assert first[2]["video"] != second[2]["video"]
    # Going on at epoch 1, in one endless stream or not.
    assert_equal(epochs(1, first_epoch=1)[0], second)
    steps = steps_per_epoch(
        folder, "train", 6, **{k: options[k] for k in ("sampling", "self_blend") if k in options}
    )
    endless = load_dataset(folder, "train", 6, **options, repeat=True)
    assert endless.cardinality() == tf.data.INFINITE_CARDINALITY
    assert_equal(_collect(endless.take(steps)), first)
    assert_equal(_collect(endless.skip(steps).take(steps)), second)
    other = _collect(load_dataset(folder, "train", 6, **options | {"seed": 4}))
    assert (other[0] != first[0]).any()


def test_balanced_batches(folder):
    for images, labels in load_dataset(folder, "train", 6, sampling="balanced"):
        assert images.shape == (6, SIZE, SIZE, 3)
        assert labels.numpy().tolist() == [0, 1] * 3
    assert steps_per_epoch(folder, "train", 6, sampling="balanced") == 6


def test_the_folder_of_a_fake_is_its_own(folder, tmp_path):
    description, records = load_dataset_json(folder), list(read_records(folder, "train"))
    for label, name in enumerate(("real", "fake")):
        place = tmp_path / name
        place.mkdir()
        kept = [record for record in records if record.label == label]
        info = write_shard(place / "train-00000.tfrecord", kept)
        counts = {"real": {"videos": 0, "crops": 0}, "fake": {"videos": 0, "crops": 0}}
        counts[name] = {"videos": 1, "crops": len(kept)}
        made = dataclasses.replace(
            description, dataset=name, counts={"train": counts}, shards=(info,)
        )
        save_dataset_json(place, made)
    both = [tmp_path / "real", tmp_path / "fake"]
    for sampling in ("balanced", "natural"):
        dataset = load_dataset(both, "train", 4, sampling=sampling, metadata=True)
        _, labels, metadata = _collect(dataset)
        assert metadata["folder"].tolist() == labels.tolist()


def test_pairs_are_neighbours(folder):
    dataset = load_dataset(folder, "train", 4, sampling="paired", metadata=True)
    _, labels, metadata = _collect(dataset)
    assert labels.tolist() == [0, 1] * 18
    for real in range(0, 36, 2):
        assert metadata["source"][real] == metadata["source"][real + 1]
        assert metadata["frame"][real] == metadata["frame"][real + 1]
        assert metadata["video"][real + 1].startswith(metadata["video"][real] + "-")


def test_pairs_share_their_augmentation(tmp_path):
    """A fake that is its real picture stays so; with separate draws it does not."""
    records = sources("train", 4, positions=1, fakes=("a",))
    records = [
        make_record("train", r.source, 0, r.label, video=r.video, image=records[0].image)
        for r in records
    ]
    folder = write_shards(tmp_path / "shards", records)
    options = {"sampling": "paired", "augment": "strong"}
    images, _ = _collect(load_dataset(folder, "train", 4, **options))
    np.testing.assert_array_equal(images[::2], images[1::2])
    assert (images[0] != images[2]).any()
    images, _ = _collect(load_dataset(folder, "train", 4, **options, share_augmentation=False))
    assert all((real != fake).any() for real, fake in zip(images[::2], images[1::2], strict=True))


@pytest.mark.parametrize("sampling", ["balanced", "paired"])
def test_self_blended_fakes_come_with_their_target(folder, sampling):
    options = {"sampling": sampling, "self_blend": 1.0, "metadata": True}
    images, labels, metadata = _collect(load_dataset(folder, "train", 4, **options))
    assert labels.tolist() == [0, 1] * 18
    assert metadata["method"] == ["real", "self_blend"] * 18
    changed = 0
    for number in range(0, 36, 2):
        assert metadata["video"][number + 1] == metadata["video"][number] + "+self_blend"
        real, fake = images[number], images[number + 1]
        # Beyond any mask, at the rim of the picture, they are equal.
        for rim in (np.s_[:4], np.s_[:, :4], np.s_[:, -4:]):
            np.testing.assert_array_equal(real[rim], fake[rim])
        changed += (real != fake).any()
    assert changed > 15
    # The share is of probability.
    options["self_blend"] = 0.5
    methods = [_collect(load_dataset(folder, "train", 4, **options))[2]["method"]]
    methods += [_collect(load_dataset(folder, "train", 4, **options, seed=1))[2]["method"]]
    assert 8 < sum(method.count("self_blend") for method in methods) < 28


@pytest.mark.parametrize(
    "augment", ["none", Augmentation(flip=0.5, shift=0.08, margins=(1.1, 1.5), color=0.5, hue=0.2)]
)
def test_masks_tell_where_a_fake_was_blended(folder, augment):
    options = {"sampling": "paired", "self_blend": 1.0, "augment": augment}
    plain, _ = _collect(load_dataset(folder, "train", 6, **options))
    batches = list(
        load_dataset(folder, "train", 6, **options, blend_masks=True).as_numpy_iterator()
    )
    images = np.concatenate([images for images, _ in batches])
    labels = np.concatenate([labels["label"] for _, labels in batches])
    masks = np.concatenate([labels["blend_mask"] for _, labels in batches])
    np.testing.assert_array_equal(images, plain)
    assert labels.tolist() == [0, 1] * 18
    side = -(-SIZE // 16)
    assert masks.shape == (36, side, side, 1)
    assert masks.dtype == np.float32
    assert (masks[::2] == 0).all()
    assert (masks >= 0).all()
    assert 0.1 < masks[1::2].mean() < masks.max() <= 1
    # A change within what is blended, and nowhere else.
    changes = np.abs(images[1::2].astype(int) - images[::2]).max(-1, keepdims=True)
    cells = tf.image.resize(np.float32(changes > 0), (side, side), method="area").numpy()
    assert cells[masks[1::2] == 0].size > 20
    assert (cells[masks[1::2] == 0] == 0).all()
    assert cells[masks[1::2] > 0.5].mean() > 0.7


def test_masks_of_stored_fakes_are_not_known(folder):
    options = {"sampling": "paired", "self_blend": 0.5, "blend_masks": True, "metadata": True}
    for _, labels, metadata in load_dataset(folder, "train", 6, **options).as_numpy_iterator():
        for mask, label, method in zip(
            labels["blend_mask"], labels["label"], metadata["method"], strict=True
        ):
            if label and method != b"self_blend":
                assert (mask == -1).all()
            else:
                assert (mask >= 0).all()


@pytest.mark.parametrize("options", [{}, {"self_blend": 1.0, "clip_frames": 2}])
def test_masks_need_self_blending_of_single_crops(folder, options):
    with pytest.raises(ValueError, match="`blend_masks` needs self-blending of single crops"):
        load_dataset(folder, "train", 6, sampling="paired", blend_masks=True, **options)


def test_footage_that_does_nothing_changes_nothing(tmp_path):
    """Limit case: faces as large as they were, no noise, no compression."""
    records = sources("train", 2, box=(0, 0, 400, 400))
    folder = write_shards(tmp_path / "large", records)
    nothing = Footage(faces=(4096, 4096), noise=0.0, camera=0.0, h264=0.0)
    options = {"sampling": "paired", "self_blend": 0.5}
    for plain, filmed in zip(
        *(
            load_dataset(folder, "train", 4, augment=augment, **options).as_numpy_iterator()
            for augment in (Augmentation(flip=0.5), Augmentation(flip=0.5, footage=nothing))
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(plain[0], filmed[0])


def test_footage_compresses_real_and_fake_alike(folder):
    strong = Augmentation(footage=Footage(h264=1.0, crf=(40, 40), noise=0.0, camera=0.0))
    options = {"sampling": "paired", "self_blend": 1.0}
    plain, filmed = (
        _collect(load_dataset(folder, "train", 4, augment=augment, **options))[0]
        for augment in ("none", strong)
    )
    changes = np.abs(np.float32(plain) - filmed).mean((1, 2, 3))
    assert changes.min() > 2
    assert 0.7 < changes[::2].mean() / changes[1::2].mean() < 1.4


def test_self_blended_pairs_share_the_augmentation(folder):
    """With balanced sampling too, where other pairs do not belong together."""
    colors = Augmentation(color=1.0, rgb_shift=20, saturation=0.3, flip=0.5)
    options = {"sampling": "balanced", "self_blend": 1.0, "augment": colors}
    images, _ = _collect(load_dataset(folder, "train", 4, **options))
    plain, _ = _collect(load_dataset(folder, "train", 4, **options | {"augment": "none"}))
    np.testing.assert_array_equal(images[::2, :4], images[1::2, :4])
    assert (images[::2] != plain[::2]).any((1, 2, 3)).all()


def test_margins_are_jittered(folder, records):
    """The window of a margin is this part of the stored picture."""
    whole = Augmentation(margins=(MARGIN * CONTEXT, MARGIN * CONTEXT))
    images, _, metadata = _collect(load_dataset(folder, "train", 9, augment=whole, metadata=True))
    keys = zip(metadata["video"], metadata["frame"].tolist(), strict=True)
    for image, key in zip(images, keys, strict=True):
        stored = tf.image.resize(records["train"][key], (SIZE, SIZE)).numpy()
        assert np.abs(image - stored).max() <= 1
    close = Augmentation(margins=(0.65, 0.65))
    images, keys = _firsts(load_dataset(folder, "train", 9, augment=close, metadata=True))
    image, key = images[0], keys[0]
    side, start = SIZE // 2, (STORED - SIZE // 2) // 2
    window = records["train"][key][start : start + side, start : start + side]
    assert np.abs(image - tf.image.resize(window, (SIZE, SIZE)).numpy()).max() <= 1


def _firsts(dataset):
    images, _, metadata = _collect(dataset.take(1))
    return images, list(zip(metadata["video"], metadata["frame"].tolist(), strict=True))


def test_smaller_pictures(folder, records):
    images, keys = _firsts(load_dataset(folder, "val", 6, image_size=40, metadata=True))
    for image, key in zip(images, keys, strict=True):
        expected = tf.image.resize(records["val"][key], (40, 40)).numpy()
        assert np.abs(image - expected).max() <= 1


def test_several_folders(folder, tmp_path):
    more = sources("train", 2, first=40, size=80, dataset="other")
    other = write_shards(tmp_path / "other", more, size=80)
    options = {"image_size": 48, "metadata": True}
    images, _, metadata = _collect(load_dataset([folder, other], "train", 4, **options))
    assert images.shape == (72, 48, 48, 3)
    assert metadata["dataset"].count("other") == 18
    assert len(set(metadata["dataset"][:24])) == 2  # Mixed, not one after the other.
    with pytest.raises(UserError, match=r"different sizes .* give `image_size`"):
        load_dataset([folder, other], "train", 4)
    narrow = write_shards(tmp_path / "narrow", more, size=80, margin=1.1)
    with pytest.raises(UserError, match="different margins"):
        load_dataset([folder, narrow], "train", 4, image_size=48)


def test_jpeg_pictures_are_decoded_as_opencv_does(tmp_path):
    import cv2

    record = sources("val", 1, positions=1, fakes=("a",))[0]
    image = tf.io.decode_png(record.image).numpy()
    encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
    stored = make_record("val", "v00", 0, 0, image=encoded.tobytes())
    folder = write_shards(tmp_path / "shards", [stored])
    images, _ = _collect(load_dataset(folder, "val", 1))
    np.testing.assert_array_equal(images[0], cv2.imdecode(encoded, cv2.IMREAD_COLOR)[..., ::-1])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"image_size": (48, 48)}, UserError, r"one whole number, .* image_size=\(48, 48\)"),
        ({"image_size": 65}, UserError, r"`image_size` must be .*: 64\)\. Received: image_size=65"),
        ({"split": "test"}, UserError, "no 'test' split"),
        ({"split": "all"}, ValueError, "`split` must be one of train, val, test"),
        ({"sampling": "odd"}, ValueError, "`sampling` must be one of"),
        ({"augment": "much"}, ValueError, "`augment` must be one of"),
        ({"batch_size": 3, "sampling": "paired"}, ValueError, "`batch_size` must be .* even"),
        ({"batch_size": 1000}, UserError, "too few for a batch"),
        ({"self_blend": 0.5}, UserError, "`self_blend` needs balanced or paired sampling"),
        ({"self_blend": 1.5, "sampling": "paired"}, ValueError, "`self_blend` must be from 0 to 1"),
        ({"seed": -1}, ValueError, "`seed` must not be negative"),
        ({"first_epoch": -1}, ValueError, "`first_epoch` must not be negative"),
        ({"split": "val", "augment": "light"}, ValueError, "`augment` is for training"),
        ({"split": "val", "shuffle": True}, ValueError, "`shuffle` is for training"),
        ({"split": "val", "sampling": "paired"}, ValueError, "`sampling` is for training"),
        ({"shards": []}, ValueError, "`shards` must name at least one"),
    ],
)
def test_wrong_arguments(folder, options, error, message):
    arguments = {"shards": folder, "split": "train", "batch_size": 4} | options
    shards, split, batch_size = (arguments.pop(n) for n in ("shards", "split", "batch_size"))
    with pytest.raises(error, match=message):
        load_dataset(shards, split, batch_size, **arguments)


def test_what_the_shards_cannot_give(tmp_path):
    reals = [record for record in sources("train", 3) if not record.label]
    folder = write_shards(tmp_path / "real", reals)
    with pytest.raises(UserError, match="all face crops of the train split are real"):
        load_dataset(folder, "train", 2)
    with pytest.raises(UserError, match="no fake face crops"):
        load_dataset(folder, "train", 2, sampling="balanced")
    dataset = load_dataset(folder, "train", 2, sampling="paired", self_blend=1.0)
    assert dataset.cardinality() == 9
    bare = [make_record("train", "t", n, n % 2, landmarks=np.zeros((0, 2))) for n in range(4)]
    folder = write_shards(tmp_path / "bare", bare)
    with pytest.raises(UserError, match="no landmarks of real faces"):
        load_dataset(folder, "train", 2, sampling="paired", self_blend=0.5)
    with pytest.raises(UserError, match=r"dataset.json: no such file"):
        load_dataset(tmp_path, "train", 2)


ENDED = """
import sys
import time
from keras_madd.data import load_dataset
from keras_madd.data.input_graph import InputGraph

film = InputGraph._film

def slow(*given):
    time.sleep(0.2)
    return film(*given)

InputGraph._film = slow

def read():
    reader = iter(load_dataset(sys.argv[1], "train", 2, augment="video", repeat=True))
    next(reader)
    raise KeyboardInterrupt

read()
"""


def test_there_may_be_more_threads_than_shards_read_at_once(folder):
    one, many = (_collect(load_dataset(folder, "val", 6, num_parallel_calls=n)) for n in (1, 40))
    np.testing.assert_array_equal(many[0], one[0])


def test_nothing_tunes_while_it_is_read(folder):
    """TensorFlow's thread for it sleeps up to a minute; who drops the reader may wait for it."""
    for split in ("train", "val"):
        assert load_dataset(folder, split, 2).options().autotune.enabled is False


def test_a_reader_that_an_error_leaves_does_not_hold_up_the_end_of_python(folder):
    """It would wait for the Python functions that Python's end has stopped."""
    command = [sys.executable, "-c", ENDED, str(folder)]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert found.stderr.rstrip().endswith("KeyboardInterrupt")
    assert found.returncode != 0


def test_what_is_gone_is_not_read(tmp_path):
    folder = write_shards(tmp_path / "shards", sources("train", 4))
    options = {"shuffle": False, "repeat": True}
    whole = load_dataset(folder, "train", 2, **options).as_numpy_iterator()
    expected = [next(whole) for _ in range(4)]
    path = min(folder.glob("train-*"))
    path.write_bytes(path.read_bytes().replace(b"\x89PNG", b"none", 2))
    with pytest.raises(tf.errors.DataLossError):
        next(load_dataset(folder, "train", 2, **options).as_numpy_iterator())
    found = load_dataset(folder, "train", 2, first_step=1, **options).as_numpy_iterator()
    for wanted, given in zip(expected[1:], found, strict=False):
        for left, right in zip(wanted, given, strict=True):
            np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("options", [{"first_step": -1, "repeat": True}, {"first_step": 1}])
def test_a_first_step_goes_with_epochs_without_end(folder, options):
    with pytest.raises(ValueError, match="`first_step` must not be negative, and 0 without"):
        load_dataset(folder, "train", 2, **options)
