"""What a run will do, fixed before it starts: which videos go into which shard.

The same data set and settings give the same plan, so the plan of a run that was cut short is not
read back but compared with, and a run with anything different is refused.
"""

import hashlib
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keras_madd.data.shards_description import SPLITS
from keras_madd.datasets.prepare.group import Group
from keras_madd.datasets.prepare.settings import PrepareSettings
from keras_madd.datasets.sources import SourceVideo
from keras_madd.support.errors import UserError


@dataclass(frozen=True)
class Shard:
    """A shard to be made.

    Attributes:
        name: `SPLIT-00012`.
        groups: In the order of their sources, which is that of the shard's records.
    """

    name: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Plan:
    """A run.

    Attributes:
        settings: What is done with every video.
        videos: All videos; a video's number is its place here.
        shards: All shards.
        root: The data set's folder.
        missing: What the data set's own lists name and the disk lacks.
        notes: What the data set's reader left out or decided.
    """

    settings: PrepareSettings
    videos: tuple[SourceVideo, ...]
    shards: tuple[Shard, ...]
    root: Path
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict:
        """Returns what a later run must agree with. The root is left out: data sets may move."""
        videos = {}
        for video in self.videos:
            names = [str(_below(path, self.root)) for path in video.frames]
            if video.path is None or names:
                files = _digest("\n".join(names))
            else:
                files = str(_below(video.path, self.root))
            facts = (video.split, video.label, video.method, video.source, video.identity)
            videos[video.name] = [*facts, files]
        return {"settings": self.settings.to_json(), "videos": videos}


def make_plan(
    videos: Sequence[SourceVideo],
    settings: PrepareSettings,
    root: Path,
    missing: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Plan:
    """Distributes videos over shards.

    All videos of a source stay together. Sources are drawn into shards at random, so that every
    shard is a fair sample of its split.

    Args:
        videos: In a fixed order, names all different.
        settings: What is done with them; its splits and limit choose among them.
        root: The data set's folder.
        missing: What the data set's own lists name and the disk lacks.
        notes: What the data set's reader left out or decided.

    Raises:
        UserError: Two videos have the same name, or there are none.
    """
    named: dict[str, SourceVideo] = {}
    groups = defaultdict(list)
    for video in videos:
        if (other := named.setdefault(video.name, video)) is not video:
            first, second = (each.path or each.frames[0] for each in (other, video))
            raise UserError(
                f"{root}: two videos have the same name, {video.name}: {first} and {second}."
            )
        if not settings.splits or video.split in settings.splits:
            groups[video.split, video.source].append(video)
    if not groups:
        which = f" of {', '.join(settings.splits)}" if settings.splits else ""
        raise UserError(f"{root}: no videos{which}.")
    drawn = sorted(groups, key=lambda key: _digest(f"{settings.seed}/{key[0]}/{key[1]}"))
    if settings.limit:
        drawn = _limited(drawn, groups, settings.limit)
    chosen = sorted((video for key in drawn for video in groups[key]), key=lambda video: video.name)
    numbers = {video.name: number for number, video in enumerate(chosen)}
    shards = []
    for split in SPLITS:
        filled = _fill([key for key in drawn if key[0] == split], groups, settings)
        for shard_number, keys in enumerate(filled):
            name = f"{split}-{shard_number:05d}"
            # As the records of a shard are ordered.
            members = [
                Group(
                    f"{name}.{place:06d}",
                    tuple((numbers[video.name], video) for video in _real_first(groups[key])),
                )
                for place, key in enumerate(sorted(keys, key=lambda key: key[1]))
            ]
            shards.append(Shard(name, tuple(members)))
    return Plan(settings, tuple(chosen), tuple(shards), root, tuple(missing), tuple(notes))


def difference(before: dict, now: dict) -> str:
    """Says in a few words how two of `Plan.to_json` differ; "" if they do not."""
    settings, others = before["settings"], now["settings"]
    changed = [
        f"`{name}` was {settings.get(name)!r} and is {others.get(name)!r}"
        for name in sorted(settings | others)
        if _plain(settings.get(name)) != _plain(others.get(name))
    ]
    if changed:
        return "; ".join(changed)
    videos, others = before["videos"], now["videos"]
    gone, new = sorted(set(videos) - set(others)), sorted(set(others) - set(videos))
    moved = sorted(name for name in set(videos) & set(others) if videos[name] != others[name])
    parts = [
        f"{len(names)} videos {what}, {names[0]} for one"
        for names, what in ((gone, "are gone"), (new, "are new"), (moved, "are others"))
        if names
    ]
    return "; ".join(parts)


def _fill(keys, groups, settings: PrepareSettings) -> list[list]:
    """Groups of keys with at least `videos_per_shard` videos each, but for the last."""
    filled: list[list] = []
    size = settings.videos_per_shard
    for key in keys:
        if size >= settings.videos_per_shard:
            filled.append([])
            size = 0
        filled[-1].append(key)
        size += len(groups[key])
    return filled


def _limited(drawn, groups, limit: int) -> list:
    """The first groups, a turn for each split, that have `limit` videos or just above."""
    queues = [deque(key for key in drawn if key[0] == split) for split in SPLITS]
    queues = [queue for queue in queues if queue]
    chosen, count = [], 0
    while queues and count < limit:
        for queue in queues:
            if count < limit:
                chosen.append(queue.popleft())
                count += len(groups[chosen[-1]])
        queues = [queue for queue in queues if queue]
    kept = set(chosen)
    return [key for key in drawn if key in kept]


def _real_first(videos: list[SourceVideo]) -> list[SourceVideo]:
    return sorted(videos, key=lambda video: (video.label, video.name))


def _below(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


def _plain(value):
    return list(value) if isinstance(value, tuple) else value
