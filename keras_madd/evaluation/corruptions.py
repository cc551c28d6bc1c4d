"""The perturbations of DeeperForensics-1.0, at five severities, on face crops.

Saturation, contrast, blocks, noise, blur, JPEG and H.264, with that benchmark's strengths for the
first five; JPEG qualities and H.264 rates span what platforms do to a video. They work on the
crop as stored, before it is resized for the model, and in pixels of it. The benchmark perturbs
whole frames; on crops, faces are found as well as in clean frames, so this measures the classifier
alone.

Reference:
    Jiang et al., DeeperForensics-1.0, CVPR 2020, section 4.2.
"""

import io
import zlib
from collections.abc import Callable

import cv2
import numpy as np

from keras_madd.media.encoded import through_jpeg
from keras_madd.support.errors import check_choice

SEVERITIES = (1, 2, 3, 4, 5)
_FRAMES_PER_SECOND = 25


def saturation(clip: np.ndarray, factor: float, rng: np.random.Generator) -> np.ndarray:
    """Moves every colour towards its grey (ITU-R BT.601 luma); 0 leaves grey alone."""
    grey = (clip @ np.array([0.299, 0.587, 0.114]))[..., None]
    return _pixels(grey + factor * (clip - grey))


def contrast(clip: np.ndarray, factor: float, rng: np.random.Generator) -> np.ndarray:
    """Moves every value towards each frame's mean."""
    mean = clip.mean(axis=(1, 2, 3), keepdims=True)
    return _pixels(mean + factor * (clip - mean))


def blocks(clip: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Paints over `count` squares of 1/45 of the side, each in one colour, in every frame."""
    damaged = clip.copy()
    height, width = clip.shape[1:3]
    side = max(1, round(min(height, width) / 45))
    for frame in damaged:
        tops = rng.integers(0, height - side + 1, count)
        lefts = rng.integers(0, width - side + 1, count)
        colors = rng.integers(0, 256, (count, 3), np.uint8)
        for top, left, color in zip(tops, lefts, colors, strict=True):
            frame[top : top + side, left : left + side] = color
    return damaged


def noise(clip: np.ndarray, variance: float, rng: np.random.Generator) -> np.ndarray:
    """Adds white Gaussian noise of a variance, with values seen as 0 to 1."""
    return _pixels(clip + rng.normal(0, 255 * np.sqrt(variance), clip.shape))


def blur(clip: np.ndarray, kernel: int, rng: np.random.Generator) -> np.ndarray:
    """Blurs with a Gaussian kernel of a side in pixels, whose sigma is OpenCV's for that side."""
    return np.stack([cv2.GaussianBlur(frame, (kernel, kernel), 0) for frame in clip])


def downscale(clip: np.ndarray, factor: int, rng: np.random.Generator) -> np.ndarray:
    """Shrinks by areas and enlarges again, bilinearly."""
    height, width = clip.shape[1:3]
    small = (max(1, width // factor), max(1, height // factor))
    return np.stack(
        [
            cv2.resize(cv2.resize(frame, small, interpolation=cv2.INTER_AREA), (width, height))
            for frame in clip
        ]
    )


def jpeg(clip: np.ndarray, quality: int, rng: np.random.Generator) -> np.ndarray:
    """Writes and reads each frame as a JPEG file."""
    return np.stack([through_jpeg(frame, quality) for frame in clip])


def h264(clip: np.ndarray, crf: int, rng: np.random.Generator) -> np.ndarray:
    """Writes and reads the frames as one H.264 video of a constant rate factor."""
    import av

    height, width = clip.shape[1:3]
    # Colour is stored at half the resolution, which needs even sides.
    even = np.pad(clip, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=_FRAMES_PER_SECOND)
        stream.height, stream.width, stream.pix_fmt = *even.shape[1:3], "yuv420p"
        # One thread: with more, the bytes depend on how many there are.
        stream.options = {"crf": str(crf), "preset": "medium", "threads": "1"}
        for frame in even:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as written:
        frames = [frame.to_ndarray(format="rgb24") for frame in written.decode(video=0)]
    return np.stack(frames)[:, :height, :width]


# Name to the function and its strengths at severities 1 to 5.
CORRUPTIONS: dict[str, tuple[Callable, tuple]] = {
    "saturation": (saturation, (0.4, 0.3, 0.2, 0.1, 0.0)),
    "contrast": (contrast, (0.85, 0.725, 0.6, 0.475, 0.35)),
    "blocks": (blocks, (16, 32, 48, 64, 80)),
    "noise": (noise, (0.001, 0.002, 0.005, 0.01, 0.05)),
    "blur": (blur, (7, 9, 13, 17, 21)),
    "downscale": (downscale, (2, 3, 4, 6, 8)),
    "jpeg": (jpeg, (90, 75, 60, 45, 30)),
    "h264": (h264, (23, 28, 32, 36, 40)),
}


def corrupt(clip: np.ndarray, name: str, severity: int, key: str, seed: int = 0) -> np.ndarray:
    """Corrupts the crops of one video.

    Args:
        clip: (T, H, W, 3) uint8 RGB, one face over time.
        name: A key of `CORRUPTIONS`.
        severity: 1 to 5.
        key: The video's name; with `seed` it decides everything random.
        seed: Seed.

    Returns:
        A new array like `clip`.

    Raises:
        ValueError: If `name` or `severity` is unknown.
    """
    check_choice("name", name, sorted(CORRUPTIONS))
    if severity not in SEVERITIES:
        raise ValueError(f"`severity` must be 1 to 5. Received: severity={severity!r}")
    function, strengths = CORRUPTIONS[name]
    stream = [seed, severity, zlib.crc32(name.encode()), zlib.crc32(key.encode())]
    return function(clip, strengths[severity - 1], np.random.default_rng(stream))


def _pixels(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
