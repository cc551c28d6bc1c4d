"""Manipulations between people. Each maps two faces to a fake of the first."""

from collections.abc import Callable

import cv2
import numpy as np

from keras_madd.datasets.unseen_fakes.appearance_model import AppearanceModel
from keras_madd.datasets.unseen_fakes.photo import FacePhoto
from keras_madd.datasets.unseen_fakes.warp import (
    fit_similarity,
    move_points,
    shrink_to,
    warp_face,
)
from keras_madd.faces.landmarks import LEFT_BROW, LEFT_EYE, LIPS, RIGHT_BROW, RIGHT_EYE

FOREHEAD = (21, 54, 103, 67, 109, 10, 338, 297, 332, 284, 251)
_INNER_LIPS = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 324, 318, 402, 317, 14, 87, 178)
# What no expression moves.
_RIGID = (33, 133, 263, 362, 168, 6, 197, 195, 127, 356, 234, 454)
_EYES = (*RIGHT_EYE, *LEFT_EYE, *RIGHT_BROW, *LEFT_BROW)
_HEAD = 1.35  # So far around the face, whose own size is 1, does the head follow a morph.
_LOWER = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 2)


def face_swap(target: FacePhoto, donor: FacePhoto, rng: np.random.Generator) -> np.ndarray:
    """The donor's face in the target's shape and colours, by Poisson blending or a soft edge."""
    detail = target.face * rng.uniform(0.4, 1.1)
    image, points = shrink_to(donor.image, donor.landmarks, detail)
    face, inside = warp_face(image, points, target.landmarks, target.image.shape[:2])
    face = _recolored(face, target.image, inside)
    points = target.landmarks
    if rng.random() < 0.6:
        points = points[[point for point in range(len(points)) if point not in FOREHEAD]]
    region = _inner(points, inside, target.face * rng.uniform(0.02, 0.06))
    if rng.random() < 0.5:
        return _poisson(target.image, face, region)
    return _soft(target.image, face, region, target.face * rng.uniform(0.015, 0.05))


def expression_transfer(
    target: FacePhoto, donor: FacePhoto, rng: np.random.Generator
) -> np.ndarray:
    """The target's own face with the donor's mouth, jaw and brows, warped and re-synthesised."""
    rigid = list(_RIGID)
    move = fit_similarity(donor.landmarks[rigid], target.landmarks[rigid])
    change = move_points(donor.landmarks, move) - target.landmarks
    # The donor's own features stay behind: only how they are set is taken.
    mouth, eyes = list(LIPS), list(_EYES)
    for part in (mouth, eyes):
        change[part] -= 0.5 * change[part].mean(0)
    weight = np.maximum(
        _near(target.landmarks, mouth, 0.2 * target.face),
        0.5 * _near(target.landmarks, eyes, 0.08 * target.face),
    )
    wanted = target.landmarks + rng.uniform(0.7, 1.1) * weight[:, None] * change
    height, width = target.image.shape[:2]
    face, inside = warp_face(target.image, target.landmarks, wanted, (height, width))
    face = np.where(inside[..., None], face, target.image)
    face = _with_mouth(face, target, donor, wanted, inside)
    small = (max(8, round(width * (factor := rng.uniform(0.35, 0.7)))), round(height * factor))
    face = cv2.resize(face, small, interpolation=cv2.INTER_AREA)
    face = cv2.resize(face, (width, height), interpolation=cv2.INTER_CUBIC)
    points = wanted if rng.random() < 0.5 else wanted[list(_LOWER + LIPS)]
    region = _inner(points, inside, 0.03 * target.face)
    return _soft(target.image, face, region, target.face * rng.uniform(0.01, 0.03))


def resynthesis(target: FacePhoto, model: AppearanceModel, rng: np.random.Generator) -> np.ndarray:
    """The target's face as a model of other people's appearance gives it back."""
    face, inside = model(target.image, target.landmarks)
    face = _recolored(face, target.image, inside)
    region = _inner(target.landmarks, inside, target.face * rng.uniform(0.02, 0.08))
    return _soft(target.image, face, region, target.face * rng.uniform(0.015, 0.05))


def morph(target: FacePhoto, donor: FacePhoto, rng: np.random.Generator) -> np.ndarray:
    """A face between the two, in shape and in colours, on the target's head, which follows it.

    Reference: Ferrara, Franco and Maltoni, "The magic passport", IJCB 2014.
    """
    share = rng.uniform(0.35, 0.65)
    points = target.landmarks
    move = fit_similarity(donor.landmarks, points)
    wanted = points + share * (move_points(donor.landmarks, move) - points)
    shape = target.image.shape[:2]
    rim = points.mean(0) + _HEAD * (
        cv2.convexHull(points.astype(np.float32))[:, 0] - points.mean(0)
    )
    bent, there = warp_face(
        target.image, np.concatenate([points, rim]), np.concatenate([wanted, rim]), shape
    )
    head = np.where(there[..., None], bent, target.image)
    image, points = shrink_to(donor.image, donor.landmarks, target.face)
    face, inside = warp_face(image, points, wanted, shape)
    face = np.rint(share * _recolored(face, head, inside) + (1 - share) * head).astype(np.uint8)
    region = _inner(wanted, inside, target.face * rng.uniform(0.02, 0.06))
    return _soft(head, face, region, target.face * rng.uniform(0.015, 0.05))


METHODS: dict[str, Callable] = {
    "face_swap": face_swap,
    "expression_transfer": expression_transfer,
    "resynthesis": resynthesis,
    "morph": morph,
}


def _with_mouth(face, target, donor, wanted, inside) -> np.ndarray:
    """Where the donor's mouth is open, its inside in place of stretched lips."""
    points = donor.landmarks[list(_INNER_LIPS)]
    if np.ptp(points[:, 1]) < 0.04 * donor.face:
        return face
    image, points = shrink_to(donor.image, donor.landmarks, target.face)
    mouth, there = warp_face(image, points, wanted, face.shape[:2])
    lips = _hull(wanted[list(_INNER_LIPS)], face.shape[:2]) & there & inside
    if not lips.any():
        return face
    return _soft(face, _recolored(mouth, face, there & inside), lips, 0.01 * target.face)


def _recolored(face: np.ndarray, target: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Mean and spread of every channel of CIELAB as in the target, which it is where no face is.

    Reference: Reinhard et al., "Color transfer between images", 2001.
    """
    labs = [
        cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for image in (face, target)
    ]
    (low, spread), (goal, wanted) = ((lab[inside].mean(0), lab[inside].std(0)) for lab in labs)
    factor = np.clip(wanted / np.maximum(spread, 1e-3), 0.5, 2.0)
    lab = ((labs[0] - low) * factor + goal).astype(np.float32)
    rgb = np.rint(255 * cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))
    return np.where(inside[..., None], np.clip(rgb, 0, 255).astype(np.uint8), target)


def _poisson(target: np.ndarray, face: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Reference: Pérez, Gangnet and Blake, "Poisson image editing", 2003."""
    mask = (255 * region).astype(np.uint8)
    mask[[0, -1]] = mask[:, [0, -1]] = 0
    x, y, width, height = cv2.boundingRect(mask)
    if min(width, height) < 4:  # Too little for the library to solve anything.
        return target.copy()
    # The library puts the middle of the mask's box there.
    return cv2.seamlessClone(
        face, target, mask, (x + width // 2, y + height // 2), cv2.NORMAL_CLONE
    )


def _soft(target, face, region: np.ndarray, sigma: float) -> np.ndarray:
    """The face laid over the target, with an edge as soft as a Gaussian makes it."""
    mask = cv2.GaussianBlur(region.astype(np.float32), (0, 0), max(sigma, 0.5))[..., None]
    # A Gaussian's far ends would reach across the picture.
    mask = np.where(cv2.dilate(region.astype(np.uint8), _disc(3 * sigma))[..., None] > 0, mask, 0)
    return np.rint(mask * face + (1 - mask) * target).astype(np.uint8)


def _hull(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(np.round(points).astype(np.int32)), 1)
    return mask > 0


def _inner(points: np.ndarray, inside: np.ndarray, margin: float) -> np.ndarray:
    """What lies within the points' hull, and within a face, further from the rim than a margin."""
    region = _hull(points, inside.shape) & inside
    return cv2.erode(region.astype(np.uint8), _disc(margin)) > 0


def _near(points: np.ndarray, part: list[int], reach: float) -> np.ndarray:
    """1 at a part of the face, falling to 0 away from it."""
    distances = np.linalg.norm(points[:, None] - points[part], axis=-1).min(1)
    return np.exp(-0.5 * (distances / reach) ** 2)


def _disc(radius: float) -> np.ndarray:
    side = 2 * max(1, round(radius)) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
