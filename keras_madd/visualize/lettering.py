"""Letters on pictures, with the typeface that OpenCV brings along."""

import functools

import cv2
import numpy as np

Color = tuple[int, int, int]

REGULAR, BOLD = 400, 700


def text_width(text: str, size: int, weight: int = REGULAR) -> int:
    """Returns the width of a line of text in pixels.

    Args:
        text: One line.
        size: Of the letters in pixels.
        weight: 100, thin, to 900.
    """
    if not text:
        return 0
    left, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), _face(), size, weight)
    return left + width


def draw_text(
    canvas: np.ndarray,
    text: str,
    place: tuple[int, int],
    color: Color,
    size: int,
    weight: int = REGULAR,
) -> int:
    """Writes a line of text.

    Args:
        canvas: (H, W, 3) uint8 RGB; written to.
        text: One line.
        place: (x, y) of the first letter's lower left corner.
        color: RGB.
        size: Of the letters in pixels.
        weight: 100, thin, to 900.

    Returns:
        x where the text ends.
    """
    # Where the text reaches over the right border OpenCV would wrap it.
    unwrapped = (0, 1 << 20)
    cv2.putText(canvas, text, place, color, _face(), size, weight, 0, unwrapped)
    return place[0] + text_width(text, size, weight)


def fitting_size(text: str, width: float, size: int) -> int:
    """Returns the size of letters, `size` at most and 7 at least, that fits into so many pixels."""
    while size > 7 and text_width(text, size) > width:
        size -= 1
    return size


def percent(probability: float) -> str:
    """Returns a probability as a percentage that never claims to be certain."""
    if probability < 0.01:
        return "<1%"
    return ">99%" if probability > 0.99 else f"{probability:.0%}"


@functools.cache
def _face() -> "cv2.FontFace":
    return cv2.FontFace("sans")
