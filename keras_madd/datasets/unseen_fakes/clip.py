"""A still filmed by a hand-held camera: frames of an H.264 clip."""

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import cv2
import numpy as np

from keras_madd.media import VideoWriter

FRAME_RATE = 25


class CameraMotion:
    """How a camera moves and what noise it makes; real and fake of one photograph share it.

    Args:
        frames: Number of frames.
        seed: Whole numbers, not negative.
    """

    def __init__(self, frames: int, seed: int | Sequence[int]):
        random = np.random.default_rng(seed)
        times = np.arange(frames) / FRAME_RATE
        speeds, phases = random.uniform(0.5, 2.5, 4), random.uniform(0, 2 * np.pi, 4)
        waves = np.sin(2 * np.pi * speeds[:, None] * times + phases[:, None])
        # Right and down in shares of the width, degrees, relative size.
        self._waves = waves * np.array([0.01, 0.01, 0.8, 0.015])[:, None]
        self._noise = random.uniform(0, 3)
        self._noise_seed = int(random.integers(2**31))
        self.frames = frames

    def film(self, image: np.ndarray, paths: Mapping[int, str | os.PathLike]) -> None:
        """Write clips of a picture, one at each rate factor.

        Args:
            image: RGB, uint8, `(H, W, 3)`.
            paths: x264's constant rate factor to the MP4 file to write.

        Raises:
            UserError: A file cannot be written.
        """
        height, width = image.shape[:2]
        random = np.random.default_rng(self._noise_seed)
        with ExitStack() as stack:
            writers = [
                stack.enter_context(
                    VideoWriter(path, width, height, FRAME_RATE, quality=crf, speed="medium")
                )
                for crf, path in paths.items()
            ]
            for right, down, turn, zoom in self._waves.T:
                move = cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1 + zoom)
                move[:, 2] += (right * width, down * width)
                shown = cv2.warpAffine(
                    image, move, (width, height), borderMode=cv2.BORDER_REFLECT_101
                )
                noise = random.standard_normal(shown.shape, dtype=np.float32) * self._noise
                picture = np.clip(np.rint(shown + noise), 0, 255).astype(np.uint8)
                for writer in writers:
                    writer.write(picture)
