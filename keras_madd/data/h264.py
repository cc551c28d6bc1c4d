"""A face crop as a video shows it: through H.264 and back."""

from fractions import Fraction

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from keras_madd.media.writer import yuv_frame

# Without a look ahead. With one, x264 takes from a picture what it would give back for the frames
# that copy from it, and a clip of few frames has none: it would be worse than a whole video is.
_OPTIONS = {"preset": "veryfast", "bf": "0", "rc-lookahead": "0", "threads": "1"}


def through_h264(
    image: np.ndarray, crf: int, frames: int = 1, motion: tuple[float, float] = (0.0, 0.0)
) -> np.ndarray:
    """Encode a picture as the last frame of a short H.264 clip, and decode it.

    One frame is coded by itself, as the first of a video is. Of more, the last one is predicted
    from those before it, as nearly all frames of a video are: it keeps their rounding and drops
    what hardly changes.

    Args:
        image: RGB, uint8, `(H, W, 3)`.
        crf: x264's constant rate factor, 0 to 51.
        frames: Frames of the clip, 1 or more.
        motion: How far the picture moves from a frame to the next, right and down, in pixels.

    Returns:
        RGB, uint8, `(H, W, 3)`.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> compressed = through_h264(image, crf=40, frames=3, motion=(0.5, 0.0))
    """
    if not 0 <= crf <= 51:
        raise ValueError(f"`crf` must be from 0 to 51. Received: crf={crf!r}")
    if frames < 1:
        raise ValueError(f"`frames` must be at least 1. Received: frames={frames!r}")
    height, width = image.shape[:2]
    # Colour is stored at half the resolution, which needs even sides.
    even = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width, encoder.pix_fmt = *even.shape[:2], "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
    encoder.options = {**_OPTIONS, "crf": str(crf)}
    packets = []
    for number in range(frames):
        steps = number - (frames - 1)
        frame = yuv_frame(_moved(even, motion[0] * steps, motion[1] * steps))
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoded = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    return _rgb(decoded[-1])[:height, :width]


def _moved(image: np.ndarray, right: float, down: float) -> np.ndarray:
    if not (right or down):
        return image
    move = np.array([[1, 0, right], [0, 1, down]], np.float32)
    size = image.shape[1::-1]
    return cv2.warpAffine(image, move, size, borderMode=cv2.BORDER_REPLICATE)


def _rgb(frame: av.VideoFrame) -> np.ndarray:
    # As `media.PictureMaker` does with a video's frames.
    frame = frame.reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.JPEG,
        threads=1,
    )
    return frame.to_ndarray()
