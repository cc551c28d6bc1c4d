"""Short videos of people who do not exist, before any camera has seen them."""

from dataclasses import dataclass

import cv2
import numpy as np

from keras_madd.demo.people import Person
from keras_madd.demo.portrait import load_portrait
from keras_madd.demo.scenes import draw_scene
from keras_madd.demo.warps import CELL, EXPRESSIONS, GRID, expression_modes, move_points

# How far each expression or turn of the head goes: a standard deviation, in the modes' units.
_EXPRESSION_SPREAD = np.asarray([0.035, 0.05, 0.035, 0.10, 0.09, 0.06], np.float32)
assert len(_EXPRESSION_SPREAD) == len(EXPRESSIONS)


@dataclass(frozen=True, eq=False)
class CleanVideo:
    """A video before the camera.

    Attributes:
        frames: RGB, uint8, `(frames, size, size, 3)`.
        landmarks: float32 `(frames, 468, 2)`, face mesh in pixels of the frames. Points keep their
            meaning on the portrait: in a mirrored person they are mirrored.
    """

    frames: np.ndarray
    landmarks: np.ndarray


def render_video(
    person: Person, rng: np.random.Generator, frames: int, size: int = 256
) -> CleanVideo:
    """Film a person in a new place, pose and light, moving a little from frame to frame.

    Args:
        person: who is filmed.
        rng: source of randomness.
        frames: number of frames.
        size: side of the square frames in pixels.

    Returns:
        The video.
    """
    scene = draw_scene(rng, size + 32)
    light = _draw_light(rng)
    zoom = size / 256 * rng.uniform(0.92, 1.25)
    start = np.array([size / 2, size * 0.47]) + rng.normal(0, 0.04 * size, 2)
    base_tilt = rng.normal(0, 4)
    motion = _drift(rng, frames, 4)
    expression = rng.normal(size=len(EXPRESSIONS)) * _EXPRESSION_SPREAD
    changes = _drift(rng, frames, len(EXPRESSIONS)) * _EXPRESSION_SPREAD * 0.6
    exposure = 1 + 0.03 * _drift(rng, frames, 1)[:, 0]
    images, points = [], []
    for frame in range(frames):
        affine = _pose(
            center=start + motion[frame, :2] * 0.015 * size,
            tilt=base_tilt + 1.5 * motion[frame, 2],
            zoom=zoom * (1 + 0.015 * motion[frame, 3]),
            mirrored=person.mirrored,
        )
        weights = np.asarray(expression + changes[frame], np.float32)
        field = person.shape + np.tensordot(weights, expression_modes(), axes=1)
        offset = np.round(16 + 6 * motion[frame, :2]).clip(0, 32).astype(int)
        behind = scene[offset[1] : offset[1] + size, offset[0] : offset[0] + size]
        images.append(_render(person, field, affine, behind, light * exposure[frame]))
        moved = move_points(load_portrait().landmarks[:, :2], field)
        points.append(moved @ affine[:, :2].T + affine[:, 2])
    return CleanVideo(np.stack(images), np.asarray(points, np.float32))


def _drift(rng: np.random.Generator, frames: int, values: int) -> np.ndarray:
    """Smooth random paths about zero: `(frames, values)`."""
    steps = rng.normal(size=(frames, values))
    path = np.cumsum(steps, axis=0) * 0.6
    return path - path.mean(axis=0)


def _pose(center, tilt, zoom, mirrored) -> np.ndarray:
    """Affine map from portrait to frame pixels that puts the middle of the face at `center`."""
    angle = np.deg2rad(tilt)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = zoom * turn @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    middle = np.array([176.0, 122.0])
    return np.column_stack([linear, center - linear @ middle])


def _draw_light(rng: np.random.Generator) -> np.ndarray:
    """Light on the portrait's grid: a direction, a colour and a strength, `(GRID, GRID, 3)`."""
    line = (np.arange(GRID, dtype=np.float32) + 0.5) * CELL
    right, down = np.tanh((line - 176) / 70), np.tanh((line - 120) / 110)
    direction = rng.normal(0, 1, 2) * (0.22, 0.12)
    side = direction[0] * right[None, :] + direction[1] * down[:, None]
    warmth = rng.normal(0, 0.05)
    color = np.array([1 + warmth, 1, 1 - warmth]) * rng.uniform(0.75, 1.12)
    return np.asarray(np.clip(1 + side, 0.5, 1.5)[..., None] * color, np.float32)


def _render(person, field, affine, behind, light) -> np.ndarray:
    size = behind.shape[0]
    inverse = cv2.invertAffineTransform(affine)
    # From frame pixels to the grid of warps and light, whose points lie at the cells' middles.
    to_grid = inverse / CELL
    to_grid[:, 2] += 0.5 / CELL - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    low = np.asarray(np.dstack([field, light]), np.float32)
    wide = cv2.warpAffine(low, to_grid, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    line = np.arange(size, dtype=np.float32)
    columns, rows = np.asarray(inverse[:, 0], np.float32), np.asarray(inverse[:, 1], np.float32)
    straight = (
        line[None, :, None] * columns
        + line[:, None, None] * rows
        + np.asarray(inverse[:, 2], np.float32)
    )
    where = straight + wide[..., :2]
    # OpenCV declares the second map as needed; there is none beside a map of pairs.
    seen = cv2.remap(  # type: ignore[call-overload]
        person.picture, where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT
    )
    coverage = seen[..., 3:].astype(np.float32) / 255
    lit = seen[..., :3] * wide[..., 2:]
    image = behind + coverage * (lit - behind)
    return np.clip(image + 0.5, 0, 255).astype(np.uint8)
