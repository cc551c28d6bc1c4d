"""From a face box to the network's pixels: the only place where that is done.

Every step is integer arithmetic, so a second implementation (the Kotlin one on the phone) can be
bit-equal; `tests/golden/crops/` holds the vectors that both are tested with.

**1. The square.** For a box `(x, y, w, h)` and a margin `k`, with `floor` towards minus infinity:

    side = max(1, floor(k * max(w, h) + 0.5))       in IEEE double precision
    left = x + floor((w - side) / 2)                integer (floor) division
    top  = y + floor((h - side) / 2)

**2. Padding.** The square is `side x side` pixels. Those outside the image are black; the square
is never moved or clamped, since that would change the face's place or aspect.

**3. Resizing** from `side` to `size`, alike along both axes and per channel. Along one axis,
output pixel `i` is a weighted sum of source pixels; the weights are integers with sum `D`:

- `side <= 2 * size`, bilinear with half-pixel centres. `D = 2 * size`. The source position is
  `n / D` with `n = (2 * i + 1) * side - size`, clamped to `[0, D * (side - 1)]`. With
  `a = n div D` and `f = n mod D`, source pixel `a` has weight `D - f` and, where `f > 0`,
  source pixel `a + 1` has weight `f`.
- `side > 2 * size`, area average. `D = side`. Output `i` covers `[i * side, (i + 1) * side)` in
  units of `1 / size` source pixel; source pixel `j` covers `[j * size, (j + 1) * size)`. Its
  weight is the length of the overlap. (Averaging areas down to twice the size and then bilinear
  interpolation gives this same mean: at a shrink of exactly 2 both rules agree.)

**4. Rounding**, once, half up: with `S` the sum of `weight_y * weight_x * pixel`, the output is
`floor((2 * S + D * D) / (2 * D * D))`. `S` may exceed 32 bits.
"""

import math
import operator
from collections.abc import Sequence

import numpy as np

DEFAULT_MARGIN = 1.3


def crop_square(box: Sequence[int], margin: float = DEFAULT_MARGIN) -> tuple[int, int, int]:
    """Square about a box's centre (step 1 of the module's text).

    Args:
        box: `(x, y, width, height)` in whole pixels; it may reach outside the image.
        margin: the square's side over the longer side of the box.

    Returns:
        `(left, top, side)` in pixels; `left` and `top` may be negative.

    Raises:
        ValueError: the box is not four integers with positive width and height, or the margin is
            not a positive number.
    """
    try:
        x, y, width, height = (operator.index(value) for value in box)
    except (TypeError, ValueError):
        raise ValueError(
            f"`box` must be four integers (x, y, width, height). Received: box={box!r}"
        ) from None
    if width <= 0 or height <= 0:
        raise ValueError(f"`box` must have a positive width and height. Received: box={box!r}")
    if not (math.isfinite(margin) and margin > 0):
        raise ValueError(f"`margin` must be a positive number. Received: margin={margin!r}")
    side = max(1, math.floor(margin * max(width, height) + 0.5))
    return x + (width - side) // 2, y + (height - side) // 2, side


def crop_face(
    image: np.ndarray, box: Sequence[int], size: int, margin: float = DEFAULT_MARGIN
) -> np.ndarray:
    """Cut a face out of an image as the network sees it.

    The square of `crop_square`, black outside the image, resized to `size`. The arithmetic is
    written out in the module's text.

    Args:
        image: RGB, uint8, `(H, W, 3)`.
        box: `(x, y, width, height)` in whole pixels.
        size: side of the result in pixels.
        margin: the square's side over the longer side of the box. Use the one that is stored with
            the model.

    Returns:
        RGB, uint8, `(size, size, 3)`.

    Raises:
        ValueError: an argument is malformed, or the square lies wholly outside the image.
    """
    check_image(image)
    try:
        size = operator.index(size)
    except TypeError:
        size = 0
    if size < 1:
        raise ValueError(f"`size` must be a positive integer. Received: size={size!r}")
    left, top, side = crop_square(box, margin)
    height, width = image.shape[:2]
    if left >= width or top >= height or left + side <= 0 or top + side <= 0:
        raise ValueError(
            f"`box` with its margin must touch the {width}x{height} image. "
            f"Received: square=({left}, {top}, {side})"
        )
    square = padded_square(image, left, top, side)
    if side == size:
        return square
    resize_axis, unit = (_bilinear_axis, 2 * size) if side <= 2 * size else (_area_axis, side)
    wide = np.int32 if 511 * unit * unit < 2**31 else np.int64
    # Columns become rows for the second pass, so that both passes work on whole, contiguous rows.
    columns = resize_axis(square.reshape(side, -1), size, np.int32)
    columns = columns.reshape(size, side, 3).transpose(1, 0, 2).reshape(side, -1)
    total = resize_axis(columns, size, wide)
    rounded = (2 * total + unit * unit) // (2 * unit * unit)
    result = rounded.astype(np.uint8).reshape(size, size, 3)
    return np.ascontiguousarray(result.transpose(1, 0, 2))


def check_image(image: np.ndarray) -> None:
    """Raise a ValueError unless it is RGB, uint8, `(H, W, 3)` and not empty."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        raise ValueError(
            "`image` must be a uint8 numpy array. "
            f"Received: image={getattr(image, 'dtype', type(image).__name__)}"
        )
    if image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ValueError(f"`image` must have shape (H, W, 3). Received: image.shape={image.shape}")


def padded_square(image: np.ndarray, left: int, top: int, side: int) -> np.ndarray:
    """Return the pixels of a square, black where it leaves the image."""
    height, width = image.shape[:2]
    x0, x1 = max(left, 0), min(left + side, width)
    y0, y1 = max(top, 0), min(top + side, height)
    square = np.zeros((side, side, 3), np.uint8)
    if x0 < x1 and y0 < y1:
        square[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return square


def _bilinear_axis(rows: np.ndarray, size: int, kind: type) -> np.ndarray:
    """Sums of a type along axis 0, whole and bilinear; their weights add up to `2 * size`."""
    side, unit = len(rows), 2 * size
    position = np.clip((2 * np.arange(size) + 1) * side - size, 0, unit * (side - 1))
    first, weight = np.divmod(position, unit)
    second = np.minimum(first + 1, side - 1)
    weight = weight[:, None].astype(kind)
    return rows[first].astype(kind) * (unit - weight) + rows[second].astype(kind) * weight


def _area_axis(rows: np.ndarray, size: int, kind: type) -> np.ndarray:
    """Sums of a type of covered areas along axis 0; their weights add up to the rows' number."""
    side = len(rows)
    start = np.arange(size) * side
    end = start + side
    first = start // size
    total: np.ndarray = np.zeros((size, rows.shape[1]), kind)
    for step in range(int(((end - 1) // size - first).max()) + 1):
        source = first + step
        weight = np.minimum(end, (source + 1) * size) - np.maximum(start, source * size)
        weight = np.maximum(weight, 0).astype(kind)
        total += rows[np.minimum(source, side - 1)].astype(kind) * weight[:, None]
    return total
