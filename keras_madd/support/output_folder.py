"""A folder of results that appears whole or not at all."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from keras_madd.support.errors import UserError


@contextlib.contextmanager
def output_folder(path: str | os.PathLike, overwrite: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `path` whose content moves to `path` at the end.

    After an error or Ctrl-C nothing is left behind and `path` is as it was. With `overwrite`,
    files of the same name are replaced and others are kept.

    Args:
        path: The folder to make, or an empty one.
        overwrite: Whether a folder that is not empty may be written into.

    Raises:
        UserError: If the folder is not empty, is no folder or cannot be written.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file, not a folder.")
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise UserError(f"The folder {path} is not empty; --overwrite writes into it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    except OSError as error:
        raise UserError(f"The folder {path} cannot be written: {error.strerror}.") from error
    if path.is_dir() and not os.access(path, os.W_OK):
        work.rmdir()
        raise UserError(f"The folder {path} cannot be written: permission denied.")
    try:
        yield work
        _move_into(work, path)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _move_into(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for entry in source.iterdir():
        if entry.is_dir():
            _move_into(entry, target / entry.name)
        else:
            entry.replace(target / entry.name)
