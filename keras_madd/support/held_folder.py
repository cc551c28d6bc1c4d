"""A folder that one process at a time works in."""

import contextlib
import os
from collections.abc import Iterator

from keras_madd.support.errors import UserError


@contextlib.contextmanager
def held_folder(folder: str | os.PathLike) -> Iterator[None]:
    """Hold a folder that is worked in for long, and in which a later run goes on.

    The lock is the system's and on the folder itself: nothing is left of it, however the process
    ends. On systems, and file systems, without such locks nobody is kept out.

    Args:
        folder: The folder; it exists.

    Raises:
        UserError: If another process holds it, or it cannot be read.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        raise UserError(f"The folder {folder} cannot be read: permission denied.") from None
    try:
        with contextlib.suppress(OSError):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(f"Another run is at work in {folder}.") from None
        yield
    finally:
        os.close(descriptor)
