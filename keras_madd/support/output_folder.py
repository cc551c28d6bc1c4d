"""A folder of results that appears whole or not at all."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from keras_madd.support.errors import UserError
from keras_madd.support.files import check_folder, check_replaceable, named_when_full
from keras_madd.support.staging import BusyError, is_staging, remove_leftovers, staging


@contextlib.contextmanager
def output_folder(
    path: str | os.PathLike,
    overwrite: bool = False,
    *,
    inputs: Iterable[str | os.PathLike] = (),
    names: Iterable[str] = (),
) -> Iterator[Path]:
    """Yield a temporary folder, in `path` or beside it, whose content moves to `path` at the end.

    After an error or Ctrl-C nothing is left behind and `path` is as it was. With `overwrite`,
    files of the same name are replaced and others are kept. One process at a time writes.

    Args:
        path: The folder to make, or an empty one.
        overwrite: Whether a folder that is not empty may be written into.
        inputs: Files that the command reads; they stay, whatever `overwrite` says.
        names: Files that will be written, so that it is said at once where one may not be.

    Raises:
        UserError: If the folder is not empty, is no folder, cannot be written, is being written
            by another process, or holds something that may not be replaced.
    """
    inputs = list(inputs)
    check_output_folder(path, overwrite)
    target = Path(path).resolve()  # A folder may be a link; its file system is what counts.
    remove_leftovers(target)
    for name in names:
        check_replaceable(target / name, overwrite=overwrite, inputs=inputs)
    try:
        # One that is there may be a file system of its own, in a folder that nobody can write to.
        place = target if target.is_dir() else target.parent
        place.mkdir(parents=True, exist_ok=True)
        remove_leftovers(target.parent)
        work = contextlib.ExitStack()
        content = work.enter_context(staging(place, target.name))
    except BusyError:
        raise UserError(f"Another run is writing to {path}.") from None
    except OSError as error:
        raise UserError(f"The folder {path} cannot be written: {error.strerror}.") from error
    with named_when_full(path), work:
        yield content
        _move(content, target, overwrite, inputs)


def check_output_folder(path: str | os.PathLike, overwrite: bool) -> None:
    """Raise what `output_folder` would of the folder itself, before any work.

    Raises:
        UserError: If the folder is not empty, is no folder or cannot be written.
    """
    check_folder(path)
    folder = Path(path)
    if folder.is_dir() and not overwrite and not all(map(is_staging, folder.iterdir())):
        raise UserError(f"The folder {path} is not empty; --overwrite writes into it.")


def _move(content: Path, target: Path, overwrite: bool, inputs: list) -> None:
    found = sorted(content.rglob("*"))
    places = {each: target / each.relative_to(content) for each in found}
    for each, place in places.items():
        if not each.is_dir():
            check_replaceable(place, overwrite=overwrite, inputs=inputs)
        elif place.is_symlink() or (place.exists() and not place.is_dir()):
            raise UserError(f"{place} is in the way: it is no folder.")
    if not content.is_dir():
        raise UserError(f"{target} cannot be written: its folder was removed meanwhile.")
    target.mkdir(exist_ok=True)
    for each, place in places.items():
        if each.is_dir():
            place.mkdir(exist_ok=True)
        else:
            each.replace(place)
