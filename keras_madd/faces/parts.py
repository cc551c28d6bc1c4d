"""A large picture in parts, for faces that are small in the whole of it.

The page in the browser has a twin; `tests/golden/picture_parts.json` has the vectors of both.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from keras_madd.faces.track import Box

# Pixels: in a part of this side the full-range model finds faces of 60 and more.
SIDE = 800
# So many sides at most: of more than 30 megapixels they are longer.
MOST_ALONG = 8
# The longer side of a picture holds fewer faces than this of what it is a picture of.
SMALL = 10
# Of many parts some have leaves or folds that look like a face: those are below it.
LEAST_CONFIDENCE = 0.7


def has_small_faces(shape: tuple[int, ...], boxes: Iterable[Box]) -> bool:
    """Whether a picture may show faces that are small in it: it is large and its faces are not.

    Args:
        shape: `(H, W, 3)` of the picture.
        boxes: `(x, y, width, height)` of the faces found in the whole of it.
    """
    longer = max(shape[:2])
    return longer > SIDE and all(SMALL * box[2] < longer for box in boxes)


def parts(image: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Squares that overlap by half, so that every small face lies whole in one of them.

    Args:
        image: `(H, W, 3)`.

    Yields:
        `(left, top, part)`, the part a view.
    """
    height, width = image.shape[:2]
    side = max(SIDE, -(-max(height, width) // MOST_ALONG))
    for top in _starts(height, side):
        for left in _starts(width, side):
            yield left, top, image[top : top + side, left : left + side]


def are_one_face(box: Box, other: Box) -> bool:
    """Whether two boxes are of one face, of which a part may have shown no more than half."""
    return _has_middle(box, other) or _has_middle(other, box)


def _has_middle(box: Box, other: Box) -> bool:
    x, y, width, height = box
    twice_across, twice_down = 2 * (other[0] - x) + other[2], 2 * (other[1] - y) + other[3]
    return 0 <= twice_across <= 2 * width and 0 <= twice_down <= 2 * height


def _starts(length: int, side: int) -> list[int]:
    if length <= side:
        return [0]
    count = -(-2 * (length - side) // side) + 1
    return [number * (length - side) // (count - 1) for number in range(count)]
