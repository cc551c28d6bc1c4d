"""Face crops on disk: TFRecord shards with dataset.json and manifest.jsonl beside them.

A record is one face crop, a `tf.train.Example`. All crops that share a source video lie in one
shard, ordered by source, position, label, video and track: a real frame and its fakes are
neighbours. Nothing but `parse_example` needs TensorFlow.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from keras_madd.data.example_codec import decode_example, encode_example
from keras_madd.data.shards_description import (
    ShardInfo,
    ShardsDescription,
    load_dataset_json,
    save_dataset_json,
)
from keras_madd.data.tfrecord import frame_record, iterate_records
from keras_madd.support.errors import UserError
from keras_madd.support.files import replacing
from keras_madd.support.schema import shown
from keras_madd.support.tensor import Tensor

__all__ = [
    "CropRecord",
    "ShardInfo",
    "ShardsDescription",
    "load_dataset_json",
    "parse_example",
    "read_records",
    "save_dataset_json",
    "shard_files",
    "verify_shards",
    "write_shard",
]

_TEXTS = ("method", "dataset", "video", "source", "identity", "split")
_NUMBERS = ("label", "frame", "position", "track")


@dataclass(frozen=True, eq=False)
class CropRecord:
    """One face crop.

    Attributes:
        image: JPEG or PNG file.
        label: 0 real, 1 fake.
        method: "real" or the manipulation.
        dataset: Name of the data set.
        video: Name of the video, unique in the data set.
        source: Key that a real video and its fakes share.
        identity: The person, "" if unknown.
        split: "train", "val" or "test".
        frame: Index of the frame in the video.
        position: Which of the sampled frames it is, from 0.
        track: Number of the face's track in the video.
        box: `(x, y, width, height)` of the face in the frame, in pixels.
        margin: Of `crop_face`, for the picture as stored.
        landmarks: float32 `(L, 2)`, `(x, y)` in pixels of the stored picture; L may be 0.
    """

    image: bytes
    label: int
    method: str
    dataset: str
    video: str
    source: str
    identity: str
    split: str
    frame: int
    position: int
    track: int
    box: tuple[int, int, int, int]
    margin: float
    landmarks: np.ndarray

    @property
    def order(self) -> tuple:
        """Sorts the records of a shard."""
        return self.source, self.position, self.label, self.video, self.track

    def to_bytes(self) -> bytes:
        """Serializes the record as a `tf.train.Example`."""
        texts = {name: getattr(self, name) for name in _TEXTS}
        # A file's name may be no text: such bytes are told as numbers.
        features = {name: [text.encode(errors="backslashreplace")] for name, text in texts.items()}
        features |= {name: [int(getattr(self, name))] for name in _NUMBERS}
        features["image"] = [self.image]
        features["box"] = [int(value) for value in self.box]
        features["margin"] = [float(self.margin)]
        features["landmarks"] = np.float32(self.landmarks).reshape(-1).tolist()
        return encode_example(features)

    @classmethod
    def from_bytes(cls, serialized: bytes) -> "CropRecord":
        """Reads a serialized record.

        Raises:
            ValueError: It is no face crop.
        """
        features = decode_example(serialized)
        names = {field.name for field in fields(cls)}
        if absent := sorted(names - features.keys()):
            raise ValueError(f"`serialized` must have {', '.join(absent)}.")
        if len(features["box"]) != 4 or len(features["landmarks"]) % 2:
            raise ValueError("`serialized` must have a box of 4 and landmarks in pairs.")
        try:
            values = {name: features[name][0].decode() for name in _TEXTS}
            values |= {name: features[name][0] for name in (*_NUMBERS, "margin", "image")}
        except (IndexError, AttributeError, UnicodeDecodeError):
            raise ValueError("`serialized` must have one value for each name.") from None
        if wrong := _first_wrong(values | {"box": features["box"]}):
            raise ValueError(wrong)
        landmarks = np.array(features["landmarks"], np.float32).reshape(-1, 2)
        return cls(**values, box=tuple(features["box"]), landmarks=landmarks)


def _first_wrong(values: dict) -> str | None:
    for name in ("frame", "position", "track", "label", "box"):
        numbers = values[name] if name == "box" else [values[name]]
        if any(type(number) is not int for number in numbers):
            return f"`{name}` must hold whole numbers. Received: {name}={shown(values[name])}"
    for name, fits, wanted in (
        ("label", values["label"] in (0, 1), "0 (real) or 1 (fake)"),
        ("margin", isinstance(values["margin"], float) and 0 < values["margin"] < 100, "above 0"),
        ("image", isinstance(values["image"], bytes), "a picture"),
    ):
        if not fits:
            return f"`{name}` must be {wanted}. Received: {name}={shown(values[name])}"
    return None


def write_shard(path: str | os.PathLike, records: Iterable[CropRecord]) -> ShardInfo:
    """Writes a shard under a temporary name, and gives it its own once it is whole.

    Args:
        path: The file, `SPLIT-00012.tfrecord`; an existing one is replaced.
        records: In the order of `CropRecord.order`.

    Returns:
        The file's name, size and digest.

    Raises:
        ValueError: The records are out of order.
    """
    digest, count, size, last = hashlib.sha256(), 0, 0, None
    with replacing(path, overwrite=True) as temporary, temporary.open("wb") as file:
        for record in records:
            if last is not None and record.order <= last:
                raise ValueError(
                    "`records` must be ordered and different. "
                    f"Received: {record.order} after {last}"
                )
            last = record.order
            framed = frame_record(record.to_bytes())
            file.write(framed)
            digest.update(framed)
            count, size = count + 1, size + len(framed)
        file.flush()
        os.fsync(file.fileno())
    return ShardInfo(Path(path).name, count, size, digest.hexdigest())


def shard_files(shards_dir: str | os.PathLike, split: str | None = None) -> list[Path]:
    """Returns the shard files of a split, or all of them, in order.

    Raises:
        UserError: The folder is incomplete, has nothing of that split, or a file is missing or
            has another size than dataset.json says.
    """
    folder = Path(shards_dir)
    infos = _select(folder, split)
    for info in infos:
        path = folder / info.name
        if not path.is_file():
            raise UserError(f"{path}: no such file, but dataset.json lists it.")
        if path.stat().st_size != info.bytes:
            raise UserError(
                f"{path}: {path.stat().st_size} bytes, but dataset.json says {info.bytes}."
            )
    return [folder / info.name for info in infos]


def read_records(shards_dir: str | os.PathLike, split: str | None = None) -> Iterator[CropRecord]:
    """Reads the records of a split, or all of them, checking every checksum.

    Raises:
        UserError: As `shard_files`; a record is cut off or damaged (the message names the file
            and the record, counted from 0); or, after its last record, a file is not the one
            that dataset.json describes.
    """
    folder = Path(shards_dir)
    shard_files(folder, split)
    for info in _select(folder, split):
        path, digest, count = folder / info.name, hashlib.sha256(), 0
        for serialized in iterate_records(path, digest.update):
            try:
                yield CropRecord.from_bytes(serialized)
            except ValueError as error:
                raise UserError(f"{path}: record {count} is no face crop: {error}") from None
            count += 1
        if count != info.records:
            raise UserError(f"{path}: {count} records, but dataset.json says {info.records}.")
        if digest.hexdigest() != info.sha256:
            raise UserError(f"{path}: its SHA-256 is not the one in dataset.json.")


def verify_shards(shards_dir: str | os.PathLike, split: str | None = None) -> int:
    """Reads everything once; returns the number of records or raises as `read_records` does."""
    return sum(1 for _ in read_records(shards_dir, split))


def parse_example(serialized: Tensor) -> dict[str, Tensor]:
    """Parses a record inside a `tf.data` pipeline.

    Args:
        serialized: String tensor of shape `()`, a record as `tf.data.TFRecordDataset` gives it.

    Returns:
        Name -> tensor for every attribute of `CropRecord`: the image still encoded, a `()`
        string; texts `()` strings; numbers `()` int64; `box` `(4,)` int64; `margin` `()` float32;
        `landmarks` `(L, 2)` float32.
    """
    import tensorflow as tf

    format = {name: tf.io.FixedLenFeature([], tf.string) for name in (*_TEXTS, "image")}
    format |= {name: tf.io.FixedLenFeature([], tf.int64) for name in _NUMBERS}
    format["box"] = tf.io.FixedLenFeature([4], tf.int64)
    format["margin"] = tf.io.FixedLenFeature([], tf.float32)
    format["landmarks"] = tf.io.FixedLenSequenceFeature([2], tf.float32, allow_missing=True)
    return tf.io.parse_single_example(serialized, format)


def _select(folder: Path, split: str | None) -> list[ShardInfo]:
    infos = load_dataset_json(folder).shards
    if split is None:
        return list(infos)
    chosen = [info for info in infos if info.split == split]
    if not chosen:
        found = ", ".join(sorted({info.split for info in infos})) or "nothing"
        raise UserError(f"{folder} has no {split!r} split. It has: {found}.")
    return chosen
