"""AppearanceModel: what faces look like once their shape is taken away.

Reference: Cootes, Edwards and Taylor, "Active Appearance Models", ECCV 1998.
"""

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from keras_madd.datasets.unseen_fakes.warp import shrink_to, warp_face


class AppearanceModel:
    """Principal components of faces that are warped to their mean shape.

    A face that it gives back is, like an autoencoder's, plausible, smooth and not quite the one it
    was given.

    Args:
        landmarks: Of each face to learn from, `(468, 2)` pixels.
        images: The pictures they are of, RGB uint8 `(H, W, 3)`; one is held at a time.
        side: Of the mean face in pixels.
        components: Number of components; no more than faces.

    Example:
        >>> rebuilt, inside = AppearanceModel(landmarks, images)(image, points)
    """

    def __init__(
        self,
        landmarks: Sequence[np.ndarray],
        images: Iterable[np.ndarray],
        side: int = 96,
        components: int = 120,
    ):
        if len(landmarks) < 2:
            raise ValueError(
                f"`landmarks` must be of two faces or more. Received: {len(landmarks)} of them"
            )
        shapes = np.stack([_normalised(points) for points in landmarks])
        mean = shapes.mean(0)
        extent = np.ptp(mean, axis=0).max()
        self._shape = (mean - mean.min(0)) / extent * (side - 1)
        self._side = side
        textures = np.stack(
            [
                self._texture(image, points)[self._pixels()]
                for image, points in zip(images, landmarks, strict=True)
            ]
        )
        textures = np.float32(textures).reshape(len(textures), -1)
        self._mean = textures.mean(0)
        # There are far fewer faces than pixels: the small matrix has the same components.
        centred = textures - self._mean
        values, vectors = np.linalg.eigh(np.float64(centred @ centred.T))
        kept = values[::-1] > 1e-6 * values[-1]
        largest = vectors[:, ::-1][:, kept][:, :components]
        basis = np.float32(largest.T) @ centred
        self._basis = basis / np.linalg.norm(basis, axis=1, keepdims=True)

    def __call__(self, image: np.ndarray, landmarks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rebuild a face.

        Args:
            image: RGB, uint8, `(H, W, 3)`.
            landmarks: `(468, 2)` pixels.

        Returns:
            RGB, uint8, `(H, W, 3)`, and bool `(H, W)`: where it shows the rebuilt face.
        """
        texture, pixels = self._texture(image, landmarks), self._pixels()
        values = np.float32(texture[pixels]).ravel() - self._mean
        rebuilt = self._basis.T @ (self._basis @ values) + self._mean
        texture[pixels] = np.clip(np.rint(rebuilt), 0, 255).reshape(-1, 3)
        # The rim has no neighbours beyond it to be interpolated with.
        outside = cv2.dilate(texture, np.ones((3, 3)))
        texture = np.where(pixels[..., None], texture, outside)
        return warp_face(texture, self._shape, landmarks, image.shape[:2])

    def _texture(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        image, landmarks = shrink_to(image, landmarks, self._side)
        return warp_face(image, landmarks, self._shape, (self._side, self._side))[0]

    def _pixels(self) -> np.ndarray:
        """Where the mean face is, bool `(side, side)`."""
        mask = np.zeros((self._side, self._side), np.uint8)
        cv2.fillConvexPoly(mask, cv2.convexHull(np.round(self._shape).astype(np.int32)), 1)
        return mask > 0


def _normalised(points: np.ndarray) -> np.ndarray:
    centred = points - points.mean(0)
    return centred / np.sqrt((centred**2).sum())
