"""Reading videos as people have them."""

import itertools
import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from keras_madd.faces.detect import MAX_SIDE
from keras_madd.media.decoding import (
    DamagedError,
    OpenVideo,
    decode,
    open_video,
    read_packets,
    reason,
)
from keras_madd.media.picture_damage import CHECKSUMS, DECODER, NONE
from keras_madd.media.pictures import PictureMaker
from keras_madd.support.errors import UserError


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """A picture of a video.

    Attributes:
        index: its number in the video, from 0; damaged frames that were left out are counted.
        seconds: when it is shown, counted from the first frame.
        image: RGB, uint8, `(height, width, 3)`, upright, contiguous.
    """

    index: int
    seconds: float
    image: np.ndarray


class VideoReader:
    """Gives the frames of a video file in the order in which they are shown.

    The rotation that phones store is applied; times are the file's own, so frames may be unevenly
    apart. Where a file is damaged or cut off, the sound frames are given and `broken_tail` says
    what is wrong. Memory does not grow with the length.

    A reader can be iterated over several times; every time decodes anew. Use it in a `with`
    statement or call `close()`.

    Args:
        path: the file.
        threads: threads that decode and convert, 0 for one per core. A process that is one of
            many wants 1. The frames of a sound file do not depend on it.

    Attributes:
        width: in pixels, of the upright picture.
        height: the same.
        frame_rate: mean number of frames per second, or None where the file does not tell.
        frame_count: what the file says or lets estimate, or None; only reading gives the truth.
        broken_tail: what is damaged, or None; known after the frames are read or counted.
        damage_detection: how damage shows in this file: `"checksums"` cover every picture; the
            `"decoder"` notices most; or `"none"`, where damaged pictures pass for sound ones. Known
            after the frames are read.

    Raises:
        UserError: there is no such file, it is empty, holds no video or not one sound frame.
        ValueError: `threads` is negative.

    Example:
        >>> with VideoReader("video.mp4") as video:
        ...     for frame in video.evenly_spaced(32):
        ...         print(frame.seconds, frame.image.shape)
    """

    def __init__(self, path: str | os.PathLike, threads: int = 0):
        if threads < 0:
            raise ValueError(f"`threads` must not be negative. Received: threads={threads!r}")
        self.path = Path(path)
        self.broken_tail: str | None = None
        self.damage_detection = CHECKSUMS
        self._threads = threads
        self._opened: set[OpenVideo] = set()
        self._closed = False
        complaints: list[str] = []
        video = self._open(1)
        try:
            first = next(decode(video, complaints.append), None)
            if first is None:
                why = complaints[0] if complaints else "there is not one frame in it"
                raise UserError(f"{self.path}: no frame can be decoded: {why}.")
            self._picture_of = PictureMaker(first[1], threads)
            self.width, self.height = self._picture_of.size
            if max(self._picture_of.size) > MAX_SIDE:
                raise UserError(
                    f"{self.path}: {self.width} x {self.height} pixels; sides of at most "
                    f"{MAX_SIDE} are read."
                )
            rate = video.stream.average_rate  # What FFmpeg guesses may be its clock's.
            self.frame_rate = float(rate) if rate else None
            self.frame_count = video.stream.frames or _estimated_count(video.container, rate)
            self._start = first[1].pts
        finally:
            self._release(video)

    def __iter__(self) -> Iterator[VideoFrame]:
        return self.frames()

    def frames(self, every: int = 1) -> Iterator[VideoFrame]:
        """Every n-th frame, from the first on; for a damaged one stands the next sound one.

        Args:
            every: n; the frames between are decoded but not converted.

        Raises:
            ValueError: `every` is not positive, or the reader is closed.
        """
        if every < 1:
            raise ValueError(f"`every` must be at least 1. Received: every={every!r}")
        return self._every(self._decoded(), every)

    def evenly_spaced(self, count: int) -> Generator[VideoFrame]:
        """Frames spread evenly over the video: the middles of `count` equal parts.

        The number of frames is counted in the file first, without decoding. Where a wanted frame
        is damaged, the next sound one stands for it.

        Args:
            count: number of frames; a shorter video gives all it has.

        Raises:
            ValueError: `count` is not positive, or the reader is closed.
        """
        if count < 1:
            raise ValueError(f"`count` must be at least 1. Received: count={count!r}")
        total = self.count_frames()
        count = min(count, total)
        wanted = [(2 * k + 1) * total // (2 * count) for k in range(count)]
        return self._at(wanted)

    def at(self, indices: Sequence[int]) -> Iterator[VideoFrame]:
        """Frames with these indices, decoded once.

        Where one is damaged, the next sound one stands for it; where that is wanted itself, or
        stands for several, it comes once.

        Args:
            indices: in rising order.

        Raises:
            ValueError: `indices` do not rise, or the reader is closed.
        """
        if any(one >= other for one, other in itertools.pairwise(indices)):
            raise ValueError(f"`indices` must rise. Received: indices={list(indices)!r}")
        return self._at(list(indices))

    def count_frames(self) -> int:
        """Number of frames in the file, damaged ones too, by reading it without decoding."""
        video, count = self._open(1), 0
        try:
            for packet in read_packets(video, self._complain):
                count += video.check.is_shown(packet)
                if damage := video.check.damage(packet, count - 1):
                    self._complain(damage)
            return count
        finally:
            self._release(video)

    def close(self) -> None:
        """Close the file; iterations under way end. Closing twice is harmless."""
        self._closed = True
        while self._opened:
            self._opened.pop().close()

    def __enter__(self) -> "VideoReader":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _open(self, threads: int) -> OpenVideo:
        if self._closed:
            raise ValueError("This VideoReader is closed; create another one.")
        video = open_video(self.path, threads)
        self._opened.add(video)
        return video

    def _release(self, video: OpenVideo) -> None:
        # Of clusters, only those that were read can have checksums.
        weakest = (CHECKSUMS, DECODER, NONE).index
        self.damage_detection = max(self.damage_detection, video.check.detection, key=weakest)
        self._opened.discard(video)
        video.close()

    def _complain(self, what: str) -> None:
        # The first complaint is the cause of the others.
        self.broken_tail = self.broken_tail or what

    def _every(self, decoded: Iterator[tuple], every: int) -> Generator[VideoFrame]:
        wanted = 0
        for index, *frame in decoded:
            if index >= wanted:
                yield self._picture(index, *frame)
                wanted = (index // every + 1) * every

    def _at(self, wanted: list[int]) -> Generator[VideoFrame]:
        if not wanted:
            return
        position = 0
        for index, frame, *rest in self._decoded():
            if index >= wanted[position]:
                yield self._picture(index, frame, *rest)
                while position < len(wanted) and wanted[position] <= index:
                    position += 1
                if position == len(wanted):
                    return

    def _decoded(self) -> Iterator[tuple[int, av.VideoFrame, object]]:
        """Index, frame and stream's time base of every sound frame."""
        done, known = 0, self.broken_tail
        for threads in (self._threads, 1):
            video = self._open(threads)
            try:
                for index, frame in decode(video, self._complain):
                    if index >= done:
                        yield index, frame, video.stream.time_base
                        done = index + 1
                    if self._closed:  # FFmpeg would read from freed memory.
                        return
                return
            except DamagedError:
                # One thread tells which frames are sound; those already given are passed over.
                self.broken_tail = known
            except av.FFmpegError as error:
                self._complain(f"the file cannot be read further: {reason(error)}")
                return
            finally:
                self._release(video)

    def _picture(self, index: int, frame: av.VideoFrame, time_base) -> VideoFrame:
        if frame.pts is not None and self._start is not None:
            seconds = float((frame.pts - self._start) * time_base)
        else:
            seconds = index / (self.frame_rate or 25.0)
        return VideoFrame(index, seconds, self._picture_of(frame))


def _estimated_count(container: av.container.InputContainer, rate) -> int | None:
    if not container.duration or not rate:
        return None
    return max(1, round(container.duration / av.time_base * float(rate)))
