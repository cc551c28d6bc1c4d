"""What a video does to a face before a detector sees it."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from keras_madd.data.h264 import through_h264


@dataclass(frozen=True)
class Take:
    """One drawn way of filming; real and fake that share it are treated alike.

    A forger gets what `film` gives and hands the result to `publish`.

    Attributes:
        scale: Factor from the picture to the video's frame, at most 1.
        noise: Standard deviation of the sensor's noise in grey levels.
        noise_seed: Of that noise.
        camera_crf: H.264's rate factor of the footage that a forger starts from; `None`: as filmed.
        crf: That of the video as it is published; `None`: not compressed.
        frames: Frames of the clip that is encoded.
        motion: Pixels from one of its frames to the next, right and down.
    """

    scale: float = 1.0
    noise: float = 0.0
    noise_seed: int = 0
    camera_crf: int | None = None
    crf: int | None = None
    frames: int = 1
    motion: tuple[float, float] = (0.0, 0.0)

    def film(self, image: np.ndarray) -> np.ndarray:
        """Reduce a picture to the video's resolution, add noise and the camera's compression.

        Args:
            image: RGB, uint8, `(H, W, 3)`.

        Returns:
            RGB, uint8, `(round(scale * H), round(scale * W), 3)`.
        """
        if self.scale < 1:
            height, width = (max(16, round(self.scale * side)) for side in image.shape[:2])
            image = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        if self.noise:
            random = np.random.default_rng(self.noise_seed)
            values = random.standard_normal(image.shape, dtype=np.float32)
            image = np.clip(np.rint(image + self.noise * values), 0, 255).astype(np.uint8)
        return self._encoded(image, self.camera_crf)

    def publish(self, image: np.ndarray) -> np.ndarray:
        """Compress a filmed face, manipulated or not; the shape stays."""
        return self._encoded(image, self.crf)

    def points(self, points: np.ndarray) -> np.ndarray:
        """Where points of the picture, `(N, 2)` in pixels, are in the filmed one."""
        if self.scale >= 1:
            return points
        return ((points + 0.5) * self.scale - 0.5).astype(np.float32)

    def _encoded(self, image: np.ndarray, crf: int | None) -> np.ndarray:
        return image if crf is None else through_h264(image, crf, self.frames, self.motion)


@dataclass(frozen=True)
class Footage:
    """The ways of filming that training draws from.

    Photographs are sharp, large and hardly compressed; faces in the videos that deepfakes come as
    are none of that. What is not compressed like them teaches traces that no such video has.

    Attributes:
        faces: Smallest and largest longer side of a face's box in the video in pixels, uniform in
            the logarithm; faces are never enlarged.
        noise: Probability of a sensor's noise.
        largest_noise: Its largest standard deviation in grey levels, uniform from 0.
        camera: Probability that what a forger starts from is compressed already.
        camera_crf: Lowest and highest rate factor of that, uniform.
        h264: Probability that what is published is compressed.
        crf: Lowest and highest rate factor of that, uniform.
        frames: Most frames of the encoded clip, uniform from 1.
        motion: Most pixels from one frame to the next along each axis.

    Raises:
        ValueError: A range is upside down or a number outside of its own.

    Example:
        >>> take = Footage().draw(seed=0, face=292)
        >>> real, fake = take.publish(take.film(photo)), take.publish(swap(take.film(photo)))
    """

    faces: tuple[int, int] = (80, 300)
    noise: float = 0.3
    largest_noise: float = 6.0
    camera: float = 0.4
    camera_crf: tuple[int, int] = (18, 30)
    h264: float = 0.85
    crf: tuple[int, int] = (18, 44)
    frames: int = 3
    motion: float = 1.0

    def __post_init__(self):
        for name, least, most in (("faces", 16, 4096), ("camera_crf", 0, 51), ("crf", 0, 51)):
            low, high = getattr(self, name)
            if not least <= low <= high <= most:
                raise ValueError(
                    f"`{name}` must be two numbers from {least} to {most}, the lower one first. "
                    f"Received: {name}={(low, high)}"
                )
        highest = {"largest_noise": 255, "motion": 64}
        for name in ("noise", "camera", "h264", *highest):
            if not 0 <= (given := getattr(self, name)) <= highest.get(name, 1):
                raise ValueError(
                    f"`{name}` must be between 0 and {highest.get(name, 1)}. "
                    f"Received: {name}={given!r}"
                )
        if self.frames < 1:
            raise ValueError(f"`frames` must be at least 1. Received: frames={self.frames!r}")

    def draw(self, seed: int | Sequence[int] | np.ndarray, face: float) -> Take:
        """Draw one way of filming.

        Args:
            seed: Whole numbers, not negative; everything random follows from them.
            face: Longer side of the face's box in the picture in pixels.

        Returns:
            The take.
        """
        random = np.random.default_rng(seed)
        # All is drawn, whatever happens: one setting does not change the draws of another.
        noisy, filmed, published = random.random(3) < (self.noise, self.camera, self.h264)
        low, high = self.faces
        side = np.exp(random.uniform(np.log(low), np.log(high)))
        noise = random.uniform(0, self.largest_noise)
        camera_crf, crf = (
            int(random.integers(*limits, endpoint=True)) for limits in (self.camera_crf, self.crf)
        )
        frames = int(random.integers(1, self.frames, endpoint=True))
        right, down = random.uniform(-self.motion, self.motion, 2).tolist()
        return Take(
            scale=min(1.0, side / face),
            noise=noise if noisy else 0.0,
            noise_seed=int(random.integers(2**31)),
            camera_crf=camera_crf if filmed else None,
            crf=crf if published else None,
            frames=frames,
            motion=(right, down),
        )
