"""Where every face crop lies in the shards, and what sampling needs to know of it.

Records are found without reading their pictures, which are nearly all of a file. Damage to a
picture shows when the record is read.
"""

import functools
import os
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from keras_madd.data.example_codec import decode_example
from keras_madd.data.shards import shard_files
from keras_madd.data.shards_description import DATASET_JSON, load_dataset_json
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input
from keras_madd.support.schema import shown

_HEADER, _FOOTER = 12, 4  # Bytes of a record's length with its checksum, and of its own.
_AHEAD = 1024  # Bytes that are read at once.
_LONGEST_KEY = 64  # An entry's beginning, with its key, has fewer bytes.
_NO_LANDMARKS = 24  # The entry of an empty list has fewer bytes.
_WANTED = frozenset((b"label", b"position", b"source", b"track", b"video", b"frame"))


@dataclass(frozen=True, eq=False)
class ShardIndex:
    """The face crops, or the clips, of one split of some folders; arrays have one entry for each.

    Attributes:
        files: Paths of the shards.
        folders: Number of each shard's folder, from 0 in the order given.
        file: int64, number of the crop's shard in `files`.
        offset: int64, place of the crop's record in its shard, in bytes; of clips `(N, T)`, in the
            order of time.
        label: int64, 0 real, 1 fake.
        group: int64, equal for crops of one source and position in one folder.
        source: int64, number of the source.
        video: int64, number of the video.
        frame: int64, index of the frame in its video; of a clip its first.
        track: int64, number of the face in its video.
        has_landmarks: bool; of a clip whether all its crops have some.
    """

    files: tuple[str, ...]
    folders: tuple[int, ...]
    file: np.ndarray
    offset: np.ndarray
    label: np.ndarray
    group: np.ndarray
    source: np.ndarray
    video: np.ndarray
    frame: np.ndarray
    track: np.ndarray
    has_landmarks: np.ndarray

    def __len__(self) -> int:
        return len(self.label)

    @property
    def unit(self) -> str:
        """What an entry is, in words."""
        return "clips" if self.offset.ndim == 2 else "face crops"


def index_shards(folders: Sequence[str | os.PathLike], split: str) -> ShardIndex:
    """Finds all face crops of a split.

    Args:
        folders: Folders of shards.
        split: "train", "val" or "test".

    Raises:
        UserError: A folder has no such split or is incomplete, or a file is damaged.
    """
    files: list[str] = []
    folder_of: list[int] = []
    rows = []
    groups: dict[tuple[int, int], int] = {}
    sources: dict[tuple[int, bytes], int] = {}
    videos: dict[tuple[int, bytes], int] = {}
    for number, folder in enumerate(folders):
        records = {info.name: info.records for info in load_dataset_json(folder).shards}
        for path in shard_files(folder, split):
            state = path.stat()
            crops = _index_file(path, state.st_mtime_ns, state.st_size)
            if len(crops) != records[path.name]:
                raise UserError(
                    f"{path}: {len(crops)} records, but {DATASET_JSON} says {records[path.name]}."
                )
            for source_name, position, video_name, *row in crops:
                source = sources.setdefault((number, source_name), len(sources))
                group = groups.setdefault((source, position), len(groups))
                video = videos.setdefault((number, video_name), len(videos))
                rows.append((len(files), group, source, video, *row))
            files.append(str(path))
            folder_of.append(number)
    if not rows:
        raise UserError(
            f"{' and '.join(str(folder) for folder in folders)}: no face crops in the "
            f"{split!r} split; {DATASET_JSON} says why."
        )
    names = ("file", "group", "source", "video", "frame", "offset", "label", "track")
    *columns, marked = np.array(rows, np.int64).T
    found = dict(zip(names, columns, strict=True))
    return ShardIndex(
        files=tuple(files),
        folders=tuple(folder_of),
        **found,
        has_landmarks=marked.astype(bool),
    )


@functools.lru_cache(maxsize=65536)
def _index_file(path: Path, changed: int, size: int) -> tuple[tuple, ...]:
    """What is wanted of every record, in the order of `_iterate`."""
    check_input(path)
    try:
        with path.open("rb") as file:
            return tuple(_iterate(file, size))
    except (struct.error, ValueError, KeyError, IndexError) as error:
        raise UserError(f"{path}: a damaged shard ({error}).") from None


def _iterate(file: BinaryIO, size: int) -> Iterator[tuple]:
    """Source, position, video, frame, offset, label, track, whether there are landmarks."""
    offset = 0
    while offset < size:
        length = struct.unpack("<Q", os.pread(file.fileno(), 8, offset))[0]
        start = offset + _HEADER
        if start + length + _FOOTER > size:
            raise ValueError(f"the record at byte {offset} is cut off")
        lengths, kept = _walk(file.fileno(), start, start + length)
        features = decode_example(b"\x0a" + _varint(len(kept)) + kept)
        found = {name.decode(): features[name.decode()][0] for name in _WANTED}
        wrong = _first_wrong(found)
        if wrong:
            raise ValueError(f"the record at byte {offset}: {wrong}")
        before = (found[name] for name in ("source", "position", "video", "frame"))
        marked = lengths[b"landmarks"] > _NO_LANDMARKS
        yield *before, offset, found["label"], found["track"], marked
        offset = start + length + _FOOTER


def _first_wrong(found: dict[str, object]) -> str | None:
    label = found["label"]
    if type(label) is not int or label not in (0, 1):
        return f"`label` must be 0 (real) or 1 (fake). Received: label={shown(label)}"
    for name in ("position", "frame", "track"):
        if type(found[name]) is not int:
            return f"`{name}` must be a whole number. Received: {name}={shown(found[name])}"
    for name in ("source", "video"):
        if not isinstance(found[name], bytes):
            return f"`{name}` must be a text."
    return None


def _walk(file: int, start: int, end: int) -> tuple[dict[bytes, int], bytes]:
    """Goes through a serialized `tf.train.Example` in bytes `start` to `end` of a file.

    Its one field is the map of features, each entry of which has its key first.

    Returns:
        Key -> bytes of its entry, and the entries of `_WANTED` as they stand.
    """
    held, first = os.pread(file, min(_AHEAD, end - start), start), start
    tag, place = held[0], 1
    length, place = _read_varint(held, place)
    if tag != 0x0A or start + place + length != end:
        raise ValueError(f"the record at byte {start - _HEADER} is no face crop")
    lengths, kept = {}, []
    while first + place < end:
        if place + _LONGEST_KEY > len(held) and first + len(held) < end:
            first, place = first + place, 0
            held = os.pread(file, min(_AHEAD, end - first), first)
        entry = place
        tag, (length, place) = held[place], _read_varint(held, place + 1)
        following = place + length
        key_tag, (key_length, place) = held[place], _read_varint(held, place + 1)
        if tag != 0x0A or key_tag != 0x0A or first + following > end:
            raise ValueError(f"the record at byte {start - _HEADER} is no face crop")
        key = held[place : place + key_length]
        lengths[key] = length
        if key in _WANTED:
            inside = following <= len(held)
            kept.append(
                held[entry:following]
                if inside
                else os.pread(file, following - entry, first + entry)
            )
        place = following
    return lengths, b"".join(kept)


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    """A number, and the place behind it."""
    value = shift = 0
    while True:
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
