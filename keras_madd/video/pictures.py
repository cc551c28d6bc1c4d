"""From a decoded frame to the picture a viewer sees: upright, RGB, 8 bits."""

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

# Within half a grey level of the standards' formulas, where swscale's quick path is 3 levels off;
# and the same bits on every processor.
_EXACT = (
    Interpolation.BILINEAR
    | Interpolation.ACCURATE_RND
    | Interpolation.FULL_CHR_H_INT
    | Interpolation.BITEXACT
)
_UNSPECIFIED_MATRIX = 2


def orientation(frame: av.VideoFrame) -> tuple[bool, bool, bool]:
    """How the stored picture lies, from the display matrix that phones write.

    The matrix sends a stored point to `(a x + c y, b x + d y)`. Its nearest multiple of a quarter
    turn, mirrored or not, is taken.

    Returns:
        Whether to transpose, then whether to mirror left-right, then whether to mirror up-down.
    """
    for data in frame.side_data:
        if data.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = (int(value) for value in np.frombuffer(bytes(data), np.int32)[:5])
            transpose = abs(a) + abs(d) < abs(b) + abs(c)
            return (transpose, c < 0, b < 0) if transpose else (False, a < 0, d < 0)
    return False, False, False


def upright_size(frame: av.VideoFrame) -> tuple[int, int]:
    """Width and height in pixels of the picture as it is shown."""
    size = frame.width, frame.height
    return size[::-1] if orientation(frame)[0] else size


def to_picture(
    frame: av.VideoFrame, size: tuple[int, int], reformatter: VideoReformatter, threads: int
) -> np.ndarray:
    """Convert a frame.

    Colours follow the stream's matrix and range. Where no matrix is named, players' rule holds:
    BT.709 from 1280 pixels of width or above 576 of height, BT.601 below. High dynamic range is
    not tone-mapped, fields are not separated, pixels are taken as square.

    Args:
        frame: as decoded.
        size: width and height of the result; frames of another size are resized.
        reformatter: keeps the tables between frames.
        threads: of the conversion; 0 for one per core.

    Returns:
        uint8 `(height, width, 3)`, upright, contiguous, and the caller's own.
    """
    transpose, left_right, up_down = orientation(frame)
    width, height = size[::-1] if transpose else size
    matrix = None
    if frame.colorspace == _UNSPECIFIED_MATRIX:
        large = frame.width >= 1280 or frame.height > 576
        matrix = Colorspace.ITU709 if large else Colorspace.ITU601
    picture = reformatter.reformat(
        frame,
        width,
        height,
        format="rgb24",
        src_colorspace=matrix,
        dst_color_range=ColorRange.JPEG,
        interpolation=_EXACT,
        threads=threads,
    ).to_ndarray()
    if transpose:
        picture = picture.transpose(1, 0, 2)
    if left_right:
        picture = picture[:, ::-1]
    if up_down:
        picture = picture[::-1]
    # A copy also where the frame's own memory was lent out.
    return np.array(picture, order="C") if picture.base is not None else picture
