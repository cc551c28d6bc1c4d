"""From records to augmented face crops: the graph operations of `load_dataset`."""

import atexit
import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf

from keras_madd.data.augmentation import Augmentation, draw
from keras_madd.data.augmentation_ops import change_pixels, cut_window, mirror
from keras_madd.data.footage import Take
from keras_madd.data.model_window import window_side
from keras_madd.data.self_blend import SelfBlend
from keras_madd.data.stored_pictures import decode_stored

_TEXTS = ("video", "method", "dataset", "source")
_SELF_BLEND = "self_blend"
# Seeds of independent streams: the augmentation of real crops and of their fakes.
_REAL, _FAKE = 0, 1
# In a mask of what was blended: nobody knows.
_UNKNOWN = -1.0


@atexit.register
def _end_readers() -> None:
    """Ends readers that nobody refers to any more while Python still runs the functions below.

    One that is left to the end of Python, as by Ctrl-C in a training step, waits for them for ever.
    """
    for name in ("last_exc", "last_value", "last_traceback"):
        if hasattr(sys, name):
            delattr(sys, name)
    gc.collect()


# Conditions are `tf.cond` already: nothing is left to convert.
_graph = tf.autograph.experimental.do_not_convert


@dataclass(frozen=True, eq=False)
class InputGraph:
    """The functions that `load_dataset` maps over its rows.

    Attributes:
        files: Paths of the shards.
        folders: Number of each shard's folder.
        settings: Of the augmentation.
        image_size: Side of the result in pixels.
        margin: Of the data set.
        seed: Everything random follows from it, the epoch and the number in the epoch.
        share: Whether a pair is always augmented alike.
        metadata: Whether crops are described.
        self_blend: Makes fakes, or `None`.
        clip_frames: T, crops of a clip, which get the same of everything; `None`: single crops.
        mask_size: Side of the masks of what was blended; `None`: labels are classes alone.
    """

    files: Sequence[str]
    folders: Sequence[int]
    settings: Augmentation
    image_size: int
    margin: float
    seed: int
    share: bool
    metadata: bool
    self_blend: SelfBlend | None
    clip_frames: int | None = None
    mask_size: int | None = None

    @_graph
    def read(self, places: tf.Tensor, blended: tf.Tensor, step: tf.Tensor) -> tf.data.Dataset:
        """A data set of one element: the records of a row, and what the row says beside."""

        def record(place):
            variant = tf.raw_ops.TFRecordDatasetV2(
                filenames=tf.gather(self.files, place[:1]),
                compression_type="",
                buffer_size=tf.constant(64 * 1024, tf.int64),
                byte_offsets=place[1:],
            )
            dataset = tf.data.experimental.from_variant(variant, tf.TensorSpec((), tf.string))
            return dataset.take(1)

        records = tuple(record(place) for place in tf.unstack(places))
        # Of the first record and, of a pair, of the fake's first.
        ends = places[:: max(1, places.shape[0] // 2), 0][:2]
        folders = tf.gather(tf.constant(self.folders, tf.int64), ends)
        beside = tf.data.Dataset.from_tensors((blended, step, folders))
        return tf.data.Dataset.zip((records, beside))

    @_graph
    def single(self, records: tuple, beside: tuple) -> tuple:
        """One crop or clip: image or images, label, metadata."""
        _, step, folders = beside
        crops, stream = [self._parse(each) for each in records], self._stream(step, _REAL)
        image = self._augment(self._filmed(crops, stream), crops, stream)
        return image, crops[0]["label"], self._describe(crops, folders[0])

    @_graph
    def pair(self, records: tuple, beside: tuple) -> tuple:
        """A real crop or clip and a fake, stacked: images, labels, metadata."""
        blended, step, folders = beside
        crops = [self._parse(each) for each in records]
        real, fake = crops[: len(crops) // 2], crops[len(crops) // 2 :]

        stream = self._stream(step, _REAL)
        fake_stream = stream if self.share else self._stream(step, _FAKE)
        if self.self_blend:
            fake_stream = tf.where(blended, stream, fake_stream)

        def stored():
            filmed = self._filmed(real, stream), self._filmed(fake, fake_stream)
            return *filmed, [tf.zeros((1, 1, 1), tf.uint8) for _ in fake]

        def blend():
            pairs = [
                tf.numpy_function(
                    self._blend,
                    [decode_stored(each["image"]), each["landmarks"], step, stream, _face(real)],
                    (tf.uint8, tf.uint8, tf.uint8),
                    stateful=False,
                )
                for each in real
            ]
            channels = 3, 3, 1
            return tuple(
                [tf.ensure_shape(each, (None, None, count)) for each in kind]
                for kind, count in zip(zip(*pairs, strict=True), channels, strict=True)
            )

        *images, masks = tf.cond(blended, blend, stored) if self.self_blend else stored()
        images = (
            self._augment(images[0], real, stream),
            self._augment(images[1], fake, fake_stream),
        )
        labels = tf.constant([0, 1], tf.int64)
        if self.mask_size is not None:
            mask = tf.cond(
                blended,
                lambda: self._small_mask(masks[0], real[0], stream),
                lambda: tf.fill((self.mask_size, self.mask_size, 1), _UNKNOWN),
            )
            labels = {"label": labels, "blend_mask": tf.stack([tf.zeros_like(mask), mask])}
        described = self._describe(real, folders[0]), self._describe(fake, folders[1], blended)
        metadata = {name: tf.stack([each[name] for each in described]) for name in described[0]}
        return tf.stack(images), labels, metadata

    @_graph
    def flatten(self, *batch: Any) -> tuple:
        """Pairs `(B / 2, 2, ...)` as a batch `(B, ...)`."""
        return tf.nest.map_structure(
            lambda each: tf.reshape(each, (2 * each.shape[0], *each.shape[2:])), batch
        )

    def _parse(self, serialized) -> dict:
        """As `parse_example`, but only what is wanted: it is a good part of the time."""
        format = {name: tf.io.FixedLenFeature([], tf.int64) for name in ("label", "frame")}
        format["image"] = tf.io.FixedLenFeature([], tf.string)
        format["margin"] = tf.io.FixedLenFeature([], tf.float32)
        format["box"] = tf.io.FixedLenFeature([4], tf.int64)
        if self.metadata:
            format |= {name: tf.io.FixedLenFeature([], tf.string) for name in _TEXTS}
        if self.self_blend:
            kind = tf.io.FixedLenSequenceFeature([2], tf.float32, allow_missing=True)
            format["landmarks"] = kind
        return tf.io.parse_single_example(serialized, format)

    def _describe(self, crops: list[dict], folder, blended=None) -> dict:
        if not self.metadata:
            return {}
        described = {name: crops[0][name] for name in _TEXTS}
        described["folder"] = folder
        described["frame"] = self._joined([crop["frame"] for crop in crops])
        if blended is not None:
            # A self-blended fake comes with its real crop's record.
            video = described["video"] + "+" + _SELF_BLEND
            described["method"] = tf.where(blended, _SELF_BLEND, described["method"])
            described["video"] = tf.where(blended, video, described["video"])
        return described

    def _joined(self, each: list):
        """One of a crop; of a clip a stack `(T, ...)`."""
        return each[0] if self.clip_frames is None else tf.stack(each)

    def _stream(self, step, stream: int) -> tf.Tensor:
        seed = tf.constant([self.seed & 0x7FFFFFFF, self.seed >> 31], tf.int32)
        for number in (step[0], step[1], stream):
            seed = tf.random.experimental.stateless_fold_in(seed, number)
        return seed

    def _augment(self, images: list, crops: list[dict], seed) -> tf.Tensor:
        """What the network sees of a crop, `(H, W, 3)`, or of a clip, `(T, H, W, 3)`."""
        drawn = self._drawn(seed)
        return self._joined([self._seen(*each, drawn) for each in zip(images, crops, strict=True)])

    def _drawn(self, seed) -> dict[str, Any] | None:
        return None if self.settings == Augmentation() else draw(self.settings, seed)

    def _seen(self, image, crop: dict, drawn: dict[str, Any] | None) -> tf.Tensor:
        image = self._cut(image, crop, drawn)
        return image if drawn is None else change_pixels(image, drawn, self.settings)

    def _cut(self, image, crop: dict, drawn: dict[str, Any] | None) -> tf.Tensor:
        stored = tf.cast(tf.shape(image)[0], tf.float32), crop["margin"]
        if drawn is None:
            side = window_side(*stored, self.margin)
            return cut_window(image, side, tf.zeros(2), self.image_size)
        margin = self.margin if self.settings.margins is None else drawn["margin"]
        side = window_side(*stored, margin)
        return cut_window(image, side, drawn["shift"], self.image_size)

    def _small_mask(self, mask, crop: dict, seed) -> tf.Tensor:
        """A mask as the augmented crop has it, float32 `(mask_size, mask_size, 1)` in 0..1."""
        drawn = self._drawn(seed)
        mask = self._cut(mask, crop, drawn)
        if drawn is not None:
            mask = mirror(mask, drawn, self.settings)
        small = tf.image.resize(mask, (self.mask_size, self.mask_size), method="area")
        return tf.ensure_shape(small / 255, (self.mask_size, self.mask_size, 1))

    def _filmed(self, crops: list[dict], stream) -> list[tf.Tensor]:
        """Stored pictures as a video shows them, if the settings say so."""
        images = [decode_stored(crop["image"]) for crop in crops]
        if self.settings.footage is None:
            return images
        filmed = [
            tf.numpy_function(self._film, [image, stream, _face(crops)], tf.uint8, stateful=False)
            for image in images
        ]
        return [tf.ensure_shape(image, (None, None, 3)) for image in filmed]

    def _film(self, image: np.ndarray, stream: np.ndarray, face: np.ndarray) -> np.ndarray:
        take = self._take(image, stream, face)
        return take.publish(take.film(image))

    def _blend(self, image, landmarks, step, stream, face) -> tuple[np.ndarray, ...]:
        seed = (self.seed, *(int(number) for number in step))
        take = self._take(image, stream, face)
        assert self.self_blend is not None
        fake, real, mask = self.self_blend.blend(take.film(image), take.points(landmarks), seed)
        if self.mask_size is None:
            mask = mask[:1, :1]  # Nobody reads it.
        share = np.rint(255 * mask[..., None]).astype(np.uint8)
        return take.publish(real), take.publish(fake), share

    def _take(self, image: np.ndarray, stream: np.ndarray, face: np.ndarray) -> Take:
        if self.settings.footage is None:
            return Take()
        margin, box = face[0], face[1]
        stored = image.shape[0] / margin
        # What was enlarged to be stored has no more detail than it had.
        take = self.settings.footage.draw(stream.astype(np.uint32), min(stored, box))
        return replace(take, scale=take.scale * min(1.0, box / stored))


def _face(crops: list[dict]) -> tf.Tensor:
    """Margin of the stored picture, and longer side of the face in the original one.

    A clip's are its first crop's: a video has one resolution.
    """
    longer = tf.cast(tf.reduce_max(crops[0]["box"][2:]), tf.float32)
    return tf.stack([crops[0]["margin"], tf.maximum(longer, 1.0)])
