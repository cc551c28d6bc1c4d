"""load_dataset: shards in, batches of face crops out."""

import itertools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keras_madd.data.augmentation import Augmentation, named
from keras_madd.data.clips import clip_index
from keras_madd.data.epoch_plan import SHARDS_AT_ONCE, EpochPlan
from keras_madd.data.input_checks import check_arguments, common_margin, common_size
from keras_madd.data.remote_shards import local_shards
from keras_madd.data.self_blend import SelfBlend
from keras_madd.data.self_blends import named_self_blend
from keras_madd.data.shard_index import ShardIndex, index_shards
from keras_madd.data.shards import load_dataset_json
from keras_madd.data.worker_share import WorkerShare
from keras_madd.support.errors import UserError

if TYPE_CHECKING:
    import tensorflow as tf

Folders = str | os.PathLike | Sequence[str | os.PathLike]


def load_dataset(
    shards: Folders,
    split: str,
    batch_size: int,
    *,
    image_size: int | None = None,
    clip_frames: int | None = None,
    sampling: str = "natural",
    augment: str | Augmentation = "none",
    self_blend: float = 0.0,
    blending: str | SelfBlend = "varied",
    blend_masks: bool = False,
    seed: int = 0,
    shuffle: bool | None = None,
    repeat: bool = False,
    metadata: bool = False,
    first_epoch: int = 0,
    first_step: int = 0,
    share_augmentation: bool = True,
    shard: tuple[int, int] | None = None,
    num_parallel_calls: int | None = None,
) -> "tf.data.Dataset":
    """Builds the input of training or evaluation from folders of shards.

    The order and every random draw are a function of `seed` and the number of the epoch, whatever
    the number of threads. With `repeat` the epochs follow each other without end, from
    `first_epoch` and `first_step` on, so that a training that is continued sees what it would have
    seen: give `fit` the `steps_per_epoch` that `steps_per_epoch()` tells. Without, iterating the
    data set for the n-th time gives epoch `first_epoch + n`.

    Training reads the shards in a random order, 16 of them at a time, and leaves out the
    incomplete last batch. With balanced and paired sampling a batch is real, fake, real, fake ...;
    of paired sampling, and wherever a fake is self-blended, each real crop and the fake after it
    belong together and get the same augmentation.

    A picture of the train split is stored with some context, for a jitter of the margin; without
    augmentation its middle is taken, which is what a phone would cut out. Resizing is bilinear
    with half-pixel centres, smoothed first where it shrinks by more than 2. Val and test keep
    every crop, in the order of the shards, unchanged.

    With `clip_frames` an example is a clip: neighbouring crops of one face of one video, in the
    order of time, as `prepare` stored them, evenly spaced over the video. Every crop is in a clip;
    a face with fewer crops gives one that stands still at its last. All of a clip is augmented
    alike, noise, compression and self-blending included, so that nothing moves that did not
    before; the k-th clip of a real face is paired with the k-th of its fake.

    Several workers that train together give `shard=(index, count)`: the batch size stays that of
    all of them, and each reads its part of every batch. The parts of one step, in the order of the
    workers, are the batch of a single worker, augmentation and all, whatever their number. Where
    a split's last batch is incomplete, the last workers may have one batch less.

    Args:
        shards: A folder that `keras-madd prepare` wrote, or several of them, with the same
            margin; in a bucket (`s3://`, `gs://`) it is read from a copy in this user's cache.
        split: "train", "val" or "test".
        batch_size: Face crops in a batch, or clips, of all workers; even for balanced and paired
            sampling.
        image_size: Side of the pictures in pixels; by default that of the shards, and no larger.
        clip_frames: T, crops of a clip; `None`: single crops.
        sampling: "natural", "balanced" or "paired", as `EpochPlan` tells.
        augment: "none", "light", "strong" or "video", or an `Augmentation`.
        self_blend: Share of the fakes that give way to self-blended ones, 0 to 1; the real crop
            beside such a one is its target. Needs balanced or paired sampling, and landmarks.
        blending: How they are blended: a name in `SELF_BLENDS`, or a `SelfBlend`.
        blend_masks: Whether labels also tell where a fake was blended, as a network with
            `blend_mask_weight` learns it. Of single crops, with self-blending.
        seed: Not negative.
        shuffle: By default in training only.
        repeat: Whether epochs follow each other without end.
        metadata: Whether a third element tells what the crops are.
        first_epoch: Number of the first epoch, not negative.
        first_step: Batches of the first epoch that are left out and not read; needs `repeat`.
        share_augmentation: With paired sampling: whether a real crop and its fake are augmented
            alike. A self-blended fake and its real crop always are.
        shard: `(index, count)`: the number of this worker, from 0, and how many there are; by
            default it is the only one. Every worker gets the same number of whole pairs (or faces)
            of a batch.
        num_parallel_calls: Threads; by default as many as there are processors. The result does
            not depend on it.

    Returns:
        Batches of (images, labels): uint8 `(B, H, W, 3)` in 0..255, of clips `(B, T, H, W, 3)`,
        and int64 `(B,)`, 0 real and 1 fake; with `blend_masks` a dictionary of these, `label`, and
        `blend_mask`, float32 `(B, m, m, 1)`, m a sixteenth of the image size: the share of the
        source, 0 in real crops and -1 in fakes that were not self-blended. With `metadata` a third
        element, a dictionary of
        `(B,)`: `video`, `method`, `dataset`, `source` (strings), `folder` (int64, its number among
        `shards`: names are unique in one folder) and `frame` (int64, of clips `(B, T)`). A
        self-blended fake has the method "self_blend" and its real video's name with "+self_blend"
        after it. The number of batches is the data set's cardinality.

    Raises:
        UserError: The shards cannot give what is asked for.
        ValueError: An argument is out of its range.

    Example:
        >>> training = load_dataset("shards", "train", 32, sampling="paired", augment="light")
        >>> model.fit(training, epochs=10)
    """
    import tensorflow as tf

    settings = named(augment)
    named_blend = named_self_blend(blending)
    shuffle = split == "train" if shuffle is None else shuffle
    check_arguments(split, batch_size, sampling, settings, self_blend, seed, shuffle, first_epoch)
    if first_step < 0 or (first_step and not repeat):
        raise ValueError(
            "`first_step` must not be negative, and 0 without `repeat`. "
            f"Received: first_step={first_step}"
        )
    folders = _folders(shards, split)
    descriptions = [load_dataset_json(folder) for folder in folders]
    image_size = common_size(image_size, descriptions, folders)
    margin = common_margin(descriptions, folders)
    width = 1 if sampling == "natural" else 2
    worker = WorkerShare.of(shard, batch_size, width)
    index, plan = _plan(
        folders, split, batch_size, sampling, shuffle, self_blend, seed, clip_frames
    )
    if blend_masks and (not self_blend or clip_frames is not None):
        raise ValueError(
            "`blend_masks` needs self-blending of single crops. "
            f"Received: self_blend={self_blend!r}, clip_frames={clip_frames!r}"
        )
    calls = num_parallel_calls or os.cpu_count() or 1

    from keras_madd.data.input_graph import InputGraph

    share = share_augmentation and sampling == "paired"
    blend = named_blend if self_blend else None
    graph = InputGraph(
        index.files,
        index.folders,
        settings,
        image_size,
        margin,
        seed,
        share,
        metadata,
        blend,
        clip_frames,
        -(-image_size // 16) if blend_masks else None,
    )
    begin = first_epoch, first_step * worker.own_rows
    rows = _epochs(first_epoch, repeat).flat_map(
        lambda epoch: _rows(index, plan, worker, epoch, begin)
    )
    read = rows.interleave(
        graph.read,
        cycle_length=SHARDS_AT_ONCE,
        num_parallel_calls=min(calls, SHARDS_AT_ONCE),
        deterministic=True,
    )
    if sampling == "natural":
        crops = read.map(graph.single, num_parallel_calls=calls, deterministic=True)
        batches = crops.batch(worker.own_rows, drop_remainder=split == "train")
    else:
        pairs = read.map(graph.pair, num_parallel_calls=calls, deterministic=True)
        batches = pairs.batch(worker.own_rows, drop_remainder=True).map(graph.flatten)
    if not metadata:
        batches = batches.map(lambda images, labels, _: (images, labels))
    steps = -(-len(worker.of_epoch(plan.length)) // worker.own_rows)
    cardinality = tf.data.INFINITE_CARDINALITY if repeat else steps
    batches = batches.apply(tf.data.experimental.assert_cardinality(cardinality))
    options = tf.data.Options()
    options.deterministic = True
    # The thread that tunes sleeps for up to a minute, and in TensorFlow 2.21 may miss the call to
    # end: whoever drops an iterator, as every training does, waits for it.
    options.autotune.enabled = False
    return batches.with_options(options).prefetch(2)


def steps_per_epoch(
    shards: Folders,
    split: str,
    batch_size: int,
    *,
    clip_frames: int | None = None,
    sampling: str = "natural",
    self_blend: float = 0.0,
) -> int:
    """Returns the number of batches of an epoch of `load_dataset` with these arguments.

    Raises:
        UserError: As `load_dataset`.
        ValueError: As `load_dataset`.
    """
    check_arguments(split, batch_size, sampling, named("none"), self_blend, 0, split == "train", 0)
    folders = _folders(shards, split)
    _, plan = _plan(folders, split, batch_size, sampling, False, self_blend, 0, clip_frames)
    return plan.steps


def _plan(
    folders: list,
    split: str,
    batch_size: int,
    sampling: str,
    shuffle: bool,
    self_blend: float,
    seed: int,
    clip_frames: int | None,
) -> tuple[ShardIndex, EpochPlan]:
    index = index_shards(folders, split)
    if clip_frames is not None:
        index = clip_index(index, clip_frames)
    training = split == "train"
    if training and sampling == "natural" and index.label.min() == index.label.max():
        kind = "fake" if index.label.any() else "real"
        raise UserError(
            f"{' and '.join(map(str, folders))}: all face crops of the train split are {kind}; "
            "training needs both classes, or real ones and self-blending with balanced sampling."
        )
    return index, EpochPlan(index, batch_size, sampling, shuffle, self_blend, training, seed)


def _epochs(first_epoch: int, repeat: bool) -> "tf.data.Dataset":
    import numpy as np
    import tensorflow as tf

    if repeat:
        return tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max)
    count = itertools.count(first_epoch)
    once = tf.data.Dataset.range(1)
    return once.map(lambda _: tf.numpy_function(lambda: np.int64(next(count)), [], tf.int64))


def _rows(
    index: ShardIndex, plan: EpochPlan, worker: WorkerShare, epoch: Any, begin: tuple[int, int]
) -> "tf.data.Dataset":
    """What a worker reads, in order; `begin` is an epoch and how many of its rows are left out.

    Returns:
        Elements of (places `(width, 2)`, of clips `(width * T, 2)`: number of the file and offset
        in it of each crop; whether the fake is to be made; `(2,)`: epoch, number in the epoch).
    """
    import numpy as np
    import tensorflow as tf

    records = plan.width * index.offset[:1].size

    def draw(epoch):
        # All workers draw the whole epoch: what is drawn does not depend on their number.
        numbers = worker.of_epoch(plan.length)
        if int(epoch) == begin[0]:
            numbers = numbers[begin[1] :]
        crops = plan.rows(int(epoch))[numbers]
        missing = crops < 0
        # Where a fake is to be made, the real crop is read twice.
        crops = np.where(missing, crops[:, :1], crops)
        offsets = index.offset[crops].reshape(len(crops), records)
        files = np.repeat(index.file[crops], records // plan.width, axis=1)
        places = np.stack([files, offsets], axis=-1)
        steps = np.stack([np.full_like(numbers, epoch), numbers], axis=-1)
        return places, missing.any(axis=-1), steps

    drawn = tf.numpy_function(draw, [epoch], (tf.int64, tf.bool, tf.int64))
    for tensor, shape in zip(drawn, ((None, records, 2), (None,), (None, 2)), strict=True):
        tensor.set_shape(shape)
    return tf.data.Dataset.from_tensor_slices(tuple(drawn))


def _folders(shards: Folders, split: str) -> list:
    folders = [shards] if isinstance(shards, str | os.PathLike) else list(shards)
    if not folders:
        raise ValueError("`shards` must name at least one folder. Received: shards=[]")
    return [local_shards(folder, split) for folder in folders]
