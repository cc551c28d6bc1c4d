"""Manipulations of face videos, with the traces that those of the wild leave.

Every one maps a clean video to a list of `(frame, mask)`: the manipulated frames, and where they
may differ from the original. Outside its mask (where it is 0) a frame is bit-equal to the
original. The parameters are drawn once per video.
"""

from collections.abc import Callable

import cv2
import numpy as np

from keras_madd.demo.portrait import soft_region
from keras_madd.demo.synthetic_faces import CleanVideo
from keras_madd.faces.landmarks import LEFT_BROW, LEFT_EYE, LIPS, OVAL, RIGHT_BROW, RIGHT_EYE

Manipulated = list[tuple[np.ndarray, np.ndarray]]

_FEATURES = RIGHT_EYE + LEFT_EYE + RIGHT_BROW + LEFT_BROW + LIPS
_MOUTH = (*LIPS, 2, 202, 204, 211, 32, 208, 199, 428, 262, 431, 424, 422, 216, 436)


def face_swap(video: CleanVideo, donor: CleanVideo, rng: np.random.Generator) -> Manipulated:
    """The donor's inner face laid over the target's, its colour brought half-way, soft seam."""
    transfer = rng.uniform(0.3, 0.75)
    edge, detail = rng.uniform(0.03, 0.06), rng.uniform(1.3, 2.0)
    manipulated = []
    for index, frame in enumerate(video.frames):
        landmarks = video.landmarks[index]
        source = donor.landmarks[index % len(donor.frames)]
        affine, _ = cv2.estimateAffine2D(source, landmarks, method=cv2.LMEDS)
        size = frame.shape[0]
        face = cv2.warpAffine(
            donor.frames[index % len(donor.frames)],
            affine,
            (size, size),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REFLECT,
        )
        face = _resynthesise(face, detail)
        mask = _inner_face(landmarks, size, edge)
        inside = mask > 0.5
        wanted, found = frame[inside].mean(0), face[inside].mean(0)
        manipulated.append(_blend(frame, face + transfer * (wanted - found), mask))
    return manipulated


def low_resolution(video: CleanVideo, donor: CleanVideo, rng: np.random.Generator) -> Manipulated:
    """The inner face re-synthesised from few pixels, as by a small generator."""
    factor, edge = rng.uniform(2.6, 4.0), rng.uniform(0.03, 0.06)
    return [
        _blend(frame, _resynthesise(frame, factor), _inner_face(points, len(frame), edge))
        for frame, points in zip(video.frames, video.landmarks, strict=True)
    ]


def smooth_texture(video: CleanVideo, donor: CleanVideo, rng: np.random.Generator) -> Manipulated:
    """Skin without texture and sharp features: the look of an over-regularised generator."""
    strength, edge = rng.uniform(45, 80), rng.uniform(0.03, 0.06)
    manipulated = []
    for frame, points in zip(video.frames, video.landmarks, strict=True):
        smooth = cv2.medianBlur(cv2.bilateralFilter(frame, 9, strength, 4.0), 3)
        manipulated.append(_blend(frame, smooth, _inner_face(points, len(frame), edge)))
    return manipulated


def mouth_warp(video: CleanVideo, donor: CleanVideo, rng: np.random.Generator) -> Manipulated:
    """Other words in the mouth: its region moved, interpolated at low resolution and sharpened."""
    opening, width = rng.uniform(0.1, 0.3) * rng.choice([-1, 1]), rng.uniform(-0.2, 0.2)
    factor, sharpening = rng.uniform(2.4, 3.2), rng.uniform(0.3, 0.8)
    manipulated = []
    for index, (frame, points) in enumerate(zip(video.frames, video.landmarks, strict=True)):
        size, scale = len(frame), _eye_distance(points)
        speech = 1 + 0.5 * np.sin(1.9 * index)
        mask = soft_region(points, _MOUTH, size, 0.07 * scale)
        warped = _stretch_about(
            frame, points[list(LIPS)].mean(0), scale, width * speech, opening * speech
        )
        rendered = _resynthesise(warped, factor)
        blurred = cv2.GaussianBlur(rendered, (0, 0), 1.5)
        sharp = cv2.addWeighted(rendered, 1 + sharpening, blurred, -sharpening, 0)
        manipulated.append(_blend(frame, sharp, mask))
    return manipulated


def reenactment(video: CleanVideo, donor: CleanVideo, rng: np.random.Generator) -> Manipulated:
    """The person's own face driven to another expression, rendered twice as large and shrunk.

    No other person's colours and no loss of resolution beyond two interpolations: none of the
    other manipulations' strongest traces. Meant to be kept out of training.
    """
    changes = rng.uniform(0.08, 0.22, 3) * rng.choice([-1, 1], 3)
    shift, edge = rng.normal(0, 0.03, 2), rng.uniform(0.02, 0.04)
    manipulated = []
    for index, (frame, points) in enumerate(zip(video.frames, video.landmarks, strict=True)):
        size, scale = len(frame), _eye_distance(points)
        course = 1 + 0.4 * np.sin(1.3 * index)
        driven = cv2.resize(frame, (2 * size, 2 * size), interpolation=cv2.INTER_LINEAR)
        for part, change in zip((LIPS, RIGHT_EYE, LEFT_EYE), changes[[0, 1, 1]], strict=True):
            center = 2 * points[list(part)].mean(0) + 0.5
            driven = _stretch_about(driven, center, 2 * scale, changes[2] / 2, change * course)
        move = np.asarray([[1, 0, 2 * scale * shift[0]], [0, 1, 2 * scale * shift[1]]], np.float64)
        driven = cv2.warpAffine(driven, move, (2 * size, 2 * size), borderMode=cv2.BORDER_REFLECT)
        driven = cv2.resize(driven, (size, size), interpolation=cv2.INTER_AREA)
        manipulated.append(_blend(frame, driven, _inner_face(points, size, edge)))
    return manipulated


MANIPULATIONS: dict[str, Callable[[CleanVideo, CleanVideo, np.random.Generator], Manipulated]] = {
    "face_swap": face_swap,
    "low_resolution": low_resolution,
    "smooth_texture": smooth_texture,
    "mouth_warp": mouth_warp,
    "reenactment": reenactment,
}
UNSEEN = "reenactment"
SEEN = tuple(name for name in MANIPULATIONS if name != UNSEEN)


def _eye_distance(points: np.ndarray) -> float:
    right, left = points[list(RIGHT_EYE)].mean(0), points[list(LEFT_EYE)].mean(0)
    return float(np.linalg.norm(left - right))


def _inner_face(points: np.ndarray, size: int, edge: float) -> np.ndarray:
    """Soft mask from the brows to below the mouth; `edge` in eye distances."""
    middle = points[list(_FEATURES)].mean(0)
    outline = middle + 0.86 * (points - middle)
    return soft_region(outline, OVAL, size, 3 * edge * _eye_distance(points))


def _blend(frame: np.ndarray, face: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mask = np.where(mask < 0.01, np.float32(0), mask)
    blended = frame + mask[..., None] * (np.float32(face) - frame)
    return np.clip(blended + 0.5, 0, 255).astype(np.uint8), mask


def _resynthesise(image: np.ndarray, factor: float) -> np.ndarray:
    size = len(image)
    small = cv2.resize(image, (round(size / factor),) * 2, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR)


def _stretch_about(image, center, scale, across, down) -> np.ndarray:
    """Enlarge a neighbourhood smoothly, by fractions across and down; bilinear."""
    size = len(image)
    line = np.arange(size, dtype=np.float32)
    x, y = np.meshgrid(line - np.float32(center[0]), line - np.float32(center[1]))
    weight = np.exp(-0.5 * ((x / (0.6 * scale)) ** 2 + (y / (0.35 * scale)) ** 2))
    columns = x * (1 - np.float32(across) * weight) + np.float32(center[0])
    rows = y * (1 - np.float32(down) * weight) + np.float32(center[1])
    return cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
