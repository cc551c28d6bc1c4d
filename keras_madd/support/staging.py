"""Hidden folders for what is half written: held by a lock, gone at the end."""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

_PREFIX, _ENDING = ".keras-madd-", ".partial"
_LOCK, _CONTENT = "lock", "content"


class BusyError(Exception):
    """Another process is at work there."""


@contextlib.contextmanager
def staging(folder: Path, name: str = "") -> Iterator[Path]:
    """Make a hidden folder inside `folder`, and remove it with what is left in it at the end.

    Whoever is killed leaves it behind; its lock is free then, and `remove_leftovers` finds it.

    Args:
        folder: Where the results are to stand, so that they can be moved there in one step.
        name: What is written, where only one process at a time may do that.

    Raises:
        BusyError: If another process works under the same name.
        OSError: If the folder cannot be written to.
    """
    work, lock = _begin(folder, name)
    content = work / _CONTENT
    try:
        shutil.rmtree(content, ignore_errors=True)
        content.mkdir()
        yield content
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if lock is not None:
            os.close(lock)


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Remove what killed processes were writing in a folder; what others write now stays."""
    for work in Path(folder).glob(f"{_PREFIX}*{_ENDING}"):
        # Held by somebody, or on a file system without locks, where nobody can tell.
        with contextlib.suppress(BusyError, OSError):
            lock = _take(work)
            shutil.rmtree(work, ignore_errors=True)
            os.close(lock)


def is_staging(path: Path) -> bool:
    """Whether a path is such a hidden folder, of another process or left behind."""
    return path.name.startswith(_PREFIX) and path.name.endswith(_ENDING)


def _begin(folder: Path, name: str) -> tuple[Path, int | None]:
    """Make and lock a folder; where locks are unknown, only make it."""
    while True:
        work = folder / f"{_PREFIX}{name or secrets.token_hex(4)}{_ENDING}"
        work.mkdir(mode=0o700, exist_ok=bool(name))
        try:
            return work, _take(work)
        except FileNotFoundError:
            continue  # Whoever had it has just finished, or taken it for a leftover.
        except BusyError:
            if name:
                raise
        except OSError:
            return work, None


def _take(work: Path) -> int:
    try:
        import fcntl
    except ImportError as error:
        raise OSError("This system has no such locks.") from error
    path = work / _LOCK
    lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(lock), path.stat()):
            raise FileNotFoundError(path)
    except BlockingIOError as error:
        os.close(lock)
        raise BusyError from error
    except BaseException:
        os.close(lock)
        raise
    return lock
