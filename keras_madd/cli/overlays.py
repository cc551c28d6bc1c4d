"""Photographs and videos with what was scored, as `keras-madd score --overlay` writes them."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_madd.support.errors import UserError
from keras_madd.support.files import check_outputs, replace_file

if TYPE_CHECKING:
    from keras_madd.inference import Detector, ScoredFace
    from keras_madd.inference.media import Media
    from keras_madd.inference.video import ScoredFrame
    from keras_madd.visualize import ScoredVideoWriter


_LONGEST_NAME = 255  # Bytes, on nearly every file system.


class Overlays:
    """Writes overlays into a folder. One that cannot be written takes nothing from the scores.

    Args:
        folder: Made where it is missing.
        files: What is scored.
        overwrite: Whether existing overlays are replaced.
        inputs: Files that must not be replaced, whatever `overwrite` says.

    Attributes:
        paths: All that may be written.

    Raises:
        UserError: If the folder cannot be made, or what is in it may not be replaced.
    """

    def __init__(
        self,
        folder: str | os.PathLike,
        files: list[Path],
        overwrite: bool,
        inputs: Iterable[str | os.PathLike],
    ):
        from keras_madd.inference.media import OVERLAY_ENDINGS

        self._overwrite = overwrite
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--overlay {folder}: {error.strerror}") from None
        self._stems = {file: Path(folder) / name for file, name in _names(files).items()}
        self.paths = [_with(stem, end) for stem in self._stems.values() for end in OVERLAY_ENDINGS]
        check_outputs(self.paths, overwrite=overwrite, inputs=inputs)

    def add_photograph(self, media: "Media", faces: "list[ScoredFace]", note: str) -> str | None:
        """Writes a photograph with a line that is always shown; returns why it failed, or None."""
        from keras_madd.inference.media import IMAGE_OVERLAY
        from keras_madd.visualize.attention import encode_png
        from keras_madd.visualize.overlays import draw_note, draw_scored_faces, enlarge_small

        assert media.image is not None
        drawn = draw_scored_faces(*enlarge_small(media.image, faces))
        draw_note(drawn, note)
        path = _with(self._stems[media.path], IMAGE_OVERLAY)
        try:
            replace_file(path, encode_png(drawn), self._overwrite)
        except (UserError, OSError) as error:
            return _reason(error)
        return None

    def video(
        self, path: Path, every: int, frames: int | None, detector: "Detector", note: str
    ) -> "OverlayVideo":
        """Begins the video of a video that is scored.

        Args:
            path: The video.
            every: Each n-th frame is scored.
            frames: Or so many frames.
            detector: Whose scores are shown, in its words.
            note: A line that is always shown.
        """
        from keras_madd.inference.media import VIDEO_OVERLAY
        from keras_madd.media import VideoReader
        from keras_madd.media.writer import MOST_FRAME_RATE
        from keras_madd.visualize import ScoredVideoWriter

        with VideoReader(path) as video:
            rate = video.frame_rate or 25.0
            seconds = video.frame_count and video.frame_count / rate
            scored = frames / seconds if frames and seconds else rate / every
            size = video.width, video.height
        target = _with(self._stems[path], VIDEO_OVERLAY)
        description = detector.description
        return OverlayVideo(
            lambda: ScoredVideoWriter(
                target,
                *size,
                min(scored, rate, MOST_FRAME_RATE),
                seconds,
                description.threshold,
                note,
                self._overwrite,
                description.clear_threshold,
                detector.verdict,
            )
        )


class OverlayVideo:
    """A video with what was scored; it appears when the `with` block ends without an error.

    Attributes:
        failure: Why it could not be written, or None; known after the block.
    """

    def __init__(self, open_writer: "Callable[[], ScoredVideoWriter]"):
        import av

        self.failure: str | None = None
        self._writer = None
        self._failures = UserError, OSError, ValueError, av.FFmpegError
        try:
            self._writer = open_writer()
        except self._failures as error:
            self.failure = _reason(error)

    def add(self, frame: "ScoredFrame", image: np.ndarray) -> None:
        """Adds a scored frame and its picture, (H, W, 3) uint8 RGB."""
        if self._writer is None:
            return
        try:
            self._writer.add(frame, image)
        except self._failures as error:
            self._end(error)
            self.failure = self.failure or _reason(error)

    def __enter__(self) -> "OverlayVideo":
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.__exit__(type(error) if error else None, error, None)
        except self._failures as ending:
            self.failure = self.failure or _reason(ending)


def _reason(error: Exception) -> str:
    if not isinstance(error, OSError):
        return str(error)
    return f"{error.filename or 'The overlay'}: {error.strerror or error}"


def _names(files: list[Path]) -> dict[Path, str]:
    """Returns a name for each file's overlay; like names from several folders are numbered."""
    from keras_madd.inference.media import OVERLAY_ENDINGS

    longest = _LONGEST_NAME - max(map(len, OVERLAY_ENDINGS))
    names, taken = {}, set()
    for file in dict.fromkeys(files):
        number, ending = 1, ""
        while (name := _shortened(file.name, ending, longest)) in taken:
            number += 1
            ending = f".{number}"
        taken.add(name)
        names[file] = name
    return names


def _shortened(name: str, ending: str, longest: int) -> str:
    """Returns a name with an ending, in at most so many bytes."""
    while len(os.fsencode(name + ending)) > longest:
        name = name[:-1]
    return name + ending


def _with(stem: Path, ending: str) -> Path:
    return stem.with_name(stem.name + ending)
