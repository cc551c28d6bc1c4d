"""Finding files."""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

# Folders of thumbnails and of deleted files, which systems and their archives put among one's own.
_OF_SYSTEMS = {"@eadir", "#recycle", "__macosx", "$recycle.bin", "system volume information"}


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is no user's own: hidden, or made by a system."""
    return name.startswith(".") or name.casefold() in _OF_SYSTEMS


def find_files(
    paths: Iterable[str | os.PathLike], suffixes: Collection[str], passed_over: tuple[str, ...] = ()
) -> Iterator[Path]:
    """Yields the files named, and those of some kinds inside the folders named, by their names.

    A file is yielded whatever its ending; inside folders only those with one of `suffixes` are,
    and hidden ones are passed over. Links are followed; a folder that several lead to is searched
    once. One that cannot be searched is yielded itself: reading it says why.

    Args:
        paths: Files and folders.
        suffixes: Endings in small letters, such as `".png"`.
        passed_over: Ends of the names of files inside folders that are left out all the same.
    """
    for path in map(Path, paths):
        if not os.path.isdir(path):  # False for a name that no file can have.
            yield path
            continue
        for found, is_folder in inside(path):
            name = os.path.basename(found)
            is_wanted = os.path.splitext(name)[1].lower() in suffixes
            if is_folder or (is_wanted and not name.endswith(passed_over)):
                yield Path(found)


def inside(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yields files at any depth, by their names, and folders that cannot be searched, with True.

    Hidden ones and dead links are passed over. Without recursion, since folders may lie in each
    other deeper than Python's stack.
    """
    seen, stack = set(), [(os.fspath(folder), True)]
    while stack:
        path, is_folder = stack.pop()
        if not is_folder:
            yield path, False
            continue
        try:
            status = os.stat(path)
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(path) as found:
                shown = [entry for entry in found if not is_hidden(entry.name)]
        except OSError:
            yield path, True
            continue
        for entry in sorted(shown, key=lambda entry: entry.name, reverse=True):
            with suppress(OSError):  # A link in a circle.
                if entry.is_dir() or entry.is_file():
                    stack.append((entry.path, entry.is_dir()))
