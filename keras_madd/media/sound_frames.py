"""Which of the frames that a decoder gives are sound, when some packets are damaged."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import av

# No codec keeps back more frames than this.
_LONGEST = 16
_KEYS_KEPT = 64


@dataclass(frozen=True, slots=True)
class _Key:
    """A packet that decoding can begin with: its number, its time, the shown frames before it."""

    number: int
    time: int | None
    shown_before: int


class SoundFrames:
    """Sorts out frames that are damaged or built on damaged ones.

    All that is decoded from a damaged packet on, until the next key frame, is left out, and so is
    what is decoded after that key frame and shown before it. A frame may be built on one that is
    shown later, and a decoder tells damage only when a frame comes out: so frames are held back
    until all that were decoded before them have come out, which holds up those codecs only that
    reorder frames, by as many as they reorder.

    Args:
        context: The decoder.
        lag: How many packets later the decoder tells that one was damaged.
    """

    def __init__(self, context: av.VideoCodecContext, lag: int = 0):
        self._context, self._lag = context, lag
        # By their times: FFmpeg's own way to carry a number along calls into Python from a
        # decoder's threads, which can wait for each other for ever.
        self._numbers: dict[int, int] = {}
        self._outstanding: set[int] = set()
        self._held: list[tuple[int, av.VideoFrame]] = []
        self._keys: list[_Key] = []
        self._damaged: list[tuple[int, _Key | None]] = []
        self._last, self._shown = -1, 0
        self._index, self._resumed = 0, -1

    @property
    def shown(self) -> int:
        """Number of frames to be shown in the packets so far."""
        return self._shown

    @property
    def is_interrupted(self) -> bool:
        """Whether everything is left out until the next key frame."""
        return any(end is None for _, end in self._damaged)

    def use(self, context: av.VideoCodecContext) -> None:
        """Goes on with another decoder."""
        self._context = context

    def arrive(self, packet: av.Packet, shown: bool) -> bool:
        """Notes a packet of the file; returns whether it is any use to the decoder.

        Args:
            packet: The next one.
            shown: Whether it holds a frame that is shown.
        """
        self._last += 1
        if packet.pts is not None:
            self._numbers[packet.pts] = self._last
        if len(self._numbers) > 4 * _KEYS_KEPT:
            self._numbers.pop(next(iter(self._numbers)))
        if packet.is_keyframe:
            key = _Key(self._last, packet.pts, self._shown)
            self._keys = [*self._keys[-_KEYS_KEPT:], key]
            self._damaged = [(start, end or key) for start, end in self._damaged]
        self._shown += shown
        if self.is_interrupted:
            return False
        self._outstanding.add(self._last)
        return True

    def damage(self, number: int | None = None) -> None:
        """Notes that a packet is damaged, by default the last one."""
        start = max(0, self._last - self._lag) if number is None else number
        end = next((key for key in self._keys if key.number > start), None)
        if number is None and end is not None and end.number <= self._last:
            end = None  # The decoder may have told late, of a packet after that key frame.
        self._damaged.append((start, end))
        self._outstanding = {each for each in self._outstanding if each < start}

    def give(self, frames: list[av.VideoFrame], ended: bool) -> Iterator[tuple[int, av.VideoFrame]]:
        """Yields indices and frames that are known to be sound, in the order of their showing.

        Args:
            frames: What has come out of the decoder.
            ended: Whether no more will.
        """
        for frame in frames:
            number = self._last if frame.pts is None else self._numbers.pop(frame.pts, self._last)
            self._outstanding.discard(number)
            if frame.is_corrupt:
                self.damage(number)
            self._held.append((number, frame))
        while self._held and (ended or self._is_free(self._held[0][0])):
            number, frame = self._held.pop(0)
            self._resume(number)
            self._index += 1
            if not any(self._reaches(each, number, frame.pts) for each in self._damaged):
                yield self._index - 1, frame

    def _is_free(self, number: int) -> bool:
        if self._last - number < self._lag:
            return False
        if not self._context.has_b_frames:
            return True
        if len(self._held) > _LONGEST:
            # A packet that gave no frame in all this time will give none.
            self._outstanding = {each for each in self._outstanding if each > number}
        return all(each > number for each in self._outstanding)

    def _resume(self, number: int) -> None:
        """Counts what was left out before the first frame from a key frame after damage on."""
        for _, key in self._damaged:
            if key is not None and self._resumed < key.number <= number:
                self._index, self._resumed = key.shown_before, key.number

    @staticmethod
    def _reaches(damage: tuple[int, _Key | None], number: int, time: int | None) -> bool:
        start, key = damage
        if number < start:
            return False
        if key is None or number < key.number:
            return True
        if time is None or key.time is None:
            return False
        return number > key.number and time < key.time


def lag_of(context: av.VideoCodecContext) -> int:
    """How many packets later than others a decoder tells of damage."""
    if context.codec.canonical_name != "av1":
        return 0
    threads = context.thread_count or os.cpu_count() or 1
    return 1 if threads == 1 else _LONGEST
