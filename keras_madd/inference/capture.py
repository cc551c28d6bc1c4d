"""Where live pictures come from: a camera, or a video that stands in for one."""

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_madd.support.errors import UserError
from keras_madd.support.native_stderr import native_stderr_silenced

# A camera that gives nothing for so long is gone.
_PATIENCE_SECONDS = 3.0
_MOST_NUMBER = 999
_ADVICE = "Choose one with --source NUMBER, or give a video file."


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture of a live source.

    Attributes:
        index: Its number, from 0; of a video the number in the file.
        seconds: When it was taken, from the first one on.
        image: (H, W, 3) uint8 RGB, upright.
        read_ms: Milliseconds that reading and decoding it took.
    """

    index: int
    seconds: float
    image: np.ndarray
    read_ms: float


def is_camera(source: str) -> bool:
    """Tells whether a source is a camera's number or device file rather than a video."""
    return source.isdecimal() or (source.startswith("/dev/") and not Path(source).is_file())


class Camera:
    """The pictures of a camera, as they come.

    Args:
        source: Number of the camera, `"0"` the first, or its device file.

    Attributes:
        frame_rate: What the camera says, or None.

    Raises:
        UserError: If there is no such camera, or it gives no picture.
    """

    def __init__(self, source: str):
        import cv2

        self.source = source
        is_number = source.isdecimal()
        if (is_number and int(source) > _MOST_NUMBER) or (
            # Anything else is opened and read as a video, a pipe for ever.
            not is_number and os.path.exists(source) and not Path(source).is_char_device()
        ):
            raise UserError(f"{source} is no camera. {_ADVICE}")
        with native_stderr_silenced():  # OpenCV tells of every driver it tries.
            self._capture = cv2.VideoCapture(int(source) if is_number else source)
            opened = self._capture.isOpened()
            # The newest picture is wanted, not one that waited in the driver.
            self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
            self._first = self._capture.read()[1] if opened else None
        if self._first is None:
            self._capture.release()
            what = "gives no picture: another program may use it" if opened else "cannot be opened"
            raise UserError(f"Camera {source} {what}. {_ADVICE}")
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.frame_rate = float(rate) if 1 <= rate <= 240 else None

    def __iter__(self) -> Iterator[Picture]:
        """Yields pictures for ever.

        Raises:
            UserError: If the camera stops giving pictures.
        """
        import cv2

        started = time.perf_counter()
        index, image, read_ms = 0, self._first, 0.0
        while True:
            taken = time.perf_counter()
            if image is not None:
                picture = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
                yield Picture(index, taken - started, picture, read_ms)
                index += 1
                last = taken = time.perf_counter()
            elif taken - last > _PATIENCE_SECONDS:
                raise UserError(f"Camera {self.source} was lost after {index} pictures.")
            else:
                time.sleep(0.05)
            given, image = self._capture.read()
            image = image if given else None
            read_ms = 1e3 * (time.perf_counter() - taken)

    def close(self) -> None:
        """Releases the camera. Closing twice is harmless."""
        self._capture.release()


class VideoAsCamera:
    """A video file that stands in for a camera.

    Args:
        path: The file.
        paced: Whether a picture comes when its time has come, as from a camera, or as soon as it
            is decoded.
        seconds: Where to end; `None`: at the file's end.

    Attributes:
        frame_rate: Frames per second, or None where the file does not tell.
        broken_tail: What is damaged in the file, or None; known after the last picture.

    Raises:
        UserError: If the file is missing or holds no video.
    """

    def __init__(self, path: str | Path, paced: bool = True, seconds: float | None = None):
        from keras_madd.media import VideoReader

        self.paced, self.seconds = paced, seconds
        self._interrupted = threading.Event()
        self._video = VideoReader(path)
        self.frame_rate = self._video.frame_rate

    @property
    def broken_tail(self) -> str | None:
        """What is damaged in the file, or None; known after the last picture."""
        return self._video.broken_tail

    def __iter__(self) -> Iterator[Picture]:
        """Yields the pictures of the video, once, or those before it was interrupted."""
        started = asked = time.perf_counter()
        for frame in self._video:
            read_ms = 1e3 * (time.perf_counter() - asked)
            at = frame.seconds if self.seconds is None else min(frame.seconds, self.seconds)
            pause = max(0.0, started + at - time.perf_counter())
            if self.paced and self._interrupted.wait(pause):
                return
            if self.seconds is not None and frame.seconds >= self.seconds:
                return
            yield Picture(frame.index, frame.seconds, frame.image, read_ms)
            asked = time.perf_counter()

    def interrupt(self) -> None:
        """Ends the wait for the next picture, from any thread: a video may hold long pauses."""
        self._interrupted.set()

    def close(self) -> None:
        """Closes the file. Closing twice is harmless."""
        self.interrupt()
        self._video.close()
