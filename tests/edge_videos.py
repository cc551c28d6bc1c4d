"""Short videos with the sample photograph in them."""

import functools
import tempfile
from pathlib import Path

import cv2
import numpy as np

from keras_madd.demo import sample_photo_path
from keras_madd.inference import read_image
from keras_madd.media import VideoWriter

RATE = 10


def portrait(side: int = 256) -> np.ndarray:
    """The photograph, 2 or 1 times smaller."""
    step = 512 // side
    return np.ascontiguousarray(read_image(sample_photo_path())[::step, ::step])


@functools.cache
def near_and_far() -> dict[str, np.ndarray]:
    """The portrait large, `"n"`, and so small that only the full-range face model sees it, `"f"`.

    Both pictures are 700 pixels wide and high.
    """
    far = np.full((700, 700, 3), 120, np.uint8)
    far[200:500, 200:500] = cv2.resize(portrait(512), (300, 300), interpolation=cv2.INTER_AREA)
    return {"n": cv2.resize(portrait(512), (700, 700)), "f": far}


def write_near_and_far(path: Path, places: str) -> Path:
    """Writes a video of the pictures of `near_and_far`, such as `"nnf"`."""
    with VideoWriter(path, 700, 700, RATE) as writer:
        for place in places:
            writer.write(near_and_far()[place])
    return path


@functools.cache
def _written(frames: int, faceless: tuple[int, ...], pair: bool) -> bytes:
    image = portrait()
    image = np.concatenate([image, image[:, ::-1]], axis=1) if pair else image
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video.mp4"
        with VideoWriter(path, image.shape[1], image.shape[0], RATE) as writer:
            for index in range(frames):
                shown = np.full_like(image, 100) if index in faceless else image
                # One pixel a frame to the side.
                writer.write(np.roll(shown, index, axis=1))
        return path.read_bytes()


def write_video(path: Path, frames: int = 12, faceless=(), pair: bool = False) -> Path:
    """Writes a video of the portrait, or of two beside each other, ten frames a second.

    Frames in `faceless` are grey.
    """
    path.write_bytes(_written(frames, tuple(faceless), pair))
    return path
