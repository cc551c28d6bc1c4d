"""Keeping the messages of native libraries off the terminal."""

import contextlib
import os
import sys
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
    with _stderr_lock:
        if sys.stderr is not None:
            sys.stderr.flush()
        try:
            saved = os.dup(2)
        except OSError:  # No standard error at all: nothing to silence.
            yield
            return
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            os.close(null)
