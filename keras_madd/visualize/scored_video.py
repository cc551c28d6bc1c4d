"""The picture of a scored video, and the video of such pictures."""

import os
from collections.abc import Callable, Sequence
from typing import Protocol

import cv2
import numpy as np

from keras_madd.faces.crop import check_image
from keras_madd.visualize.attention import attended_crop
from keras_madd.visualize.lettering import BOLD, draw_text, fitting_size, percent, text_width
from keras_madd.visualize.overlays import (
    LEAST_SIDE,
    ScoredFaceLike,
    color_of,
    draw_note,
    draw_onto,
    enlarge_small,
    verdict_of,
)
from keras_madd.visualize.timeline import INK, MUTED, PAPER, ScoreTimeline, format_time

_NOTHING = (32, 35, 42)
# Of a part of a video that is shown as a live picture.
LIVE_SECONDS = 10.0


class VideoOverlay:
    """Composes the picture of a scored video: boxes and scores, attention and timeline below.

    A small video is enlarged by a whole factor, so that its labels can be read.

    Args:
        width: Of the video in pixels.
        height: The same.
        threshold: From here on a score means fake, 0 to 1.
        seconds: Length of the video, as far as is known, or of the part that a live picture shows.
        live: Whether the timeline scrolls.
        note: A line that is always shown, such as that the model only demonstrates.
        clear_threshold: As `ScoreTimeline`.

    Attributes:
        size: (width, height) of the pictures that `compose` returns.
    """

    def __init__(
        self,
        width: int,
        height: int,
        threshold: float = 0.5,
        seconds: float | None = None,
        live: bool = False,
        note: str = "",
        clear_threshold: float | None = None,
    ):
        factor = -(-LEAST_SIDE // max(width, height))
        self._width, self._height = factor * width, factor * height
        size = int(np.clip(round((self._width * self._height) ** 0.5 / 56), 11, 34))
        self._note, self._letters, self._threshold = note, size, threshold
        self._header = round(2.0 * size)
        self._panel = 2 * round(4.75 * size)
        self._pad = round(0.6 * size)
        thumb = self._panel - 2 * self._pad
        self._thumb = thumb if self._width >= 4 * thumb else 0
        self._timeline = ScoreTimeline(
            self._width - (self._thumb + self._pad if self._thumb else 0),
            self._panel - self._header,
            threshold,
            seconds or 10.0,
            live,
            size,
            clear_threshold,
        )
        self.size = (self._width, self._height + self._panel)
        self._canvas = np.full((self.size[1], self.size[0], 3), PAPER, np.uint8)
        self._blank = self._canvas[self._height :].copy()

    def compose(
        self,
        image: np.ndarray,
        faces: Sequence[ScoredFaceLike],
        seconds: float,
        score: float | None,
        headline: tuple[str, str | None] = ("", None),
        right: str = "",
    ) -> np.ndarray:
        """Draws one picture of the video; call it in order of time.

        Args:
            image: (H, W, 3) uint8 RGB.
            faces: As for `draw_scored_faces`; the first one's attention is shown below.
            seconds: When it is shown.
            score: Of the frame, 0 to 1, or None without a face.
            headline: Text above the timeline, and the verdict it is about, or None.
            right: Text at the right end of that line, where there is room for it.

        Returns:
            (height, width, 3) uint8 RGB of `size`; the next call draws onto it again.
        """
        check_image(image)
        image, faces = enlarge_small(image, faces)
        self._canvas[: self._height] = image
        draw_onto(self._canvas[: self._height], image, faces, insets=False)
        draw_note(self._canvas[: self._height], self._note)
        panel = self._canvas[self._height :]
        np.copyto(panel, self._blank)
        left = self._draw_thumb(panel, image, faces)
        self._timeline.add(seconds, score)
        panel[self._header :, left:] = self._timeline.draw()
        self._draw_header(panel, left + self._pad, headline, right)
        return self._canvas

    def _draw_thumb(self, panel: np.ndarray, image: np.ndarray, faces: Sequence) -> int:
        """Draws the attention of the first face; returns where the rest of the panel begins."""
        side, pad, size = self._thumb, self._pad, max(9, round(0.8 * self._letters))
        if not side:
            return 0
        place = panel[pad : pad + side, pad : pad + side]
        shown = [face for face in faces if face.attention_maps is not None][:1]
        if shown:
            place[:] = attended_crop(image, shown[0], side)
            color = color_of(verdict_of(shown[0]))
            cv2.rectangle(
                panel, (pad, pad), (pad + side - 1, pad + side - 1), color, max(2, size // 6)
            )
        else:
            place[:] = _NOTHING
            width = text_width("no face", size)
            at = (pad + (side - width) // 2, pad + side // 2 + size // 3)
            draw_text(panel, "no face" if not faces else "", at, MUTED, size)
        return side + pad

    def _draw_header(
        self, panel: np.ndarray, left: int, headline: tuple[str, str | None], right: str
    ) -> None:
        size, baseline = self._letters, round(1.45 * self._letters)
        text, verdict = headline
        x, end = left, self._width - self._pad
        if verdict is not None:
            word, inside = verdict.upper(), round(0.4 * size)
            width = text_width(word, size, BOLD) + 2 * inside
            corner = (x + width, baseline + round(0.4 * size))
            top = (x, baseline - round(1.05 * size))
            cv2.rectangle(panel, top, corner, color_of(verdict), cv2.FILLED)
            draw_text(panel, word, (x + inside, baseline), (255, 255, 255), size, BOLD)
            x += width + round(0.5 * size)
        if text:
            fitting = fitting_size(text, end - x, size)
            x = draw_text(panel, text, (x, baseline), INK, fitting) + size
        if x + text_width(right, size) <= end:
            draw_text(panel, right, (end - text_width(right, size), baseline), MUTED, size)


class ScoredFrameLike(Protocol):
    """What `ScoredVideoWriter` needs of a frame; `keras_madd.inference.ScoredFrame` is one."""

    @property
    def seconds(self) -> float:
        """When it is shown."""

    @property
    def faces(self) -> Sequence[ScoredFaceLike]:
        """The scored ones."""

    @property
    def probability(self) -> float | None:
        """Of being fake."""


class ScoredVideoWriter:
    """Writes the video of a scored video: H.264 that browsers play, as long as the original.

    It has the frames that were scored and no others, each shown until the next one's time. The
    file appears when the `with` block ends without an error; else nothing is left.

    Args:
        path: The file to write, `.mp4`.
        width: Of the scored video in pixels.
        height: The same.
        frame_rate: Scored frames per second, on average; so long the last one is shown.
        seconds: Length of the video, as far as is known.
        threshold: From here on a score means fake, 0 to 1.
        note: A line that is always shown.
        overwrite: Whether an existing file is replaced.
        clear_threshold: As `ScoreTimeline`.
        verdict: Puts the mean score into words; by default fake from `threshold` on, else real.

    Raises:
        UserError: If the folder is missing or cannot be written to, or the file exists.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        width: int,
        height: int,
        frame_rate: float,
        seconds: float | None = None,
        threshold: float = 0.5,
        note: str = "",
        overwrite: bool = False,
        clear_threshold: float | None = None,
        verdict: Callable[[float], str] | None = None,
    ):
        from keras_madd.media import VideoWriter

        self._overlay = VideoOverlay(
            width, height, threshold, seconds, note=note, clear_threshold=clear_threshold
        )
        self._seconds = seconds
        self._verdict = verdict or (lambda mean: "fake" if mean >= threshold else "real")
        self._sum, self._count = 0.0, 0
        self._start: float | None = None
        self._writer = VideoWriter(path, *self._overlay.size, frame_rate, overwrite=overwrite)

    def add(self, frame: ScoredFrameLike, image: np.ndarray) -> None:
        """Adds a scored frame.

        Args:
            frame: Its time, faces and score.
            image: (H, W, 3) uint8 RGB.
        """
        words = "no face so far"
        verdict: str | None = None
        if frame.probability is not None:
            self._sum, self._count = self._sum + frame.probability, self._count + 1
        if self._count:
            mean = self._sum / self._count
            frames = "1 frame" if self._count == 1 else f"{self._count} frames"
            words = f"mean of {frames}: {percent(mean)} fake"
            verdict = self._verdict(mean)
        time = format_time(frame.seconds, tenths=True)
        if self._seconds:
            time += f" / {format_time(max(self._seconds, frame.seconds))}"
        score, faces = frame.probability, frame.faces
        headline = (words, verdict)
        picture = self._overlay.compose(image, faces, frame.seconds, score, headline, time)
        if self._start is None:
            self._start = frame.seconds
        self._writer.write(picture, frame.seconds - self._start)

    def __enter__(self) -> "ScoredVideoWriter":
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._writer.__exit__(kind, error, traceback)
