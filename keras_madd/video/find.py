"""Finding video files."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

VIDEO_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("3gp", "asf", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4"),
        *("mpeg", "mpg", "mts", "ogv", "ts", "webm", "wmv"),
    )
)


def find_videos(paths: Iterable[str | os.PathLike]) -> Iterator[Path]:
    """Yields the files named, and the videos inside the folders named, in order of their names.

    A file is yielded whatever its ending; inside folders only those with a video's ending are,
    and hidden ones are passed over.

    Args:
        paths: Files and folders.
    """
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        for found in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in found.relative_to(path).parts)
            if found.suffix.lower() in VIDEO_SUFFIXES and not hidden and found.is_file():
                yield found
