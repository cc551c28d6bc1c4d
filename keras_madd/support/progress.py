"""Stages of a long command: a progress bar on a terminal, plain lines elsewhere."""

import contextlib
import sys
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from keras_madd.support.standard_streams import printable, terminal


class Stages:
    """Shows and times the stages of a command.

    Attributes:
        seconds: Stage name -> wall-clock seconds, filled as stages end.
    """

    def __init__(self):
        self.seconds: dict[str, float] = {}
        self._console = Console(file=terminal(sys.stderr))

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator["Stage"]:
        """Run one stage; yields a `Stage` to tell of its progress."""
        started = time.perf_counter()
        columns = (
            TextColumn("{task.description:<22}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        live = self._console.is_terminal
        name = printable(name)
        with Progress(*columns, console=self._console, disable=not live) as progress:
            stage = Stage(progress, progress.add_task(name, total=None, note=""))
            yield stage
            stage.finish()
        self.seconds[name] = time.perf_counter() - started
        if not live:
            print(f"{name}: {self.seconds[name]:.1f} s {stage.note}".rstrip(), file=sys.stderr)


class Stage:
    """Progress of one stage."""

    def __init__(self, progress: Progress, task):
        self._progress = progress
        self._task = task
        self.note = ""

    def advance(self, done: int, total: int, note: str = "") -> None:
        """Say that `done` of `total` steps are finished, with a short note."""
        self.note = note
        self._progress.update(self._task, completed=done, total=total, note=note)

    def finish(self) -> None:
        """Fill the bar."""
        self._progress.update(self._task, total=1, completed=1)
