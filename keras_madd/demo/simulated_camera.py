"""The camera that films real and manipulated faces alike: lens, sensor noise and JPEG."""

from dataclasses import dataclass

import cv2
import numpy as np

from keras_madd.media.encoded import through_jpeg


@dataclass(frozen=True)
class SimulatedCamera:
    """Settings of one camera; a real video and the fakes made from it share them.

    Attributes:
        blur: standard deviation of the lens blur in pixels.
        read_noise: standard deviation of the noise in black, in grey levels.
        shot_noise: factor of the signal-dependent noise: its variance is `shot_noise * level`.
        quality: JPEG quality.
    """

    blur: float
    read_noise: float
    shot_noise: float
    quality: int

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "SimulatedCamera":
        """Draw a camera at random."""
        return cls(
            blur=rng.uniform(0.25, 0.6),
            read_noise=rng.uniform(0.4, 1.6),
            shot_noise=rng.uniform(0.0, 0.04),
            quality=int(rng.integers(78, 97)),
        )

    def noise(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Sensor noise of one frame, unit variance: float32 `(size, size, 3)`."""
        white = rng.standard_normal((size, size, 3), dtype=np.float32)
        # Demosaicing makes the noise of neighbouring pixels alike.
        return cv2.GaussianBlur(white, (3, 3), 0.5) * 1.6

    def film(self, image: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Film a clean image.

        Args:
            image: RGB, uint8, `(size, size, 3)`.
            noise: from `noise`; the same one for a real frame and its fakes.

        Returns:
            RGB, uint8, `(size, size, 3)`.
        """
        seen = cv2.GaussianBlur(image, (5, 5), self.blur).astype(np.float32)
        deviation = np.sqrt(self.read_noise**2 + self.shot_noise * seen)
        exposed = np.clip(seen + noise * deviation + 0.5, 0, 255).astype(np.uint8)
        return through_jpeg(exposed, self.quality)
