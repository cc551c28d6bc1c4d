"""A score over time."""

import functools
import math
from collections.abc import Sequence

import cv2
import numpy as np

from keras_madd.visualize.lettering import BOLD, draw_text, text_width

PAPER = (22, 24, 29)
MUTED, INK = (158, 166, 180), (238, 241, 245)
_FAKE_ZONE, _REAL_ZONE = (52, 40, 36), (30, 37, 48)
_ZONE_NAMES = ((128, 84, 58), (62, 96, 130))  # Faint: the line may cross them.
# Lighter than the labels' colours, on dark paper.
LINES = {True: (255, 140, 60), False: (92, 176, 255)}
_SHIFT = 4  # Lines are placed to a sixteenth of a pixel.
_STEPS = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200)


class ScoreTimeline:
    """Draws a score over time, from 0 to 100 %, with the threshold that tells fake from real.

    The line is orange from the threshold on and blue below it; where there is no score there is a
    gap. Adding a score draws one piece of line, so that a long video costs no more per frame than
    a short one.

    Args:
        width: In pixels.
        height: In pixels.
        threshold: From here on a score means fake, 0 to 1.
        seconds: Length of the axis; it grows where scores come later. With `scroll` it stays, and
            the last `seconds` are shown.
        scroll: Whether to show the newest scores only.
        size: Of the letters in pixels.
        clear_threshold: Below it no trace was found, and between the two it is uncertain; None
            where everything below `threshold` is called real.
    """

    def __init__(
        self,
        width: int,
        height: int,
        threshold: float = 0.5,
        seconds: float = 10.0,
        scroll: bool = False,
        size: int = 12,
        clear_threshold: float | None = None,
    ):
        self.threshold, self.scroll, self.size = threshold, scroll, size
        self._clear_threshold = clear_threshold
        self._seconds = max(seconds, 0.1)
        self._shape = (height, width, 3)
        self._left = text_width("100%", size) + size
        self._right = width - round(0.8 * size)
        self._top, self._bottom = round(0.6 * size), height - round(1.7 * size)
        self._scores: list[tuple[float, float | None]] = []
        # Of all scores, unless it scrolls.
        self._drawn = self._paper(0.0)

    def add(self, seconds: float, score: float | None) -> None:
        """Adds a score.

        Args:
            seconds: When; later than the one before.
            score: 0 to 1, or None where there is none.
        """
        self._scores.append((seconds, score))
        if self.scroll:
            start = seconds - self._seconds
            keep = next((i for i, each in enumerate(self._scores) if each[0] >= start), 0)
            del self._scores[: max(0, keep - 1)]
            return
        if seconds > self._seconds * 1.0001:
            self._seconds = 1.5 * seconds
            self._drawn = self._paper(0.0)
            self._draw_line(self._drawn, 0.0, self._scores)
        else:
            self._draw_line(self._drawn, 0.0, self._scores[-1:], *self._scores[-2:-1])

    def draw(self) -> np.ndarray:
        """Returns the timeline as (height, width, 3) uint8 RGB, with a mark where it is now."""
        start = 0.0
        if self.scroll:
            last = self._scores[-1][0] if self._scores else 0.0
            start = max(0.0, last - self._seconds)
            canvas = self._paper(start)
            self._draw_line(canvas, start, self._scores)
        else:
            canvas = self._drawn.copy()
        if self._scores:
            seconds, score = self._scores[-1]
            x = round(self._x(seconds, start))
            cv2.line(canvas, (x, self._top), (x, self._bottom), MUTED, 1)
            if score is not None:
                place, radius = (x, round(self._y(score))), max(3, self.size // 4)
                cv2.circle(canvas, place, radius + 1, PAPER, cv2.FILLED, cv2.LINE_AA)
                color = LINES[score >= self.threshold]
                cv2.circle(canvas, place, radius, color, cv2.FILLED, cv2.LINE_AA)
        return canvas

    def _x(self, seconds: float, start: float) -> float:
        return self._left + (seconds - start) / self._seconds * (self._right - self._left)

    def _y(self, score: float) -> float:
        return self._bottom - score * (self._bottom - self._top)

    def _point(
        self, seconds: float, score: float | None, start: float
    ) -> tuple[float, float, float] | None:
        return None if score is None else (self._x(seconds, start), self._y(score), score)

    def _paper(self, start: float) -> np.ndarray:
        """Draws all but the scores."""
        canvas = self._axes.copy()
        size, most = self.size, (self._right - self._left) / (4.5 * self.size)
        step = next((each for each in _STEPS if self._seconds / each <= most), _STEPS[-1])
        for number in range(math.ceil(start / step), int((start + self._seconds) / step) + 1):
            text = format_time(number * step, tenths=step < 1)
            x = round(self._x(number * step, start))
            cv2.line(canvas, (x, self._bottom), (x, self._bottom + 3), MUTED, 1)
            width = text_width(text, size)
            place = int(np.clip(x - width // 2, 0, self._shape[1] - width - 3))
            draw_text(canvas, text, (place, self._bottom + round(1.35 * size)), MUTED, size)
        return canvas

    @functools.cached_property
    def _axes(self) -> np.ndarray:
        """Zones, threshold and scale of the scores."""
        canvas = np.full(self._shape, PAPER, np.uint8)
        left, right, top, bottom = self._left, self._right, self._top, self._bottom
        level, size = round(self._y(self.threshold)), self.size
        words = self._clear_threshold is not None
        clear = level if self._clear_threshold is None else round(self._y(self._clear_threshold))
        canvas[top:level, left : right + 1] = _FAKE_ZONE
        canvas[clear : bottom + 1, left : right + 1] = _REAL_ZONE
        zones = (
            ("FAKE", top + round(1.2 * size), level - top, _ZONE_NAMES[0]),
            ("UNCERTAIN", (level + clear) // 2 + round(0.36 * size), clear - level, MUTED),
            (
                "NO TRACE FOUND" if words else "REAL",
                bottom - round(0.4 * size),
                bottom - clear,
                _ZONE_NAMES[1],
            ),
        )
        for word, y, room, color in zones:
            if room > 1.5 * size:
                draw_text(canvas, word, (left + size // 2, y), color, size, BOLD)
        for score in (0.0, self.threshold, 1.0):
            y = round(self._y(score))
            if score != self.threshold and abs(y - level) < 1.1 * size:
                continue
            text, color = f"{score:.0%}", INK if score == self.threshold else MUTED
            x = left - round(0.4 * size) - text_width(text, size)
            draw_text(canvas, text, (x, y + round(0.36 * size)), color, size)
        for x in range(left, right, 8):
            cv2.line(canvas, (x, level), (min(x + 3, right), level), INK, 1)
        return canvas

    def _draw_line(
        self,
        canvas: np.ndarray,
        start: float,
        scores: Sequence[tuple[float, float | None]],
        previous: tuple[float, float | None] = (0.0, None),
    ) -> None:
        """Joins scores, the first one to the previous one; a lone score is a dot."""
        thickness = max(2, round(self.size / 7))
        before = self._point(*previous, start)
        for seconds, score in scores:
            point = self._point(seconds, score, start)
            if point is None:
                before = None
                continue
            for first, second in _parted(before or point, point, self.threshold):
                color = LINES[max(first[2], second[2]) > self.threshold]
                if first[2] == second[2]:
                    color = LINES[first[2] >= self.threshold]
                start_, end_ = (
                    tuple(round(16 * value) for value in end[:2]) for end in (first, second)
                )
                cv2.line(canvas, start_, end_, color, thickness, cv2.LINE_AA, _SHIFT)
            before = point
        if self.scroll:  # A line that enters from before the axis.
            bottom = self._bottom + 1
            canvas[:bottom, : self._left] = self._axes[:bottom, : self._left]


def format_time(seconds: float, tenths: bool = False) -> str:
    """Returns a time as minutes and seconds, `1:05` or `1:05.5`, with hours where there are any."""
    units = round(seconds * 10) if tenths else round(seconds)
    whole, tenth = divmod(units, 10) if tenths else (units, 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{rest:02}" + (f".{tenth}" if tenths else "")


def _parted(first: tuple, second: tuple, threshold: float) -> list[tuple]:
    """Parts a piece of line where it crosses the threshold."""
    low, high = sorted((first[2], second[2]))
    if not low < threshold < high:
        return [(first, second)]
    share = (threshold - first[2]) / (second[2] - first[2])
    middle = tuple(a + share * (b - a) for a, b in zip(first[:2], second[:2], strict=True))
    middle = (*middle, threshold)
    return [(first, middle), (middle, second)]
