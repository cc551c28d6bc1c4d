"""The public-domain portrait that the embedded data are made from."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

ASSETS = Path(__file__).parent / "assets"

# The part of the photograph that is used: head and shoulders, a square.
SIDE = 352
_LEFT = 48


def sample_photo_path() -> Path:
    """Path of the shipped real photograph: NASA's portrait of Eileen Collins, 512 x 512 JPEG."""
    return ASSETS / "portrait.jpg"


@dataclass(frozen=True, eq=False)
class Portrait:
    """The portrait and what is known about it; arrays are read-only.

    Attributes:
        image: float32 `(SIDE, SIDE, 3)`, RGB, 0 to 255.
        person: float32 `(SIDE, SIDE)`, coverage by the person, 0 to 1.
        skin: float32 `(SIDE, SIDE)`, coverage by bare skin without eyes and teeth.
        hair: float32 `(SIDE, SIDE)`, coverage by hair.
        landmarks: float32 `(468, 3)`, face mesh in pixels; depth grows away from the camera.
    """

    image: np.ndarray
    person: np.ndarray
    skin: np.ndarray
    hair: np.ndarray
    landmarks: np.ndarray

    def center(self, points: tuple[int, ...]) -> np.ndarray:
        """Mean `(x, y)` of some landmarks."""
        return self.landmarks[list(points), :2].mean(axis=0)


@functools.cache
def load_portrait() -> Portrait:
    """Read the portrait, its layers and landmarks (once per process)."""
    image, layers = _read(sample_photo_path()), _read(ASSETS / "portrait_layers.png")
    used = np.dstack([image, layers])[:SIDE, _LEFT : _LEFT + SIDE].astype(np.float32)
    person, skin, hair = np.ascontiguousarray(np.moveaxis(used[..., 3:] / 255, 2, 0))
    stored = json.loads((ASSETS / "portrait_landmarks.json").read_text())
    landmarks = np.asarray(stored["landmarks"], np.float32) - np.asarray([_LEFT, 0, 0], np.float32)
    arrays = (np.ascontiguousarray(used[..., :3]), person, skin, hair, landmarks)
    for array in arrays:
        array.setflags(write=False)
    return Portrait(*arrays)


def _read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    assert image is not None, f"{path} comes with the package"
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def soft_region(
    landmarks: np.ndarray, points: tuple[int, ...], size: int, blur: float
) -> np.ndarray:
    """Soft mask of the convex hull of some landmarks.

    Args:
        landmarks: `(468, 2 or 3)` in pixels.
        points: indices of the landmarks that span the region.
        size: side of the square mask in pixels.
        blur: standard deviation of the soft edge in pixels; 0 for a hard one.

    Returns:
        float32 `(size, size)`, 0 to 1.
    """
    hull = cv2.convexHull(np.asarray(landmarks[list(points), :2], np.float32))
    mask = np.zeros((size, size), np.float32)
    cv2.fillConvexPoly(mask, np.round(hull * 16).astype(np.int32), 1.0, shift=4)
    return cv2.GaussianBlur(mask, (0, 0), blur) if blur else mask
