"""The JSON files of DeepfakeBench: their shape, and whom their videos show."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from keras_madd.datasets.sources import celebdf, dfd
from keras_madd.datasets.sources.listing import read_json
from keras_madd.datasets.sources.source_video import SPLITS
from keras_madd.support.errors import UserError

_FF = re.compile(r"([0-9]{3})(?:_[0-9]{3})?")
_DEEPER_FAKE = re.compile(r"([0-9]{3})_([MW][0-9]{3})")
_PREVIEW = re.compile(r"([0-9]+)_")
_DEEPER_REAL = re.compile(r"([MW][0-9]{3})_.+")


@dataclass(frozen=True)
class BenchVideo:
    """A video of the JSON.

    Attributes:
        method: Its class there, such as "FF-DF" or "CelebDFv2_real".
        compression: "" where the data set has but one.
        name: The video's.
        source: Key of the real video.
        people: Who is seen, first the one filmed; the source where nobody is known.
        identity: Who is filmed; "" where it is not known.
    """

    method: str
    compression: str
    name: str
    source: str
    people: tuple[str, ...]
    identity: str

    @property
    def label(self) -> int:
        """0 real, 1 fake."""
        return int(not self.method.casefold().endswith("real"))


@dataclass
class BenchList:
    """The content of a JSON.

    Attributes:
        dataset: Its name.
        splits: Video -> the splits that it is listed in.
        frames: Video -> its frames as listed.
        malformed: Number of entries without frames.
        compressions: Those that are there.
    """

    dataset: str
    splits: dict[BenchVideo, set[str]]
    frames: dict[BenchVideo, tuple[str, ...]]
    malformed: int
    compressions: set[str]


def is_bench_list(content: object) -> bool:
    """Whether a JSON looks like `{dataset: {class: {"train": ..., "test": ...}}}`."""
    if not isinstance(content, dict) or len(content) != 1:
        return False
    classes = next(iter(content.values()))
    return (
        isinstance(classes, dict)
        and bool(classes)
        and all(isinstance(by, dict) and set(by) <= set(SPLITS) for by in classes.values())
    )


def read_bench_list(file: Path, compression: str) -> BenchList:
    """Reads a JSON.

    Args:
        file: The file.
        compression: The one to take, where there are several.

    Raises:
        UserError: It is not a list of DeepfakeBench.
    """
    content = read_json(file, dict)
    if not is_bench_list(content):
        raise UserError(
            f"{file}: not a list of DeepfakeBench, which is "
            '{dataset: {class: {"train": {video: {"label": ..., "frames": [...]}}}}}.'
        )
    dataset, classes = next(iter(content.items()))
    wanted = ("", "raw", "c0") if compression in ("raw", "c0") else ("", compression)
    result = BenchList(dataset, {}, {}, 0, set())
    for method, by_split in classes.items():
        for split, videos in by_split.items():
            for level, name, facts in _flat(videos):
                frames = facts.get("frames") if isinstance(facts, dict) else None
                if not isinstance(frames, list) or not frames:
                    result.malformed += 1
                    continue
                result.compressions |= {level} - {""}
                if level in wanted:
                    video = BenchVideo(method, level, name, *read_name(method, name))
                    result.splits.setdefault(video, set()).add(split)
                    result.frames.setdefault(video, tuple(map(str, frames)))
    return result


def _flat(videos: object) -> Iterator[tuple[str, str, object]]:
    """Compression, name and facts of every video of a split."""
    if not isinstance(videos, dict):
        return
    for name, facts in videos.items():
        inner = isinstance(facts, dict) and all(isinstance(v, dict) for v in facts.values())
        if inner:
            yield from ((name, video, value) for video, value in facts.items())
        else:
            yield "", name, facts


def read_name(method: str, name: str) -> tuple[str, tuple[str, ...], str]:
    """Key of the real video, the people seen, and who is filmed, from a video's name."""
    if method.startswith("FF-") and (match := _FF.fullmatch(name)):
        return match[1], (match[1],), match[1]
    if method.startswith("CelebDF"):
        source, identity = celebdf.read_name(name)
        return source, (identity or source,), identity
    if method.startswith("DFD_") and (read := dfd.read_name(name)):
        return read[0], read[1], read[1][0]
    if method.startswith("DF_"):
        if match := _DEEPER_FAKE.fullmatch(name):
            return match[1], match.groups(), match[1]
        if match := _DEEPER_REAL.fullmatch(name):
            return name, (match[1],), match[1]
    if method.startswith("DFDCP_") and (match := _PREVIEW.match(name)):
        return match[1], (match[1],), match[1]
    source = name.removesuffix("_fake")
    return source, (source,), ""
