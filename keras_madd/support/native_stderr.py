"""Keeping the messages of native libraries off the terminal."""

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Iterator

_stderr_lock = threading.RLock()


@contextlib.contextmanager
def native_stderr_silenced() -> Iterator[None]:
    """Discard what is written to standard error by native code.

    Native code writes to file descriptor 2 directly, so that descriptor itself points to the null
    device meanwhile, for the whole process. Python exceptions are unaffected. Contexts in
    different threads wait for each other; in one thread they nest.
    """
    with open(os.devnull, "wb") as null, _redirected(null.fileno()):
        yield


@contextlib.contextmanager
def native_stderr_captured() -> Iterator[list[str]]:
    """Keep what is written to standard error by native code, as `native_stderr_silenced` does.

    Yields:
        A list that is empty until the context ends and then holds the lines.
    """
    lines: list[str] = []
    with tempfile.TemporaryFile() as file:
        try:
            with _redirected(file.fileno()):
                yield lines
        finally:
            file.seek(0)
            lines += file.read().decode("utf-8", "replace").splitlines()


@contextlib.contextmanager
def _redirected(target: int) -> Iterator[None]:
    with _stderr_lock:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            saved = os.dup(2)
        except OSError:  # No standard error at all: nothing to redirect.
            yield
            return
        try:
            os.dup2(target, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
