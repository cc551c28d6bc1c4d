"""Keeping the messages of native libraries off the terminal."""

import contextlib
import os
import sys
import tempfile
import threading
from collections.abc import Collection, Iterator
from typing import TextIO

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
def native_stderr_discarded() -> Iterator[None]:
    """Discard it for a whole command, in all its threads; no context waits for another.

    For programs whose `sys.stderr` has a descriptor of its own (`guarded_streams`), so that their
    own messages are seen. Who has set `TF_CPP_MIN_LOG_LEVEL` below 3 wants to see the others too.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "3") < "3" or _descriptor_of(sys.stderr) == 2:
        yield
        return
    with open(os.devnull, "wb") as null, _swapped(null.fileno()):
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


def _descriptor_of(stream: TextIO | None) -> int | None:
    if stream is None:
        return None
    try:
        return stream.fileno()
    except (AttributeError, OSError, ValueError):  # No file of the system's, or closed.
        return None


@contextlib.contextmanager
def native_stderr_without(noise: Collection[str]) -> Iterator[list[str]]:
    """Pass on what native code writes to standard error when the context ends, but for some lines.

    Args:
        noise: A line that holds one of these is dropped.

    Yields:
        A list that is empty until the context ends and then holds the dropped lines.
    """
    dropped: list[str] = []
    lines: list[str] = []
    try:
        with native_stderr_captured() as lines:
            yield dropped
    finally:
        dropped += [line for line in lines if any(each in line for each in noise)]
        if heard := [line for line in lines if line not in dropped]:
            os.write(2, ("\n".join(heard) + "\n").encode())


@contextlib.contextmanager
def _redirected(target: int) -> Iterator[None]:
    with _stderr_lock, _swapped(target):
        yield


@contextlib.contextmanager
def _swapped(target: int) -> Iterator[None]:
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
