"""From a decoded frame to the picture a viewer sees: upright, RGB, 8 bits."""

from typing import cast

import av
import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

_UNSPECIFIED_MATRIX = 2
Orientation = tuple[bool, bool, bool]


def read_orientation(frame: av.VideoFrame) -> Orientation:
    """How the stored picture lies, from the display matrix that phones write.

    The matrix sends a stored point to `(a x + c y, b x + d y)`. Its nearest multiple of a quarter
    turn, mirrored or not, is taken.

    Returns:
        Whether to transpose, then whether to mirror left-right, then whether to mirror up-down.
    """
    # PyAV declares the container of all side data as one of them.
    for data in cast(SideDataContainer, frame.side_data):
        if data.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = (int(value) for value in np.frombuffer(bytes(data), np.int32)[:5])
            transpose = abs(a) + abs(d) < abs(b) + abs(c)
            return (transpose, c < 0, b < 0) if transpose else (False, a < 0, d < 0)
    return False, False, False


class PictureMaker:
    """Turns the frames of one video into pictures.

    Colours follow the stream's matrix and range. Where no matrix is named, players' rule holds:
    BT.709 from 1280 pixels of width or above 576 of height, BT.601 below. Values are at most 3
    levels off the standards' formulas, one level too dark in the mean: swscale's exact path, which
    rounds rightly, takes 20 times as long, several times what decoding takes. High dynamic range
    is not tone-mapped, fields are not separated, pixels are taken as square.

    Args:
        first: the video's first frame, whose upright size all pictures get; one of another shape
            has black borders.
        threads: of the conversion; 0 for one per core.

    Attributes:
        size: width and height of the pictures.
    """

    def __init__(self, first: av.VideoFrame, threads: int):
        # A frame whose side data were looked at is in a reference cycle, and its megabytes wait
        # for the garbage collector; the angle alone costs nothing.
        self._orientations = {first.rotation: read_orientation(first)}
        self._threads = threads
        self._reformatter = VideoReformatter()
        size = first.width, first.height
        self.size = size[::-1] if self._orientation(first)[0] else size

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """Convert a frame.

        Returns:
            uint8 `(height, width, 3)`, upright, contiguous, writeable, used by nobody else.
        """
        transpose, left_right, up_down = self._orientation(frame)
        width, height = self.size[::-1] if transpose else self.size
        matrix = None
        if frame.colorspace == _UNSPECIFIED_MATRIX:
            large = frame.width >= 1280 or frame.height > 576
            matrix = Colorspace.ITU709 if large else Colorspace.ITU601
        scale = min(width / frame.width, height / frame.height)
        size = max(1, round(scale * frame.width)), max(1, round(scale * frame.height))
        picture = self._reformatter.reformat(
            frame,
            *size,
            format="rgb24",
            src_colorspace=matrix,
            dst_color_range=ColorRange.JPEG,
            threads=self._threads,
        ).to_ndarray()
        if size != (width, height):
            left, top = (width - size[0]) // 2, (height - size[1]) // 2
            fitted = np.zeros((height, width, 3), np.uint8)
            fitted[top : top + size[1], left : left + size[0]] = picture
            picture = fitted
        if transpose:
            picture = picture.transpose(1, 0, 2)
        if left_right:
            picture = picture[:, ::-1]
        if up_down:
            picture = picture[::-1]
        return np.ascontiguousarray(picture)

    def _orientation(self, frame: av.VideoFrame) -> Orientation:
        angle = frame.rotation
        if angle not in self._orientations:
            self._orientations[angle] = read_orientation(frame)
        return self._orientations[angle]
