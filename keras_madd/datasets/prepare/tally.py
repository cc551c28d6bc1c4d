"""Counting a run while it goes on: rates for the progress bar, and failures."""

import math
import re
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from keras_madd.datasets.prepare.video_result import STEPS
from keras_madd.support.errors import UserError

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class FailureLimit:
    """How many videos may fail.

    Attributes:
        number: Of videos, or per cent of all of them.
        percent: Whether it is per cent.
    """

    number: float
    percent: bool

    @classmethod
    def parse(cls, text: str) -> "FailureLimit":
        """Reads "12" or "5%".

        Raises:
            ValueError: It is neither.
        """
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(%?)", text.strip())
        if not found or (not found[2] and "." in found[1]):
            raise ValueError(
                f"`max_failures` must be a number of videos or a percentage. "
                f"Received: max_failures={text!r}"
            )
        return cls(float(found[1]), bool(found[2]))

    def of(self, total: int) -> int:
        """The largest number of failures among so many videos."""
        return math.floor(total * self.number / 100) if self.percent else int(self.number)


class Tally:
    """Counts of one run.

    Args:
        total: Number of videos in the plan.
        limit: Largest number of failures.
        progress: Called as `progress(done, total, note)`.

    Attributes:
        seconds: Step -> processor seconds in this run, all workers together.
        crops: Crops made in this run.
        peak_bytes: The most memory of any worker.
    """

    def __init__(self, total: int, limit: int, progress: Progress):
        self.seconds = dict.fromkeys(STEPS, 0.0)
        self.crops = 0
        self.peak_bytes = 0
        self._total, self._limit, self._progress = total, limit, progress
        self._done: set[int] = set()
        self._fresh: set[int] = set()
        self._failed: dict[int, dict] = {}
        self._started = time.perf_counter()

    def add_finished(self, lines: list) -> None:
        """Count what an earlier run did."""
        for number, line in lines:
            self._count(number, line)
        self._check(self._failed)

    def add(self, message: dict) -> None:
        """Count a worker's message.

        Raises:
            UserError: Too many videos have failed.
        """
        self.peak_bytes = max(self.peak_bytes, message.get("peak_bytes", 0))
        if "number" not in message:
            return
        self._count(message["number"], message["line"])
        self._fresh.add(message["number"])
        self.crops += message["line"]["crops"]
        for step, seconds in message["seconds"].items():
            self.seconds[step] += seconds
        note = self._rates(len(self._fresh), self.crops)
        self._progress(len(self._done), self._total, note)
        self._check(self._failed)

    def advance(self, videos: int, crops: int) -> None:
        """Show the progress of workers whose messages do not come here.

        Args:
            videos: Number of videos that they have done.
            crops: Number of crops in these.
        """
        done = min(len(self._done) + videos, self._total)
        self._progress(done, self._total, self._rates(videos, crops))

    def would_stop(self, failed: int) -> bool:
        """Whether so many further failures are too many."""
        return len(self._failed) + failed > self._limit

    def check(self, lines: list) -> None:
        """As `add_finished`, of a run that goes on: its videos are counted when it has ended.

        Raises:
            UserError: Too many videos have failed.
        """
        failed = {number: line for number, line in lines if line["status"] == "failed"}
        self._check(self._failed | failed)

    @property
    def videos(self) -> int:
        """Videos done in this run."""
        return len(self._fresh)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._started

    def _count(self, number: int, line: dict) -> None:
        # A group that is done again, after its worker died, counts once.
        self._done.add(number)
        self._failed.pop(number, None)
        if line["status"] == "failed":
            self._failed[number] = line

    def _rates(self, videos: int, crops: int) -> str:
        elapsed = time.perf_counter() - self._started
        rate = videos / elapsed
        return f"{rate:.{1 if rate >= 1 else 2}f} videos/s, {crops / elapsed:.0f} faces/s"

    def _check(self, failures: dict[int, dict]) -> None:
        if len(failures) <= self._limit:
            return
        failed = list(failures.values())
        examples = "".join(
            f"\n  {line['video']}: {line['reason']}: {line['detail']}" for line in failed[:5]
        )
        reasons = Counter(line["reason"] for line in failed)
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons.most_common())
        raise UserError(
            f"{len(failed)} of {self._total} videos failed ({counts}), more than the "
            f"{self._limit} that --max-failures allows. What is done is kept; the same command "
            f"with a larger --max-failures goes on, with --retry-failed it tries them again. "
            f"The first:{examples}"
        )
