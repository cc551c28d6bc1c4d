"""Face crops out of shards, one source group at a time."""

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from keras_madd.data.clips import cut_clips
from keras_madd.data.remote_shards import local_shards
from keras_madd.data.shards import CropRecord, load_dataset_json, read_records
from keras_madd.support.errors import UserError
from keras_madd.support.remote import is_remote


@dataclass(frozen=True)
class SplitOfShards:
    """One split of one folder of shards.

    Attributes:
        origin: The folder as it was given, here or in a bucket.
        folder: Where it is on this machine.
        split: `"train"`, `"val"` or `"test"`.
        name: The data set's name in the results.
        crops: How many crops it holds.
        fingerprint: SHA-256 of the folder's `dataset.json`.
        margin: Of the data set's faces, over the longer side of the box.
    """

    origin: str
    folder: Path
    split: str
    name: str
    crops: int
    fingerprint: str
    margin: float


def open_splits(folders: Sequence[str | os.PathLike], split: str) -> list[SplitOfShards]:
    """Looks at folders of shards; to a data set's name in common the folders' own are added.

    Args:
        folders: On this machine or in a bucket, from where the split is fetched.
        split: `"train"`, `"val"` or `"test"`.

    Raises:
        UserError: If a folder holds no shards, or no crops of the split, or is given twice.
    """
    from keras_madd.inference.model_description import sha256_of

    opened = []
    for each in folders:
        origin, folder = os.fspath(each), Path(local_shards(each, split))
        described = load_dataset_json(folder)
        count = sum(info.records for info in described.shards if info.split == split)
        if not count:
            found = sorted({info.split for info in described.shards})
            raise UserError(
                f"{origin} has no crops of the split {split!r}; it has {', '.join(found)}."
            )
        fingerprint = sha256_of(folder / "dataset.json")
        opened.append(
            SplitOfShards(
                origin, folder, split, described.dataset, count, fingerprint, described.margin
            )
        )
    return _named_apart(opened)


def _named_apart(opened: list[SplitOfShards]) -> list[SplitOfShards]:
    """Adds to equal names as much of the folders' paths, from the end, as tells them apart."""
    named = []
    for each in opened:
        parts = _parts(each.origin)
        others = [
            _parts(other.origin)
            for other in opened
            if other is not each and other.name == each.name
        ]
        if parts in others:
            raise UserError(f"{each.origin} is given twice.")
        enough = next(
            (n for n in range(1, len(parts)) if all(p[-n:] != parts[-n:] for p in others)),
            len(parts),
        )
        ending = "/".join(parts[-enough:])
        named.append(replace(each, name=f"{each.name} ({ending})") if others else each)
    return named


def _parts(origin: str) -> tuple[str, ...]:
    return Path(origin if is_remote(origin) else Path(origin).resolve()).parts


def source_groups(split: SplitOfShards) -> Iterator[list[CropRecord]]:
    """Yields the records of each source video with its fakes, in the order of the shards."""
    records = read_records(split.folder, split.split)
    for _, group in itertools.groupby(records, key=lambda record: record.source):
        yield list(group)


def clips_of(group: Sequence[CropRecord]) -> Iterator[list[int]]:
    """Yields the indices of each face over time: one video, one track, by frame."""
    keys: dict[tuple[str, int], list[int]] = {}
    for index, record in enumerate(group):
        keys.setdefault((record.video, record.track), []).append(index)
    for indices in keys.values():
        yield sorted(indices, key=lambda index: group[index].frame)


def scored_together(group: Sequence[CropRecord], clip_frames: int | None) -> list[list[int]]:
    """Return the indices of the crops of each score: a crop, or a clip in the order of time.

    Args:
        group: Records of one source.
        clip_frames: Frames of a clip; None: single crops.
    """
    if clip_frames is None:
        return [[index] for index in range(len(group))]
    return [
        [indices[place] for place in clip]
        for indices in clips_of(group)
        for clip in cut_clips(len(indices), clip_frames).tolist()
    ]
