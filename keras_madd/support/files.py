"""Which files may be read and written; writing them whole or not at all."""

import errno
import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from keras_madd.support.errors import UserError
from keras_madd.support.staging import remove_leftovers, staging

STANDARD_OUTPUT = "-"
# The system's words for a disk, a quota or a file that can grow no more.
FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
    _check_output(Path(path), overwrite, _Identities(inputs))


def check_outputs(
    paths: Iterable[str | os.PathLike],
    *,
    overwrite: bool = False,
    inputs: Iterable[str | os.PathLike] = (),
) -> None:
    """`check_output` of several files, before a command begins; cleans up after killed ones.

    Standard output is always fine.
    """
    read = _Identities(inputs)
    files = [Path(path) for path in paths if os.fspath(path) != STANDARD_OUTPUT]
    for file in files:
        _check_output(file, overwrite, read)
    for folder in {file.parent for file in files}:
        remove_leftovers(folder)


def check_replaceable(
    path: Path, *, overwrite: bool = False, inputs: Iterable[str | os.PathLike] = ()
) -> None:
    """The part of `check_output` that looks at what stands under the name, if anything does."""
    _check_replaceable(path, overwrite, _Identities(inputs))


def check_folder(path: str | os.PathLike) -> None:
    """Decide, before any work, whether a folder of this name can be made and written in.

    Args:
        path: The folder; it and those above it need not exist.

    Raises:
        UserError: If something on the way is no folder, or may not be written in.
    """
    path = Path(path)
    # The last is the root, or the current folder, which are there.
    nearest = next(each for each in (path, *path.parents) if os.path.lexists(each))
    if not nearest.is_dir():
        raise UserError(f"{nearest} is a file, not a folder.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UserError(f"The folder {path} cannot be written: permission denied.")


def check_input(path: str | os.PathLike) -> None:
    """Raise a UserError where there is no file to read, such as for a FIFO, which never ends.

    Links are followed.
    """
    try:
        mode = os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror}.") from None
    except ValueError:
        raise UserError(f"{path}: not the name of a file.") from None
    if stat.S_ISDIR(mode) and not os.access(path, os.R_OK | os.X_OK):
        raise UserError(f"{path}: the folder cannot be read: Permission denied.")
    if not stat.S_ISREG(mode):
        raise UserError(f"{path}: this is {_kind(mode)}, not a file.")


@contextmanager
def replacing(path: str | os.PathLike, overwrite: bool = False) -> Iterator[Path]:
    """Yields a path to write to; on success that file becomes `path`, in one step.

    After an error nothing is left of it. It has the name of `path`, in a folder of its own beside
    it: some writers insist on the ending. That of a full disk names `path`.

    Args:
        path: The file to write.
        overwrite: Whether an existing file is replaced.

    Raises:
        UserError: If `check_output` does not allow it, or the folder is removed meanwhile.
    """
    path = Path(path)
    check_output(path, overwrite=overwrite)
    try:
        with named_when_full(path), staging(path.parent) as folder:
            yield folder / path.name
            # Somebody may have put something there meanwhile.
            check_output(path, overwrite=overwrite)
            (folder / path.name).replace(path)
    except Exception as error:
        if path.parent.is_dir():
            raise
        raise UserError(f"{path} cannot be written: its folder was removed meanwhile.") from error


@contextmanager
def named_when_full(path: str | os.PathLike) -> Iterator[None]:
    """The error of a full disk names what the user asked for, not what it is written as first."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL_DISK:
            raise
        raise OSError(error.errno, os.strerror(error.errno), os.fspath(path)) from error


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


class _Identities:
    """Which files some paths name, looked up when the first one is asked for."""

    def __init__(self, paths: Iterable[str | os.PathLike]):
        self._paths = paths
        self._known: set[tuple[int, int]] | None = None

    def __contains__(self, found: os.stat_result) -> bool:
        if self._known is None:
            self._known = set()
            for path in self._paths:
                with suppress(OSError, ValueError):
                    other = os.stat(path)
                    self._known.add((other.st_dev, other.st_ino))
        return (found.st_dev, found.st_ino) in self._known


def _check_output(path: Path, overwrite: bool, read: _Identities) -> None:
    if not path.parent.is_dir():
        raise UserError(f"There is no folder {path.parent}.")
    if not os.access(path.parent, os.W_OK):
        raise UserError(f"The folder {path.parent} cannot be written to.")
    _check_replaceable(path, overwrite, read)


def _check_replaceable(path: Path, overwrite: bool, read: _Identities) -> None:
    try:
        found = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from None
    if not stat.S_ISREG(found.st_mode):
        raise UserError(f"{path} is {_kind(found.st_mode)}; only files are written.")
    if found in read:
        raise UserError(f"{path} is read by this command and is not overwritten.")
    if not overwrite:
        raise UserError(f"{path} exists; --overwrite replaces it.")


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFLNK: "a link",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFREG: "a file",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")
