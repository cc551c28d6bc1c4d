"""A child process per attack: what it did to the machine, and what it said."""

import contextlib
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SECONDS, MEMORY = 60, 3 << 30
# A child that wants so much more than it has gets a MemoryError, and the machine lives on.
_ADDRESS_SPACE = 16 << 30
_UNEXPECTED = 70


@dataclass(frozen=True)
class Outcome:
    """What became of an attack.

    Attributes:
        status: The exit status, or None after a signal.
        signal: Its number, or None.
        seconds: How long it took.
        memory: Most bytes that were resident, beyond what a child of this process begins with.
        output: Standard output.
        errors: Standard error.
    """

    status: int | None
    signal: int | None
    seconds: float
    memory: int
    output: str
    errors: str

    @property
    def problem(self) -> str | None:
        """What no input may cause, in a word: hang, signal, traceback, memory, status, noise."""
        if self.seconds >= SECONDS:
            return "hang"
        if self.signal is not None:
            return "signal"
        if self.status == _UNEXPECTED or "Traceback (most recent call" in self.errors:
            return "traceback"
        if self.memory > MEMORY:
            return "memory"
        if self.status not in (0, 1, 2):
            return "status"
        if self.status and "error: " not in self.errors:
            return "noise"
        if any(ord(each) < 32 and each not in "\n\r\t" for each in self.output + self.errors):
            return "control"
        return None


def supervised(work: Callable[[], int], folder: Path) -> Outcome:
    """Does something in a child process, in a folder of its own.

    Args:
        work: Returns the exit status.
        folder: The child's working directory; its outputs lie beside it.
    """
    streams = [folder.with_name(f"{folder.name}.{name}") for name in ("out", "err")]
    inherited = _memory_of_a_child()
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _run(work, folder, streams)
    with _stopping(child, started):
        _, status, usage = os.wait4(child, 0)
    seconds = time.monotonic() - started
    output, errors = (path.read_text("utf-8", "replace") for path in streams)
    for path in streams:
        path.unlink()
    signalled = os.WIFSIGNALED(status)
    return Outcome(
        None if signalled else os.WEXITSTATUS(status),
        os.WTERMSIG(status) if signalled else None,
        seconds,
        max(0, usage.ru_maxrss * 1024 - inherited),
        output,
        errors,
    )


def _memory_of_a_child() -> int:
    """Returns the bytes of one that does nothing: its parent's, without files' pages."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    return os.wait4(child, 0)[2].ru_maxrss * 1024


@contextlib.contextmanager
def _stopping(child: int, started: float):
    """Kills the child when its time is over."""

    def stop(*_: object) -> None:
        os.kill(child, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS + 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _run(work: Callable[[], int], folder: Path, streams: list[Path]) -> None:
    status = _UNEXPECTED
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + _ADDRESS_SPACE
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        for number, path in enumerate(streams, 1):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(handle, number)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="strict", closefd=False)
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
        os.chdir(folder)
        try:
            status = work()
        except SystemExit as error:
            status = error.code if isinstance(error.code, int) else int(error.code is not None)
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)
