"""Signals that ask a program to end."""

import contextlib
import signal
import threading
import time
from collections.abc import Iterator

# What a terminal sends that closes, or a system that shuts down, often several of at once.
_STOPPING = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
_REPEATS_SECONDS = 2.0


class Stopped(KeyboardInterrupt):
    """A signal has asked the program to end, as Ctrl-C does.

    Attributes:
        number: The signal.
    """

    def __init__(self, number: int):
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Raise `Stopped` at SIGTERM and SIGHUP, so that what is half written is cleaned up.

    A signal that is ignored already, as by `nohup`, or handled stays so. Repeats within two
    seconds do not disturb the cleaning up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    last = -_REPEATS_SECONDS

    def stop(number: int, frame: object) -> None:
        nonlocal last
        if time.monotonic() - last >= _REPEATS_SECONDS:
            last = time.monotonic()
            raise Stopped(number)

    ours = [each for each in _STOPPING if signal.getsignal(each) is signal.SIG_DFL]
    for each in ours:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each in ours:
            signal.signal(each, signal.SIG_DFL)


@contextlib.contextmanager
def signals_blocked() -> Iterator[None]:
    """Hold back what asks to end; a process that is started meanwhile never gets any of it.

    Such a process is its parent's to end: Ctrl-C and the like reach a whole terminal at once.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, *_STOPPING])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
