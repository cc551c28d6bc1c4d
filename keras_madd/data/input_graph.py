"""From records to augmented face crops: the graph operations of `load_dataset`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from keras_madd.data.augmentation import Augmentation, draw
from keras_madd.data.augmentation_ops import DCT, change_pixels, cut_window
from keras_madd.data.model_window import window_side
from keras_madd.data.self_blend import SelfBlend

_TEXTS = ("video", "method", "dataset", "source")
_DESCRIBED = (*_TEXTS, "frame")
_SELF_BLEND = "self_blend"
# Seeds of independent streams: the augmentation of real crops and of their fakes.
_REAL, _FAKE = 0, 1


# Conditions are `tf.cond` already: nothing is left to convert.
_graph = tf.autograph.experimental.do_not_convert


class InputGraph:
    """The functions that `load_dataset` maps over its rows.

    Args:
        files: Paths of the shards.
        settings: Of the augmentation.
        image_size: Side of the result in pixels.
        margin: Of the data set.
        seed: Everything random follows from it, the epoch and the number in the epoch.
        share: Whether a pair is always augmented alike.
        metadata: Whether crops are described.
        self_blend: Whether fakes are to be made.
    """

    def __init__(
        self,
        files: Sequence[str],
        settings: Augmentation,
        image_size: int,
        margin: float,
        seed: int,
        share: bool,
        metadata: bool,
        self_blend: bool,
    ):
        self._files = list(files)
        self._settings = settings
        self._image_size = image_size
        self._margin = margin
        self._seed = seed
        self._share = share
        self._metadata = metadata
        self._self_blend = SelfBlend() if self_blend else None

    @_graph
    def read(self, places, blended, step) -> tf.data.Dataset:
        """A data set of one element: the records of a row, and what the row says beside."""

        def record(place):
            variant = tf.raw_ops.TFRecordDatasetV2(
                filenames=tf.gather(self._files, place[:1]),
                compression_type="",
                buffer_size=tf.constant(64 * 1024, tf.int64),
                byte_offsets=place[1:],
            )
            dataset = tf.data.experimental.from_variant(variant, tf.TensorSpec((), tf.string))
            return dataset.take(1)

        records = tuple(record(place) for place in tf.unstack(places))
        beside = tf.data.Dataset.from_tensors((blended, step))
        return tf.data.Dataset.zip((records, beside))

    @_graph
    def single(self, records, beside) -> tuple:
        """One crop: image, label, metadata."""
        _, step = beside
        crop = self._parse(records[0])
        image = self._augment(_decode(crop["image"]), crop, self._stream(step, _REAL))
        return image, crop["label"], self._describe(crop)

    @_graph
    def pair(self, records, beside) -> tuple:
        """A real crop and a fake, stacked: images `(2, H, W, 3)`, labels `(2,)`, metadata."""
        blended, step = beside
        real, fake = self._parse(records[0]), self._parse(records[1])

        def stored():
            return _decode(real["image"]), _decode(fake["image"])

        def blend():
            images = tf.numpy_function(
                self._blend,
                [_decode(real["image"]), real["landmarks"], step],
                (tf.uint8, tf.uint8),
                stateful=False,
            )
            return tuple(tf.ensure_shape(image, (None, None, 3)) for image in images)

        images = tf.cond(blended, blend, stored) if self._self_blend else stored()
        stream = self._stream(step, _REAL)
        fake_stream = stream if self._share else self._stream(step, _FAKE)
        if self._self_blend:
            fake_stream = tf.where(blended, stream, fake_stream)
        images = (
            self._augment(images[0], real, stream),
            self._augment(images[1], fake, fake_stream),
        )
        described = self._describe(real), self._describe(fake, blended)
        metadata = {name: tf.stack([each[name] for each in described]) for name in described[0]}
        return tf.stack(images), tf.constant([0, 1], tf.int64), metadata

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
        if self._metadata:
            format |= {name: tf.io.FixedLenFeature([], tf.string) for name in _TEXTS}
        if self._self_blend:
            kind = tf.io.FixedLenSequenceFeature([2], tf.float32, allow_missing=True)
            format["landmarks"] = kind
        return tf.io.parse_single_example(serialized, format)

    def _describe(self, crop: dict, blended=None) -> dict:
        if not self._metadata:
            return {}
        described = {name: crop[name] for name in _DESCRIBED}
        if blended is not None:
            # A self-blended fake comes with its real crop's record.
            video = crop["video"] + "+" + _SELF_BLEND
            described["method"] = tf.where(blended, _SELF_BLEND, crop["method"])
            described["video"] = tf.where(blended, video, crop["video"])
        return described

    def _stream(self, step, stream: int) -> tf.Tensor:
        seed = tf.constant([self._seed & 0x7FFFFFFF, self._seed >> 31], tf.int32)
        for number in (step[0], step[1], stream):
            seed = tf.random.experimental.stateless_fold_in(seed, number)
        return seed

    def _augment(self, image, crop: dict, seed) -> tf.Tensor:
        stored = tf.cast(tf.shape(image)[0], tf.float32), crop["margin"]
        if self._settings == Augmentation():
            side = window_side(*stored, self._margin)
            return cut_window(image, side, tf.zeros(2), self._image_size)
        drawn = draw(self._settings, seed)
        margin = self._margin if self._settings.margins is None else drawn["margin"]
        side = window_side(*stored, margin)
        image = cut_window(image, side, drawn["shift"], self._image_size)
        return change_pixels(image, drawn, self._settings)

    def _blend(self, image: np.ndarray, landmarks: np.ndarray, step: np.ndarray) -> tuple:
        seed = (self._seed, *(int(number) for number in step))
        fake, real, _ = self._self_blend.blend(image, landmarks, seed)
        return real, fake


def _decode(image) -> tf.Tensor:
    # Reads PNG as well.
    return tf.io.decode_jpeg(image, channels=3, dct_method=DCT)
