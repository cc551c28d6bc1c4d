import numpy as np
import pytest
import tensorflow as tf
from shards_on_disk import SIZE, make_record, write_shards

from keras_madd.data import load_dataset, steps_per_epoch
from keras_madd.data.augmentation import Augmentation
from keras_madd.data.clips import clip_index, cut_clips
from keras_madd.data.footage import Footage
from keras_madd.data.shard_index import index_shards
from keras_madd.data.shards import read_records
from keras_madd.support.errors import UserError

FRAMES = 3


def clips(split, count, positions=6, **fields):
    """A real video and a fake of each source; positions and frames run against each other."""
    return [
        make_record(
            split, f"{split[0]}{number:02}", position, label, frame=1000 - 7 * position, **fields
        )
        for number in range(count)
        for position in range(positions)
        for label in (0, 1)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    records = clips("train", 4) + clips("val", 2, positions=7)
    return write_shards(tmp_path_factory.mktemp("data") / "shards", records, per_shard=24)


def collect(dataset):
    batches = list(dataset.as_numpy_iterator())
    joined = [np.concatenate([batch[place] for batch in batches]) for place in (0, 1)]
    if len(batches[0]) == 2:
        return joined
    names = batches[0][2]
    return *joined, {name: np.concatenate([batch[2][name] for batch in batches]) for name in names}


@pytest.mark.parametrize("clip_frames", range(1, 9))
def test_every_crop_is_in_one_of_the_fewest_clips(clip_frames):
    for count in range(1, 30):
        found = cut_clips(count, clip_frames)
        assert found.shape == (-(-count // clip_frames), clip_frames)
        assert set(found.ravel()) == set(range(count))
        if count >= clip_frames:
            assert (np.diff(found, axis=1) == 1).all()
        else:
            still = [count - 1] * (clip_frames - count)
            assert found[0].tolist() == [*range(count), *still]


def test_clips_are_of_one_face_in_the_order_of_time(folder):
    images, labels, metadata = collect(
        load_dataset(folder, "val", 4, clip_frames=FRAMES, metadata=True)
    )
    assert images.shape == (2 * 2 * 3, FRAMES, SIZE, SIZE, 3)
    stored = {(each.video, each.frame): each for each in read_records(folder, "val")}
    seen = set()
    for clip, label, video, frames in zip(
        images, labels, metadata["video"], metadata["frame"], strict=True
    ):
        # Stored backwards, shown forwards.
        assert (np.diff(frames) == 7).all()
        for image, frame in zip(clip, frames, strict=True):
            record = stored[video.decode(), int(frame)]
            assert record.label == label
            np.testing.assert_array_equal(image, tf.io.decode_png(record.image))
            seen.add((record.video, record.frame))
    assert seen == set(stored)


def test_tracks_and_videos_stay_apart(tmp_path):
    records = [
        make_record("val", "v", position, label, track=track)
        for position in range(5)
        for label in (0, 1)
        for track in (0, 1)
    ]
    folder = write_shards(tmp_path / "shards", records)
    index = index_shards([folder], "val")
    found = clip_index(index, 2)
    assert len(found) == 4 * 3
    whose = dict(
        zip(index.offset.tolist(), zip(index.video, index.track, strict=True), strict=True)
    )
    for clip, video, track in zip(found.offset, found.video, found.track, strict=True):
        assert {whose[offset] for offset in clip.tolist()} == {(video, track)}
    assert len(set(zip(found.video.tolist(), found.track.tolist(), strict=True))) == 4


def test_shapes_and_steps_are_known(folder):
    dataset = load_dataset(folder, "train", 4, image_size=48, clip_frames=FRAMES)
    assert dataset.element_spec[0] == tf.TensorSpec((4, FRAMES, 48, 48, 3), tf.uint8)
    # Four sources, real and fake, two clips each.
    assert dataset.cardinality() == len(list(dataset)) == 16 // 4
    assert steps_per_epoch(folder, "train", 4, clip_frames=FRAMES) == 4


def test_pairs_go_by_together(folder):
    dataset = load_dataset(
        folder, "train", 4, clip_frames=FRAMES, sampling="paired", metadata=True, seed=2
    )
    _, labels, metadata = collect(dataset)
    assert labels.tolist() == [0, 1] * 8
    for name in ("source", "frame"):
        np.testing.assert_array_equal(metadata[name][::2], metadata[name][1::2])
    assert len({tuple(each) for each in metadata["frame"].tolist()}) == 2


def still(positions, landmarks):
    """Videos whose frames are all one picture; the boxes differ."""
    records = []
    for source in ("a", "b"):
        image = make_record("train", source, 0, 0).image
        for position in range(positions):
            for label in (0, 1):
                marked = {} if landmarks and not label else {"landmarks": np.zeros((0, 2))}
                box = (0, 0, 40 + position, 40)
                records.append(
                    make_record("train", source, position, label, image=image, box=box, **marked)
                )
    return records


@pytest.mark.parametrize("augment", ["strong", "video"])
@pytest.mark.parametrize("self_blend", [0.0, 1.0])
def test_a_clip_is_augmented_alike(tmp_path, augment, self_blend):
    """What stood still stands still, and nothing else does."""
    records = still(4, landmarks=True)
    if self_blend:
        marks = records[0].landmarks
        records = [
            make_record(
                "train",
                each.source,
                each.position,
                each.label,
                image=each.image,
                landmarks=each.landmarks if each.label else marks,
            )
            for each in records
        ]
    folder = write_shards(tmp_path / "shards", records, per_shard=8)
    images, _ = collect(
        load_dataset(
            folder,
            "train",
            4,
            clip_frames=2,
            sampling="paired",
            augment=augment,
            self_blend=self_blend,
            blending="strong",
        )
    )
    assert images.shape[:2] == (8, 2)
    np.testing.assert_array_equal(images[:, 0], images[:, 1])
    assert len(np.unique(images[::2, 0].reshape(4, -1), axis=0)) == 4


def test_single_crops_are_augmented_apart(tmp_path):
    """The limit that the test above needs: without clips the same frames differ."""
    folder = write_shards(tmp_path / "shards", still(2, landmarks=False))
    images, _ = collect(load_dataset(folder, "train", 8, augment="strong"))
    assert len(np.unique(images.reshape(8, -1), axis=0)) == 8


def test_every_frame_keeps_its_own_picture(folder):
    """A mirrored clip is its frames mirrored."""
    options = {"clip_frames": FRAMES, "sampling": "paired", "metadata": True}
    plain, _, described = collect(load_dataset(folder, "train", 4, **options))
    flipped, _, again = collect(
        load_dataset(folder, "train", 4, augment=Augmentation(flip=1.0), **options)
    )
    np.testing.assert_array_equal(described["frame"], again["frame"])
    np.testing.assert_array_equal(flipped, plain[:, :, :, ::-1])


def test_a_clip_has_one_resolution(tmp_path):
    """A face that grows in the video, as stored equally large, is not made coarser with time."""
    footage = Footage(faces=(24, 24), noise=0.0, camera=0.0, h264=0.0)
    image = make_record("train", "a", 0, 0).image
    records = [
        make_record("train", "a", n, label, image=image, box=(0, 0, side, side))
        for n, side in enumerate((40, 160))
        for label in (0, 1)
    ]
    folder = write_shards(tmp_path / "shards", records)
    options = {"clip_frames": 2, "augment": Augmentation(footage=footage)}
    images, _ = collect(load_dataset(folder, "train", 2, **options))
    np.testing.assert_array_equal(images[:, 0], images[:, 1])


def test_a_function_of_seed_and_epoch_whatever_the_threads_and_workers(folder):
    options = {"clip_frames": FRAMES, "sampling": "paired", "seed": 3}
    options["augment"] = Augmentation(shift=0.05, flip=0.5)
    whole = load_dataset(folder, "train", 4, num_parallel_calls=1, **options)
    first, second = (collect(whole)[0] for _ in range(2))
    assert (first != second).any()
    again = load_dataset(folder, "train", 4, num_parallel_calls=8, first_epoch=1, **options)
    np.testing.assert_array_equal(collect(again)[0], second)
    parts = [
        [batch[0] for batch in load_dataset(folder, "train", 4, shard=(n, 2), **options)]
        for n in range(2)
    ]
    joined = np.concatenate([np.concatenate(step) for step in zip(*parts, strict=True)])
    np.testing.assert_array_equal(joined, first)


def test_a_face_with_fewer_crops_stands_still_at_its_last(tmp_path):
    records = clips("val", 1, positions=3) + [make_record("val", "x", n, 0) for n in range(2)]
    folder = write_shards(tmp_path / "shards", records)
    _, _, metadata = collect(load_dataset(folder, "val", 3, clip_frames=3, metadata=True))
    assert metadata["frame"].tolist()[-1] == [0, 10, 10]


def test_what_shards_cannot_give(folder):
    with pytest.raises(
        UserError, match=r"most has one with 7. Prepare .* --frames-per-video 8 .* clip_frames=8"
    ):
        load_dataset(folder, "val", 2, clip_frames=8)
    with pytest.raises(ValueError, match="`clip_frames` must be 1 or more"):
        load_dataset(folder, "val", 2, clip_frames=0)
    with pytest.raises(UserError, match="only 16 clips, too few for a batch"):
        load_dataset(folder, "train", 32, clip_frames=3)


def test_a_clip_without_all_landmarks_is_not_blended(tmp_path):
    records = [
        make_record("train", "a", n, label, **({"landmarks": np.zeros((0, 2))} if n == 3 else {}))
        for n in range(4)
        for label in (0, 1)
    ]
    folder = write_shards(tmp_path / "shards", records)
    _, _, metadata = collect(
        load_dataset(
            folder, "train", 4, clip_frames=2, sampling="paired", self_blend=1.0, metadata=True
        )
    )
    methods = dict(zip(metadata["frame"][1::2, 0].tolist(), metadata["method"][1::2], strict=True))
    assert methods == {0: b"self_blend", 20: b"swap"}


def test_one_crop_a_clip_is_the_crops(folder):
    """The limit case, augmentation and all."""
    options = {"sampling": "natural", "augment": "strong", "seed": 5}
    crops, labels = collect(load_dataset(folder, "train", 4, **options))
    single, others = collect(load_dataset(folder, "train", 4, clip_frames=1, **options))
    np.testing.assert_array_equal(single[:, 0], crops)
    np.testing.assert_array_equal(others, labels)
