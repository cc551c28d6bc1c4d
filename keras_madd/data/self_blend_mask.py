"""Where a self-blended face is taken from: masks of many shapes out of one set of landmarks."""

from typing import Any

import cv2
import numpy as np

from keras_madd.faces.landmarks import LEFT_BROW, LEFT_EYE, LIPS, OVAL, RIGHT_BROW, RIGHT_EYE

NOSE = (168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 97, 98, 326, 327, 48, 64, 129, 278, 294, 358)
_FOREHEAD = (21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251)
_LOWER_FACE = tuple(point for point in OVAL if point not in _FOREHEAD)
_PARTS = (RIGHT_EYE + RIGHT_BROW, LEFT_EYE + LEFT_BROW, NOSE, LIPS)

_ABOVE = (389, 356, 454, 323, 93, 234, 127, 162)
_CHIN = tuple(point for point in _LOWER_FACE if point not in _ABOVE)
_NOSTRILS = (1, 2, 97, 98, 326, 327, 64, 294)

# The paper's, and those of parts that reenactment changes.
MASKS = ("oval", "without_forehead", "eyes_nose_mouth", "components")
PARTIAL_MASKS = ("lower_face", "mouth")

# The elastic warp: noise uniform in -1..1, smoothed by `_SIGMA` pixels, times `_ALPHA`.
_ALPHA, _SIGMA = 50.0, 7.0
_WARP_CELL = 4


def draw_region(
    landmarks: np.ndarray, shape: tuple[int, int], kind: str, rng: np.random.Generator
) -> np.ndarray:
    """A hard mask of one kind.

    `oval` is the hull of all landmarks, which reaches up to the forehead; `without_forehead` ends
    at the brows; `eyes_nose_mouth` is the hull of these; `components` is the union of some of
    {right eye, left eye, nose, mouth}, each a hull of its own, widened a little; `lower_face` is
    all below the tip of the nose; `mouth` is the lips, widened up to the nose and the chin.

    Args:
        landmarks: `(468, 2)` in pixels.
        shape: `(height, width)` of the mask.
        kind: one of `MASKS` or `PARTIAL_MASKS`.
        rng: draws the components and the widening.

    Returns:
        float32 `(height, width)`, 0 or 1.
    """
    mask = np.zeros(shape, np.float32)
    hulls: dict[str, Any] = {
        "oval": slice(None),
        "without_forehead": list(_LOWER_FACE + RIGHT_BROW + LEFT_BROW),
        "eyes_nose_mouth": list(RIGHT_EYE + LEFT_EYE + NOSE + LIPS),
        "lower_face": list(_CHIN + LIPS + _NOSTRILS),
    }
    if kind in hulls:
        _fill_hull(mask, landmarks[hulls[kind]])
        return mask
    if kind == "mouth":
        _fill_hull(mask, landmarks[list(LIPS)])
        return _widened(mask, landmarks, rng.uniform(0.1, 0.35))
    chosen = rng.random(len(_PARTS)) < 0.5
    chosen[rng.integers(len(_PARTS))] = True
    for part in np.flatnonzero(chosen):
        _fill_hull(mask, landmarks[list(_PARTS[part])])
    return _widened(mask, landmarks, rng.uniform(0.05, 0.2))


def reshape(landmarks: np.ndarray, largest: float, rng: np.random.Generator) -> np.ndarray:
    """Landmarks drawn apart or together along both axes, for a region that misses the face's.

    Args:
        landmarks: `(468, 2)` in pixels.
        largest: greatest relative change of the width and of the height; what shrinks may do so by
            twice as much.
        rng: draws the changes.
    """
    middle = landmarks.mean(0)
    return middle + (landmarks - middle) * (1 + rng.uniform(-2 * largest, largest, 2))


def warp_elastically(
    mask: np.ndarray,
    move: np.ndarray,
    rng: np.random.Generator,
    strength: float = 1.0,
    border: int = cv2.BORDER_CONSTANT,
) -> np.ndarray:
    """A mask, or a picture, moved and bent by a smooth random field.

    The field has the spread of uniform noise in -1..1 under a Gaussian of 7 pixels, times 50:
    1.2 pixels. It is drawn on a grid of 4 pixels, which such a smooth field does not notice.

    Args:
        mask: float32 `(H, W)`, or a picture `(H, W, 3)`.
        move: `(2, 3)` affine map from places in the mask to places in the result.
        rng: draws the field.
        strength: factor of the field; 0 leaves only the move.
        border: OpenCV's border, beyond which the mask ends.

    Returns:
        As `mask`.
    """
    height, width = mask.shape[:2]
    margin = 8  # Cells beyond the picture, so that smoothing has no border.
    cells = (height // _WARP_CELL + 2 * margin + 1, width // _WARP_CELL + 2 * margin + 1)
    noise = rng.standard_normal((*cells, 2), dtype=np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), _SIGMA / _WARP_CELL)[margin:-margin, margin:-margin]
    # Of smoothed white noise with unit variance: 1 / (2 sqrt(pi) sigma).
    wanted = _ALPHA * np.sqrt(1 / 3) / (2 * np.sqrt(np.pi) * _SIGMA)
    smooth *= strength * wanted * 2 * np.sqrt(np.pi) * _SIGMA / _WARP_CELL
    field = cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR)
    back = cv2.invertAffineTransform(np.asarray(move, np.float64)).astype(np.float32)
    columns = np.arange(width, dtype=np.float32)[None, :]
    rows = np.arange(height, dtype=np.float32)[:, None]
    map_x = back[0, 0] * columns + back[0, 1] * rows + back[0, 2] + field[..., 0]
    map_y = back[1, 0] * columns + back[1, 1] * rows + back[1, 2] + field[..., 1]
    return cv2.remap(mask, map_x, map_y, cv2.INTER_LINEAR, borderMode=border)


def soften(mask: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mask eroded and with a soft edge, both by random amounts.

    Resized to a side of 192..256 pixels; smoothed (odd kernel 5..25), normalised, values below 1
    set to 0, which erodes it; smoothed again (odd kernel 5..25, sigma 5..45), normalised, resized
    back. The first kernel is no wider than the inner radius of the mask's smallest part, so that
    small parts survive.

    Args:
        mask: float32 `(H, W)`, 0 to 1, not all 0.
        rng: draws the amounts.

    Returns:
        float32 `(H, W)`, 0 to 1; exactly 0 beyond the reach of the kernels.
    """
    side = int(rng.integers(192, 257))
    first, second = 2 * rng.integers(2, 13, 2) + 1
    sigma = rng.uniform(5, 45)
    small = cv2.resize(mask, (side, side), interpolation=cv2.INTER_LINEAR)
    first = int(min(first, max(3, 2 * int(_smallest_radius(small >= 0.5) / 2) + 1)))
    eroded = _normalise(cv2.GaussianBlur(small, (first, first), 0))
    eroded[eroded < 1 - 1e-5] = 0
    soft = _normalise(cv2.GaussianBlur(eroded, (int(second), int(second)), sigma))
    back = cv2.resize(soft, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    back[back < 1e-4] = 0
    return np.minimum(back, 1)


def _fill_hull(mask: np.ndarray, points: np.ndarray) -> None:
    hull = cv2.convexHull(np.ascontiguousarray(points, np.float32))
    cv2.fillConvexPoly(mask, np.round(hull * 16).astype(np.int32), 1.0, shift=4)


def _widened(mask: np.ndarray, landmarks: np.ndarray, share: float) -> np.ndarray:
    """A hard mask grown by a share of the distance between the eyes."""
    eyes = landmarks[list(LEFT_EYE)].mean(0) - landmarks[list(RIGHT_EYE)].mean(0)
    beyond = cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, 3)
    return (beyond <= float(np.linalg.norm(eyes)) * share).astype(np.float32)


def _smallest_radius(inside: np.ndarray) -> float:
    """Inner radius of the narrowest of a mask's connected parts, in pixels."""
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 3)
    count, parts = cv2.connectedComponents(inside.astype(np.uint8))
    deepest = (
        cv2.minMaxLoc(depth, (parts == each).astype(np.uint8))[1] for each in range(1, count)
    )
    return min(deepest, default=0.0)


def _normalise(mask: np.ndarray) -> np.ndarray:
    return mask / max(float(mask.max()), 1e-6)
