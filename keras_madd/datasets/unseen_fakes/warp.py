"""Moving the pixels of a face with its landmarks."""

import cv2
import numpy as np
from scipy.spatial import Delaunay


def warp_face(
    image: np.ndarray, points: np.ndarray, wanted: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Warp a face so that its landmarks come to lie where they are wanted.

    Piecewise affine, over the triangles between the wanted points.

    Args:
        image: RGB, uint8, `(H, W, 3)`.
        points: `(N, 2)` landmarks in it, `(x, y)` in pixels.
        wanted: `(N, 2)` places of the same landmarks in the result.
        shape: `(height, width)` of the result.

    Returns:
        RGB, uint8, `(height, width, 3)`, and bool `(height, width)`: where it shows the face.
    """
    height, width = shape
    triangles = Delaunay(np.float64(wanted)).simplices
    corners = np.concatenate([wanted[triangles], np.ones((len(triangles), 3, 1))], axis=-1)
    # Lips that touch leave triangles without an inside; no pixel is theirs.
    whole = np.abs(np.linalg.det(corners)) > 1e-6
    triangles, corners = triangles[whole], corners[whole]
    maps = np.linalg.solve(corners, points[triangles])
    owner = np.zeros((height, width), np.int32)
    outlines = np.round(corners[..., :2] * 16).astype(np.int32)
    for number, outline in enumerate(outlines, start=1):
        cv2.fillConvexPoly(owner, outline, number, shift=4)
    rows, columns = np.nonzero(owner)
    own = maps[owner[rows, columns] - 1]
    places = np.full((height, width, 2), -1e4, np.float32)
    places[rows, columns] = columns[:, None] * own[:, 0] + rows[:, None] * own[:, 1] + own[:, 2]
    warped = cv2.remap(
        image, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    inside = owner > 0
    warped[~inside] = 0
    return warped, inside


def fit_similarity(points: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The `(2, 3)` map of scale, turn and shift that brings points closest to others."""
    middle, goal = points.mean(0), wanted.mean(0)
    real = np.complex128(1) * ((points - middle) @ (1, 1j))
    other = (wanted - goal) @ (1, 1j)
    factor = np.vdot(real, other) / np.vdot(real, real)
    linear = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([linear, goal - linear @ middle])


def move_points(points: np.ndarray, move: np.ndarray) -> np.ndarray:
    """Points `(N, 2)` under an affine map `(2, 3)`."""
    return points @ move[:, :2].T + move[:, 2]


def shrink_to(image: np.ndarray, points: np.ndarray, face: float) -> tuple[np.ndarray, np.ndarray]:
    """A picture reduced until the longer side of its landmarks has so many pixels; never larger."""
    scale = face / float(np.ptp(points, axis=0).max())
    if scale >= 1:
        return image, points
    height, width = (max(8, round(scale * side)) for side in image.shape[:2])
    small = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    factors = np.array([width / image.shape[1], height / image.shape[0]])
    return small, (points + 0.5) * factors - 0.5
