"""What a generator's output has lost: detail, by few pixels, smoothing or compression."""

import cv2
import numpy as np

from keras_madd.data.h264 import through_h264
from keras_madd.media.encoded import through_jpeg

# Sides of the faces that generators of deepfakes make, in pixels.
GENERATED = (48, 192)
_UP = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
_UP_SHARES = (0.1, 0.4, 0.35, 0.15)


def resynthesise(image: np.ndarray, face: float, rng: np.random.Generator) -> np.ndarray:
    """A face as a generator would give it back, without the generator.

    One or two of: few pixels and up again (a face of 48 to 192 pixels), blur, smoothed skin, JPEG,
    H.264; then, now and then, sharpened.

    Args:
        image: RGB, uint8, `(H, W, 3)`.
        face: Side of the face in it in pixels.
        rng: Draws what happens.

    Returns:
        RGB, uint8, `(H, W, 3)`.
    """
    losses = (_few_pixels, _blur, _smooth, _jpeg, _h264)
    count = 1 + int(rng.random() < 0.4)
    shares = (0.4, 0.2, 0.15, 0.1, 0.15)
    for number in sorted(rng.choice(len(losses), count, replace=False, p=shares)):
        image = losses[number](image, face, rng)
    if rng.random() < 0.25:
        blurred = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.8, 2.0))
        strength = rng.uniform(0.3, 1.0)
        image = cv2.addWeighted(image, 1 + strength, blurred, -strength, 0)
    return image


def _few_pixels(image: np.ndarray, face: float, rng: np.random.Generator) -> np.ndarray:
    generated = np.exp(rng.uniform(*np.log(GENERATED)))
    up = int(rng.choice(_UP, p=_UP_SHARES))
    # A generator as fine as the video still leaves its kernel's softness.
    factor = min(generated / face, 0.85)
    height, width = image.shape[:2]
    size = (max(8, round(factor * width)), max(8, round(factor * height)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=up)


def _blur(image: np.ndarray, face: float, rng: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), rng.uniform(0.5, 2.0) * max(0.5, face / 160))


def _smooth(image: np.ndarray, face: float, rng: np.random.Generator) -> np.ndarray:
    """Fine structure gone and edges kept, as of skin that was averaged over many frames."""
    diameter = 5 if face < 120 else 7
    return cv2.bilateralFilter(image, diameter, rng.uniform(20, 70), rng.uniform(2, 5))


def _jpeg(image: np.ndarray, face: float, rng: np.random.Generator) -> np.ndarray:
    return through_jpeg(image, int(rng.integers(25, 86)))


def _h264(image: np.ndarray, face: float, rng: np.random.Generator) -> np.ndarray:
    return through_h264(image, int(rng.integers(23, 39)))
