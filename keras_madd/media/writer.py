"""Writing videos that every player shows."""

import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation

from keras_madd.support.errors import UserError
from keras_madd.support.files import replacing

MOST_FRAME_RATE = 1000
_TICK = Fraction(1, 90000)  # Of seconds: what times are rounded to.
_BT709 = 1  # In H.264's tables of matrices, primaries and transfer characteristics alike.


class VideoWriter:
    """Writes pictures as an MP4 file with H.264, 8 bits, 4:2:0, BT.709.

    The file appears under its name when the writer is closed without an error, and not before;
    where a `with` block fails, nothing is left and an existing file stays as it was. H.264 in
    this form has even sides: an odd one gains a row or column that repeats the last.

    Args:
        path: the file to write, `.mp4`, `.mov` or `.mkv`.
        width: of the pictures, in pixels.
        height: the same.
        frame_rate: frames per second.
        quality: x264's constant rate factor, 0 lossless to 51 worst.
        rotation: degrees counter-clockwise by which a player is to turn the pictures, as phones
            ask for; a multiple of 90.
        speed: x264's preset, such as "ultrafast" or "medium".
        overwrite: whether an existing file is replaced.

    Raises:
        UserError: the folder is missing or cannot be written to, or the file exists.
        ValueError: an argument is out of its range.

    Example:
        >>> with VideoWriter("out.mp4", 640, 480, 25) as writer:
        ...     for image in images:
        ...         writer.write(image)
    """

    def __init__(
        self,
        path: str | os.PathLike,
        width: int,
        height: int,
        frame_rate: float,
        quality: int = 20,
        rotation: int = 0,
        speed: str = "veryfast",
        overwrite: bool = False,
    ):
        _check(path, width, height, frame_rate, quality, rotation)
        self.path = Path(path)
        self._shape = (height, width, 3)
        self._pad = (width % 2, height % 2)
        self._count, self._last = 0, -1
        self._replacing = replacing(self.path, overwrite)
        try:
            temporary = self._replacing.__enter__()
        except OSError as error:
            raise UserError(f"{path}: cannot be written: {error.strerror or error}.") from None
        try:
            options = {"movflags": "+faststart"} if self.path.suffix != ".mkv" else {}
            container = av.open(f"file:{temporary.absolute()}", "w", options=options)
            self._container: av.container.OutputContainer | None = container
            self._stream = self._add_stream(container, frame_rate, quality, rotation, speed)
        except BaseException as error:
            self._replacing.__exit__(type(error), error, None)
            raise

    def _add_stream(
        self,
        container: av.container.OutputContainer,
        frame_rate: float,
        quality: int,
        rotation: int,
        speed: str,
    ) -> av.VideoStream:
        options = {"crf": str(quality), "preset": speed}
        rate = Fraction(frame_rate).limit_denominator(1001 * 60)
        stream = container.add_stream("libx264", rate=rate, options=options)
        height, width, _ = self._shape
        stream.width, stream.height = width + self._pad[0], height + self._pad[1]
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = ColorRange.MPEG.value
        if rotation % 360:
            stream.set_display_rotation(rotation)
        return stream

    def write(self, image: np.ndarray, seconds: float | None = None) -> None:
        """Add a picture.

        Args:
            image: RGB, uint8, `(height, width, 3)`.
            seconds: when it is shown, until the next one is; for every picture of a file or, where
                they follow each other at the frame rate, for none. One that is not later than the
                picture before follows that at the frame rate.

        Raises:
            ValueError: the picture has another type or shape, or the writer is closed.
        """
        if self._container is None:
            raise ValueError("This VideoWriter is closed; create another one.")
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
            kind = getattr(image, "dtype", type(image).__name__)
            raise ValueError(f"`image` must be a uint8 numpy array. Received: image={kind}")
        if image.shape != self._shape:
            raise ValueError(
                f"`image` must have shape {self._shape}. Received: image.shape={image.shape}"
            )
        if any(self._pad):
            image = np.pad(image, ((0, self._pad[1]), (0, self._pad[0]), (0, 0)), mode="edge")
        frame = yuv_frame(image)
        if seconds is not None:
            frame.pts, frame.time_base = self._ticks(seconds), _TICK
        self._container.mux(self._stream.encode(frame))
        self._count += 1

    def _ticks(self, seconds: float) -> int:
        context = self._stream.codec_context
        if not self._count:
            # Of pictures that are stored in another order, MP4 tells a wrong length.
            context.time_base, context.max_b_frames = _TICK, 0
        ticks = round(seconds / _TICK)
        if ticks <= self._last:
            ticks = self._last + round(1 / (context.framerate * _TICK))
        self._last = ticks
        return ticks

    def close(self) -> None:
        """Finish the file and give it its name. Closing twice is harmless."""
        if self._container is not None:
            try:
                if not self._count:
                    raise ValueError(f"{self.path}: not one picture was written.")
                self._container.mux(self._stream.encode(None))
            except BaseException as error:
                self._end(error)
                raise
            self._end(None)

    def _end(self, error: BaseException | None) -> None:
        container, self._container = self._container, None
        assert container is not None
        try:
            container.close()
        except BaseException as closing:
            self._leave(error or closing)
            raise
        self._leave(error)

    def _leave(self, error: BaseException | None) -> None:
        if error is None:
            self._replacing.__exit__(None, None, None)
            return
        try:
            self._replacing.__exit__(type(error), error, None)
        except BaseException as raised:
            if raised is not error:
                raise

    def __enter__(self) -> "VideoWriter":
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if error is None:
            self.close()
        elif self._container is not None:
            self._end(error)


def yuv_frame(image: np.ndarray) -> av.VideoFrame:
    """Return a picture, (H, W, 3) uint8 RGB of even sides, as videos hold it: 4:2:0, BT.709."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
    return frame.reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation=Interpolation.BILINEAR | Interpolation.ACCURATE_RND,
        # More would be started for this one picture, which takes longer than it saves.
        threads=1,
    )


def _check(path, width, height, frame_rate, quality, rotation) -> None:
    for name, value in (("width", width), ("height", height)):
        if not 1 <= value <= 16384:
            raise ValueError(f"`{name}` must be 1 to 16384. Received: {name}={value!r}")
    if not 0 < frame_rate <= MOST_FRAME_RATE:
        raise ValueError(
            f"`frame_rate` must be above 0 and at most {MOST_FRAME_RATE}. "
            f"Received: frame_rate={frame_rate!r}"
        )
    if not 0 <= quality <= 51:
        raise ValueError(f"`quality` must be 0 to 51. Received: quality={quality!r}")
    if rotation % 90:
        raise ValueError(f"`rotation` must be a multiple of 90. Received: rotation={rotation!r}")
    if Path(path).suffix.lower() not in (".mp4", ".mov", ".m4v", ".mkv"):
        raise ValueError(f"`path` must end in .mp4, .mov or .mkv. Received: path={path}")
