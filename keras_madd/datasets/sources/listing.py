"""Looking into folders as people have them: any case, hidden files, links, no permission."""

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from keras_madd.media import VIDEO_SUFFIXES
from keras_madd.media.images import IMAGE_SUFFIXES
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input
from keras_madd.support.finding import is_hidden

Kind = TypeVar("Kind")

# Where the frames of a video lie when somebody has unpacked it, beside or instead of videos.
LEVELS = ("videos", "frames", "images")


def scan(folder: Path) -> list[os.DirEntry]:
    """What lies in a folder, in order of names, without hidden entries and dead links.

    Raises:
        UserError: The folder cannot be read.
    """
    try:
        with os.scandir(folder) as found:
            return sorted(
                (
                    entry
                    for entry in found
                    if not is_hidden(entry.name)
                    and not (entry.is_symlink() and not os.path.exists(entry.path))
                ),
                key=lambda entry: entry.name,
            )
    except OSError as error:
        raise UserError(f"{folder}: the folder cannot be read: {error.strerror}.") from None


def entries(folder: Path) -> list[Path]:
    """The paths of `scan`."""
    return [Path(entry.path) for entry in scan(folder)]


def folders(folder: Path) -> list[Path]:
    """The folders in a folder."""
    return [Path(entry.path) for entry in scan(folder) if entry.is_dir()]


def child(folder: Path, *names: str) -> Path | None:
    """The entry of a folder with one of these names in any case, the first name before others."""
    present = [entry.name for entry in scan(folder)]
    spelled = {name.casefold(): name for name in reversed(present)}
    for name in names:
        found = name if name in present else spelled.get(name.casefold())
        if found is not None:
            return folder / found
    return None


def descend(folder: Path, *levels: str) -> Path | None:
    """The folder reached by these names, in any case; None where one is missing."""
    found: Path | None = folder
    for name in levels:
        found = child(found, name) if found is not None and found.is_dir() else None
    return found if found is not None and found.is_dir() else None


def videos_in(folder: Path) -> dict[str, Path]:
    """The videos in a folder: files, or folders of frames, by their names without an ending.

    They lie in its folder `videos`, in itself, or in its folder `frames` or `images`; the first of
    these that holds some.
    """
    for level in (LEVELS[0], "", *LEVELS[1:]):
        place = folder if not level else child(folder, level)
        if place is None or not place.is_dir():
            continue
        found = {
            os.path.splitext(entry.name)[0]: Path(entry.path)
            for entry in scan(place)
            if os.path.splitext(entry.name)[1].lower() in VIDEO_SUFFIXES and entry.is_file()
        }
        if not found and level in LEVELS[1:]:
            found = {path.name: path for path in folders(place)}
        if found:
            return found
    return {}


def pictures_in(folder: Path) -> list[Path]:
    """The pictures in a folder, in the order of the numbers in their names."""
    found = [path for path in entries(folder) if path.suffix.lower() in IMAGE_SUFFIXES]
    return sorted((path for path in found if path.is_file()), key=natural)


def natural(path: Path) -> list[tuple]:
    """A sorting key that puts 10 after 9."""
    parts = re.findall(r"([0-9]+)|([^0-9]+)", path.stem)
    return [(0, int(digits), "") if digits else (1, 0, text) for digits, text in parts] + [
        (2, 0, path.name)
    ]


def read_json(path: Path, kind: type[Kind]) -> Kind:
    """Reads a list of a data set.

    Raises:
        UserError: It cannot be read, or holds something else than a `kind`.
    """
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        raise UserError(f"{path}: not valid JSON: {error}") from None
    if not isinstance(content, kind):
        raise UserError(f"{path}: expected a JSON {kind.__name__}, found another value.")
    return content


def read_table(path: Path, *columns: str) -> Iterator[tuple[int, list[str]]]:
    """Reads columns of a CSV file, row by row: the line that a row ends in, and its cells.

    Raises:
        UserError: It cannot be read, or a column is missing.
    """
    rows = csv.DictReader(io.StringIO(read_text(path), newline=""), strict=True)
    line = 0
    try:
        names, line = rows.fieldnames or (), rows.line_num
        if absent := [name for name in columns if name not in names]:
            raise UserError(
                f"{path}: there is no column {' or '.join(absent)}. "
                f"Received: {', '.join(names) or 'an empty file'}"
            )
        for row in rows:
            line = rows.line_num
            yield line, [(row[name] or "").strip() for name in columns]
    except csv.Error as error:
        # An open quote runs on to the file's end: the row that it began in is told.
        raise UserError(f"{path}: line {line + 1} is not valid CSV: {error}.") from None


def read_text(path: Path) -> str:
    """Reads a text file.

    Raises:
        UserError: It cannot be read.
    """
    check_input(path)
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path}: not a text file.") from None


def what_is_in(folder: Path, most: int = 8) -> str:
    """A few names of what lies in a folder, for a message."""
    names = [path.name + ("/" if path.is_dir() else "") for path in entries(folder)]
    if not names:
        return "nothing"
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if names[most:] else "")
