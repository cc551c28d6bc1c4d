"""What comes of one video."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from keras_madd.data.shards import CropRecord

STEPS = ("decode", "detect", "landmarks", "crop", "encode")


class VideoFailure(Exception):  # noqa: N818
    """A video that gives no crop.

    Attributes:
        reason: One word, counted in dataset.json: "missing", "empty", "unreadable", "faceless" or
            "error".
        detail: What exactly.
    """

    def __init__(self, reason: str, detail: str):
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True)
class RealBoxes:
    """Where the faces of a real video are, for its fakes.

    Attributes:
        frames: Frame number -> track number -> box.
        positions: Frame number -> its place among the real video's sampled frames.
        image_size: `(height, width)` of the frames.
    """

    frames: dict[int, dict[int, tuple[int, int, int, int]]]
    positions: dict[int, int]
    image_size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class VideoCrops:
    """What a video gave.

    Attributes:
        records: The crops, by position and track.
        facts: What manifest.jsonl says of the video beside its name and label.
        boxes: For its fakes.
        seconds: Processor seconds spent in each of `STEPS`.
    """

    records: list[CropRecord]
    facts: dict
    boxes: RealBoxes | None
    seconds: dict[str, float]


@dataclass
class Clock:
    """Processor seconds spent in each of `STEPS`, by all threads of the process."""

    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(STEPS, 0.0))

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time what is done inside."""
        started = time.process_time()
        try:
            yield
        finally:
            self.seconds[step] += time.process_time() - started
