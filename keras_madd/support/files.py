"""Which files may be read and written; writing them whole or not at all; finding them."""

import json
import os
import stat
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_madd.support.errors import UserError
from keras_madd.support.staging import remove_leftovers, staging

STANDARD_OUTPUT = "-"


def check_output(
    path: str | os.PathLike,
    *,
    overwrite: bool = False,
    inputs: Iterable[str | os.PathLike] = (),
) -> None:
    """Decide whether a command may write a file of this name; every output passes through here.

    Never written over: a folder, a link, a device, a FIFO, a socket, and what the command reads.
    Any other file is only replaced by those who were told to.

    Args:
        path: The file to write.
        overwrite: Whether an existing file may be replaced.
        inputs: Files that the command reads; they stay, whatever `overwrite` says.

    Raises:
        UserError: If it may not, or the folder is missing or cannot be written to.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}.")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"The folder {path.parent} cannot be written to.")
    check_replaceable(path, overwrite=overwrite, inputs=inputs)


def check_outputs(
    paths: Iterable[str | os.PathLike],
    *,
    overwrite: bool = False,
    inputs: Iterable[str | os.PathLike] = (),
) -> None:
    """`check_output` of several files, before a command begins; cleans up after killed ones.

    Standard output is always fine.
    """
    inputs = list(inputs)
    for path in paths:
        if os.fspath(path) != STANDARD_OUTPUT:
            check_output(path, overwrite=overwrite, inputs=inputs)
            remove_leftovers(Path(path).parent)


def check_replaceable(
    path: Path, *, overwrite: bool = False, inputs: Iterable[str | os.PathLike] = ()
) -> None:
    """The part of `check_output` that looks at what stands under the name, if anything does."""
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from None
    if not stat.S_ISREG(found.st_mode):
        raise UserError(f"{path} is {_kind(found.st_mode)}; only files are written.")
    if any(_is_same(found, each) for each in inputs):
        raise UserError(f"{path} is read by this command and is not overwritten.")
    if not overwrite:
        raise UserError(f"{path} exists; --overwrite replaces it.")


def check_input(path: str | os.PathLike) -> None:
    """Raise a UserError where there is no file to read, such as for a FIFO, which never ends.

    Args:
        path: The file; links are followed.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None
    except ValueError:
        raise UserError(f"{path}: not the name of a file.") from None
    if not stat.S_ISREG(mode):
        raise UserError(f"{path}: this is {_kind(mode)}, not a file.")


@contextmanager
def replacing(path: str | os.PathLike, overwrite: bool = False) -> Iterator[Path]:
    """Yields a path to write to; on success that file becomes `path`, in one step.

    After an error nothing is left of it. It has the name of `path`, in a folder of its own beside
    it: some writers insist on the ending.

    Args:
        path: The file to write.
        overwrite: Whether an existing file is replaced.

    Raises:
        UserError: If `check_output` does not allow it, or the folder is removed meanwhile.
    """
    path = Path(path)
    check_output(path, overwrite=overwrite)
    try:
        with staging(path.parent) as folder:
            yield folder / path.name
            # Somebody may have put something there meanwhile.
            check_output(path, overwrite=overwrite)
            (folder / path.name).replace(path)
    except Exception as error:
        if path.parent.is_dir():
            raise
        raise UserError(f"{path} cannot be written: its folder was removed meanwhile.") from error


def replace_file(path: str | os.PathLike, content: bytes, overwrite: bool = False) -> Path:
    """Writes a file through `replacing`, and returns its path."""
    with replacing(path, overwrite) as temporary:
        temporary.write_bytes(content)
    return Path(path)


def write_output(path: str | os.PathLike, content: bytes, overwrite: bool = False) -> None:
    """Writes what a command was asked for to a file, as `replace_file`, or to standard output.

    Args:
        path: The file; `"-"` is standard output.
        content: The whole of it.
        overwrite: Whether an existing file is replaced.
    """
    if os.fspath(path) != STANDARD_OUTPUT:
        replace_file(path, content, overwrite)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def json_bytes(content: object, allow_nan: bool = True) -> bytes:
    """Returns JSON text that people can read.

    A file name that is not UTF-8 comes to Python with lone surrogates, which UTF-8 cannot hold;
    they are written as JSON's escapes, and come back the same.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=allow_nan)
    return (text + "\n").encode("utf-8", "backslashreplace")


def find_files(
    paths: Iterable[str | os.PathLike], suffixes: Collection[str], passed_over: tuple[str, ...] = ()
) -> Iterator[Path]:
    """Yields the files named, and those of some kinds inside the folders named, by their names.

    A file is yielded whatever its ending; inside folders only those with one of `suffixes` are,
    and hidden ones are passed over.

    Args:
        paths: Files and folders.
        suffixes: Endings in small letters, such as `".png"`.
        passed_over: Ends of the names of files inside folders that are left out all the same.
    """
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        for found in sorted(path.rglob("*")):
            hidden = any(part.startswith(".") for part in found.relative_to(path).parts)
            if hidden or found.name.endswith(passed_over):
                continue
            if found.suffix.lower() in suffixes and found.is_file():
                yield found


def _is_same(found: os.stat_result, other: str | os.PathLike) -> bool:
    try:
        return os.path.samestat(found, os.stat(other))
    except (OSError, ValueError):
        return False


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a link",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFREG: "a file",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")
