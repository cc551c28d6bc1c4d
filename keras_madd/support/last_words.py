"""Words for a process that ends without any: killed, or aborted by a library."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def last_words(words: str) -> Iterator[None]:
    """Have a line written to standard error if this process ends in the block without an exception.

    A small process of its own waits for the end of this one, as nothing in a process can speak
    after SIGKILL or an abort. Where there are no forks, nothing is written.
    """
    if not hasattr(os, "fork"):
        yield
        return
    sys.stdout.flush()
    sys.stderr.flush()
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(theirs)
        _speak(ours, words)
    os.close(ours)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.write(theirs, b".")
        os.close(theirs)
        with contextlib.suppress(OSError):
            os.waitpid(child, 0)


def _speak(pipe: int, words: str) -> None:
    """Wait for the other process; never returns."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if not os.read(pipe, 1):
            print(words, file=sys.stderr, flush=True)
    finally:
        os._exit(0)
