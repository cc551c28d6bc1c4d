"""Smooth warps of the portrait: the ways in which its people differ, move and speak.

A warp is a displacement field on a coarse grid over the portrait: pixel `q` of the warped picture
shows the portrait at `q + D(q)`. Fields are sums of modes, so that a person is a short vector.
"""

import functools

import cv2
import numpy as np

from keras_madd.demo.portrait import SIDE, load_portrait
from keras_madd.faces.landmarks import LEFT_BROW, LEFT_EYE, LIPS, RIGHT_BROW, RIGHT_EYE

CELL = 8  # Portrait pixels between grid points.
GRID = SIDE // CELL

# Spread of every shape mode over people: a standard deviation, relative for stretches and in eye
# distances for moves.
SHAPE_SPREAD = {
    "face_width": 0.08,
    "jaw_width": 0.11,
    "cheek_width": 0.06,
    "chin_length": 0.12,
    "face_length": 0.045,
    "eye_distance": 0.04,
    "eye_size": 0.13,
    "eye_height": 0.035,
    "eye_tilt": 0.035,
    "brow_height": 0.05,
    "nose_width": 0.15,
    "nose_length": 0.05,
    "mouth_width": 0.11,
    "mouth_height": 0.04,
    "lip_thickness": 0.16,
    "mouth_closed": 0.28,
    "hair_volume": 0.12,
    "hair_length": 0.3,
    "fringe": 0.10,
    "neck_width": 0.08,
}
EXPRESSIONS = ("smile", "jaw_drop", "brow_raise", "squint", "yaw", "pitch")


@functools.cache
def shape_modes() -> np.ndarray:
    """The shape modes in the order of `SHAPE_SPREAD`: float32 `(modes, GRID, GRID, 2)`."""
    eyes, mouth, nose, chin = _places()
    right_eye, left_eye = eyes
    middle = (right_eye + left_eye) / 2
    face = middle * 0.55 + mouth * 0.45
    modes = {
        "face_width": _stretch(face, (1.3, 1.7), (1, 0)),
        "jaw_width": _stretch(mouth - (0, -12), (1.0, 0.55), (1, 0)),
        "cheek_width": _stretch(nose, (1.1, 0.45), (1, 0)),
        "chin_length": _move(chin, (0.8, 0.42), (0, 1)),
        "face_length": _stretch(nose, (1.6, 1.3), (0, 1)),
        "eye_distance": _move(right_eye, (0.42, 0.42), (-1, 0))
        + _move(left_eye, (0.42, 0.42), (1, 0)),
        "eye_size": _stretch(right_eye, (0.28, 0.25), (1, 1))
        + _stretch(left_eye, (0.28, 0.25), (1, 1)),
        "eye_height": _move(middle, (1.1, 0.32), (0, 1)),
        "eye_tilt": _move(right_eye - (10, 0), (0.24, 0.24), (0, -1))
        + _move(left_eye - (-10, 0), (0.24, 0.24), (0, -1)),
        "brow_height": _brows(),
        "nose_width": _stretch(nose, (0.32, 0.3), (1, 0)),
        "nose_length": _move(nose, (0.4, 0.36), (0, 1)),
        "mouth_width": _stretch(mouth, (0.6, 0.3), (1, 0)),
        "mouth_height": _move(mouth, (0.7, 0.32), (0, 1)),
        "lip_thickness": _stretch(mouth, (0.6, 0.26), (0, 1)),
        "mouth_closed": _closed_mouth(mouth),
        "hair_volume": _move(middle - (0, 75), (1.5, 0.9), (0, -1))
        + _move(middle - (72, 22), (0.5, 0.9), (-1, 0))
        + _move(middle - (-72, 22), (0.5, 0.9), (1, 0)),
        "hair_length": _move(middle - (70, -45), (0.24, 0.7), (0, 1))
        + _move(middle - (-70, -45), (0.24, 0.7), (0, 1)),
        "fringe": _move(middle - (0, 32), (1.0, 0.3), (0, 1)),
        "neck_width": _stretch(chin - (0, -18), (0.8, 0.4), (1, 0)),
    }
    return np.asarray([modes[name] for name in SHAPE_SPREAD], np.float32)


@functools.cache
def expression_modes() -> np.ndarray:
    """The expression and pose modes in the order of `EXPRESSIONS`: `(modes, GRID, GRID, 2)`."""
    eyes, mouth, _, chin = _places()
    half = (load_portrait().landmarks[291, :2] - load_portrait().landmarks[61, :2]) / 2
    smile = _move(mouth - half, (0.3, 0.3), (-0.6, -1)) + _move(mouth + half, (0.3, 0.3), (0.6, -1))
    squint = sum(_stretch(eye, (0.3, 0.22), (0, -1)) for eye in eyes)
    depth = _depth()
    nothing = np.zeros_like(depth)
    modes = {
        "smile": smile,
        "jaw_drop": _move(chin - (0, 8), (0.75, 0.45), (0, 1)),
        "brow_raise": _brows(),
        "squint": squint,
        "yaw": np.stack([depth, nothing], axis=-1),
        "pitch": np.stack([nothing, depth], axis=-1),
    }
    return np.asarray([modes[name] for name in EXPRESSIONS], np.float32)


def move_points(points: np.ndarray, field: np.ndarray) -> np.ndarray:
    """Where a warp takes points of the portrait.

    Solves `q + D(q) = p` by fixed-point iteration; the fields are smooth enough for it.

    Args:
        points: float32 `(N, 2)` in portrait pixels.
        field: `(GRID, GRID, 2)`, in pixels.

    Returns:
        float32 `(N, 2)`.
    """
    moved = np.asarray(points, np.float32)
    for _ in range(6):
        grid = ((moved + 0.5) / CELL - 0.5).reshape(1, -1, 2)
        # OpenCV declares the second map as needed; there is none beside a map of pairs.
        shift = cv2.remap(  # type: ignore[call-overload]
            field, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        moved = np.asarray(points, np.float32) - shift[0]
    return moved


def unit() -> float:
    """Distance between the portrait's eyes in pixels: the scale of all modes."""
    (right_eye, left_eye), *_ = _places()
    return float(left_eye[0] - right_eye[0])


def grid_points() -> np.ndarray:
    """Portrait pixel coordinates of the grid's points: float32 `(GRID, GRID, 2)`."""
    line = (np.arange(GRID, dtype=np.float32) + 0.5) * CELL - 0.5
    return np.stack(np.meshgrid(line, line), axis=-1)


def _places():
    portrait = load_portrait()
    eyes = portrait.center(RIGHT_EYE), portrait.center(LEFT_EYE)
    return eyes, portrait.center(LIPS), portrait.center((2, 4)), portrait.center((152,))


def _bump(center, spread) -> np.ndarray:
    offset = (grid_points() - center) / (np.float32(spread) * unit())
    return np.exp(-0.5 * (offset**2).sum(axis=-1, keepdims=True))


def _move(center, spread, direction) -> np.ndarray:
    """A move by one eye distance at `center`; `spread` in eye distances."""
    return -_bump(center, spread) * np.float32(direction) * unit()


def _stretch(center, spread, axes) -> np.ndarray:
    """Magnification about `center` along some axes: a value of 0.1 enlarges by about 10 %."""
    return -_bump(center, spread) * (grid_points() - center) * np.float32(axes)


def _brows() -> np.ndarray:
    portrait = load_portrait()
    right, left = (
        _move(portrait.center(brow), (0.42, 0.17), (0, -1)) for brow in (RIGHT_BROW, LEFT_BROW)
    )
    return right + left


def _closed_mouth(mouth) -> np.ndarray:
    """Lips drawn over the teeth: the portrait smiles, most pictured people do less so."""
    return -_stretch(mouth, (0.42, 0.15), (0, 1)) - _stretch(mouth, (0.6, 0.4), (0.35, 0))


def _depth() -> np.ndarray:
    """How far each point stands out, in eye distances: face mesh on an ellipsoidal head."""
    portrait = load_portrait()
    points, depth = portrait.landmarks[:, :2], -portrait.landmarks[:, 2] / unit()
    places = grid_points().reshape(-1, 1, 2)
    closeness = np.exp(-0.5 * (((places - points) / (0.16 * unit())) ** 2).sum(-1))
    mesh = ((closeness @ depth) / (closeness.sum(1) + 1e-3)).reshape(GRID, GRID)
    inside = (closeness.sum(1) / (closeness.sum(1) + 1e-1)).reshape(GRID, GRID)
    offset = (grid_points() - (178, 108)) / (80, 100)
    head = np.clip(1 - (offset**2).sum(-1), 0, 1) ** 0.5 * 0.9 - 0.5
    shape = np.where(inside > 0, inside * mesh + (1 - inside) * head, head)
    shape = np.where((offset**2).sum(-1) < 1.8, shape, -0.5)
    return cv2.GaussianBlur(np.asarray(shape, np.float32), (0, 0), 1.2) * unit()
