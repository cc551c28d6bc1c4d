"""Stages of a long command: a progress bar on a terminal, plain lines elsewhere."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from keras_madd.support.standard_streams import printable, terminal

# Seconds after which a stage without a terminal tells how far it is, and between such lines.
FIRST_LINE, NEXT_LINES = 10.0, 30.0


class Stages:
    """Shows and times the stages of a command.

    Without a terminal each stage ends with a line of its time; a long one prints lines meanwhile,
    also where nothing is counted: how far it is, what it does, how long it will take.

    Attributes:
        seconds: Stage name -> wall-clock seconds, filled as stages end.
    """

    def __init__(self):
        self.seconds: dict[str, float] = {}
        stream = terminal(sys.stderr)
        # Not what FORCE_COLOR says: a bar in a file is of no use.
        self._console = Console(file=stream, force_terminal=stream.isatty())

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator["Stage"]:
        """Run one stage; yields a `Stage` to tell of its progress."""
        started = time.perf_counter()
        name = printable(name)
        if self._console.is_terminal:
            with _bar(self._console, name) as stage:
                yield stage
        else:
            with _lines(name) as stage:
                yield stage
        self.seconds[name] = time.perf_counter() - started
        if not self._console.is_terminal:
            print(f"{name}: {self.seconds[name]:.1f} s {stage.note}".rstrip(), file=sys.stderr)


class Stage:
    """Progress of one stage.

    Attributes:
        note: What `advance` was last told.
    """

    def __init__(self, name: str, show: Callable[["Stage"], None], say: Callable[[str], None]):
        self.note = ""
        self.done = 0
        self.total: int | None = None
        self._name, self._show, self._say = name, show, say
        self._doing = ""
        self._started = time.monotonic()
        self._first: tuple[float, int] | None = None

    def advance(self, done: int, total: int | None, note: str = "") -> None:
        """Say that `done` of `total` steps are finished, with a short note."""
        if self._first is None or total != self.total or done < self.done:
            # What was done before, by another run perhaps, says nothing of how fast it goes.
            self._first = time.monotonic(), done
        self.done, self.total, self.note = done, total, note
        self._show(self)

    def say(self, doing: str) -> None:
        """Say what is being done before, or between, the steps that are counted."""
        self._doing, self.note, self._first = doing, doing, None
        self._say(f"{self._name}: {doing}")
        self._show(self)

    def line(self) -> str:
        """Return how far it is, in words."""
        if self._first is None:
            words = [self._doing] if self._doing else []
            return ", ".join([*words, f"{in_words(time.monotonic() - self._started)} so far"])
        count = f"{self.done:,}" if self.total is None else f"{self.done:,} of {self.total:,}"
        words = [count] + ([self.note] if self.note else [])
        since, first = self._first
        if self.total is not None and first < self.done < self.total:
            rate = (time.monotonic() - since) / (self.done - first)
            words.append(f"about {in_words(rate * (self.total - self.done))} left")
        return ", ".join(words)


def in_words(seconds: float) -> str:
    """Return a time in the unit that fits, such as `"40 s"`, `"12 min"` or `"3.5 h"`."""
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    if seconds < 99.5 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


@contextlib.contextmanager
def _bar(console: Console, name: str) -> Iterator[Stage]:
    columns = (
        TextColumn("{task.description:<22}", markup=False),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(name, total=None, note="")

        def show(stage: Stage) -> None:
            progress.update(task, completed=stage.done, total=stage.total, note=stage.note)

        yield Stage(name, show, lambda text: None)
        progress.update(task, total=1, completed=1)


@contextlib.contextmanager
def _lines(name: str) -> Iterator[Stage]:
    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    ended = threading.Event()
    stage = Stage(name, lambda stage: None, say)

    def tell_now_and_then() -> None:
        pause = FIRST_LINE
        while not ended.wait(pause):
            say(f"{name}: {stage.line()}")
            pause = NEXT_LINES

    thread = threading.Thread(target=tell_now_and_then, daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        ended.set()
        thread.join()
