"""Finding video files."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from keras_madd.support.finding import find_files

VIDEO_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("3gp", "asf", "avi", "flv", "m2ts", "m4v", "mkv", "mov", "mp4"),
        *("mpeg", "mpg", "mts", "ogv", "ts", "webm", "wmv"),
    )
)


def find_videos(paths: Iterable[str | os.PathLike]) -> Iterator[Path]:
    """Returns the files named, and the videos inside the folders named, in order of their names.

    A file is yielded whatever its ending; inside folders only those with a video's ending are,
    and hidden ones are passed over.
    """
    return find_files(paths, VIDEO_SUFFIXES)
