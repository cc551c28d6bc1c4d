"""People who do not exist: the portrait with other proportions, colours and features."""

from dataclasses import dataclass

import cv2
import numpy as np

from keras_madd.demo.portrait import SIDE, load_portrait, soft_region
from keras_madd.demo.warps import SHAPE_SPREAD, shape_modes
from keras_madd.faces.landmarks import LEFT_BROW, LEFT_EYE, LIPS, OVAL, RIGHT_BROW, RIGHT_EYE

# From light to dark, RGB.
SKIN_TONES = np.asarray(
    [
        (226, 190, 170),
        (212, 172, 146),
        (194, 150, 120),
        (166, 122, 94),
        (128, 90, 68),
        (94, 66, 50),
    ],
    np.float32,
)
HAIR_COLORS = np.asarray(
    [
        (38, 32, 30),
        (62, 46, 38),
        (92, 66, 48),
        (118, 96, 62),
        (160, 132, 90),
        (104, 64, 46),
        (140, 136, 132),
    ],
    np.float32,
)


@dataclass(frozen=True, eq=False)
class Person:
    """A person to be filmed.

    Attributes:
        picture: uint8 `(SIDE, SIDE, 4)`, the recoloured portrait and, last, the person's coverage.
        shape: float32 `(GRID, GRID, 2)`, the warp of the portrait to this person's proportions.
        mirrored: whether left and right are exchanged.
    """

    picture: np.ndarray
    shape: np.ndarray
    mirrored: bool


def draw_person(rng: np.random.Generator) -> Person:
    """Draw a person at random."""
    portrait = load_portrait()
    image = _skin_detail(portrait.image, portrait.skin, rng.uniform(0.9, 1.5))
    tone = rng.uniform(0, len(SKIN_TONES) - 1.001)
    image, skin_color = _recolor_skin(image, tone, rng)
    hair_color = HAIR_COLORS[rng.integers(3 if tone > 3 else len(HAIR_COLORS))]
    hair_color = hair_color * rng.uniform(0.85, 1.15) * rng.uniform(0.95, 1.05, 3)
    image = _recolor_hair(image, hair_color, rng)
    image = _recolor_clothes(image, rng)
    image = _lips_and_brows(image, hair_color, rng)
    if rng.random() < 0.35:
        image = _stubble(image, hair_color, rng)
    image = _moles(image, skin_color, rng)
    if rng.random() < 0.22:
        image = _glasses(image, rng)
    spread = np.asarray(list(SHAPE_SPREAD.values()), np.float32)
    weights = np.clip(rng.normal(size=len(spread)), -1.8, 1.8).astype(np.float32) * spread
    # A closed mouth and longer hair are one-sided: the portrait's are the extremes.
    for name in ("mouth_closed", "hair_length"):
        index = list(SHAPE_SPREAD).index(name)
        weights[index] = abs(weights[index]) * 1.2
    picture = np.dstack([image, 255 * portrait.person])
    return Person(
        picture=np.clip(np.round(picture), 0, 255).astype(np.uint8),
        shape=np.tensordot(weights, shape_modes(), axes=1),
        mirrored=bool(rng.random() < 0.5),
    )


def _mix(image: np.ndarray, other: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return image + mask[..., None] * (other - image)


def _skin_detail(image, skin, gain):
    fine = image - cv2.GaussianBlur(image, (0, 0), 1.5)
    return image + (gain - 1) * skin[..., None] * fine


def _recolor_skin(image, tone, rng):
    portrait = load_portrait()
    low = int(tone)
    target = SKIN_TONES[low] + (tone - low) * (SKIN_TONES[low + 1] - SKIN_TONES[low])
    target = target * rng.uniform(0.95, 1.05, 3)
    mean = (image * portrait.skin[..., None]).sum((0, 1)) / portrait.skin.sum()
    recolored = target * (np.clip(image, 0, 255) / mean) ** rng.uniform(0.9, 1.15)
    # Eyes and teeth: the portrait's, lit for fair skin, would glow in a dark face.
    bare = soft_region(portrait.landmarks, OVAL, SIDE, 1) * (1 - portrait.skin - portrait.hair)
    image = _mix(image, image * (1 - 0.06 * tone), np.clip(bare, 0, 1))
    return _mix(image, recolored, portrait.skin), target


def _recolor_hair(image, color, rng):
    hair = load_portrait().hair
    gray = image @ np.asarray([0.3, 0.59, 0.11], np.float32)
    level = gray / ((gray * hair).sum() / hair.sum())
    contrast = rng.uniform(0.75, 1.2)
    return _mix(image, color * np.clip(level, 0, 3)[..., None] ** contrast, hair)


def _recolor_clothes(image, rng):
    portrait = load_portrait()
    clothes = np.clip(portrait.person - portrait.hair - portrait.skin, 0, 1)
    clothes[:140] = 0  # Eyes and teeth are neither skin nor clothes.
    clothes[140:170, 137:214] = 0
    hsv = cv2.cvtColor(np.clip(image, 0, 255).astype(np.uint8), cv2.COLOR_RGB2HSV)
    hsv = hsv.astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(0, 180)) % 180
    hsv[..., 1] *= rng.uniform(0.1, 0.9)
    hsv[..., 2] = 255 * (hsv[..., 2] / 255) ** rng.uniform(0.6, 1.6)
    # The dark collar takes a colour of its own.
    dark = np.clip(1.3 - hsv[..., 2:] / 60, 0, 1)
    dyed = cv2.cvtColor(np.clip(hsv, 0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)
    dyed = dyed + dark * rng.uniform(0, 70) * rng.uniform(0.6, 1.4, 3) * (0.6 + hsv[..., 2:] / 60)
    return _mix(image, dyed.astype(np.float32), clothes)


def _lips_and_brows(image, hair_color, rng):
    portrait = load_portrait()
    lips = soft_region(portrait.landmarks, LIPS, SIDE, 1.2) * portrait.skin
    tint = np.asarray(
        [1, rng.uniform(0.72, 1.05), rng.uniform(0.75, 1.05)], np.float32
    ) * rng.uniform(0.8, 1.1)
    image = _mix(image, image * tint, lips)
    strength = rng.uniform(0, 0.6)
    for brow in (RIGHT_BROW, LEFT_BROW):
        mask = soft_region(portrait.landmarks, brow, SIDE, 1.3) * strength
        image = _mix(image, 0.4 * image + 0.4 * np.asarray(hair_color, np.float32), mask)
    return image


def _stubble(image, hair_color, rng):
    portrait = load_portrait()
    beard = soft_region(portrait.landmarks, OVAL, SIDE, 4)
    rows = np.arange(SIDE, dtype=np.float32)[:, None]
    beard *= np.clip((rows - 128) / 22, 0, 1) * portrait.skin
    lips = soft_region(portrait.landmarks, LIPS, SIDE, 2)
    beard *= 1 - np.clip(1.5 * lips, 0, 1)
    grain = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE), dtype=np.float32), (0, 0), 0.7)
    coverage = beard * np.clip(rng.uniform(0.1, 0.45) * (1 + 0.45 * grain), 0, 0.9)
    return _mix(image, np.asarray(hair_color, np.float32) * 0.8, coverage)


def _moles(image, skin_color, rng):
    portrait = load_portrait()
    mask = np.zeros((SIDE, SIDE), np.float32)
    inside = portrait.landmarks[:, :2]
    for _ in range(rng.integers(0, 7) + (40 if rng.random() < 0.2 else 0)):
        x, y = inside[rng.integers(len(inside))] + rng.normal(0, 2, 2)
        spot = (round(x * 16), round(y * 16))
        cv2.circle(mask, spot, int(rng.uniform(8, 18)), rng.uniform(0.2, 0.7), -1, shift=4)
    mask = cv2.GaussianBlur(mask, (0, 0), 0.7) * portrait.skin
    return _mix(image, 0.5 * np.asarray(skin_color, np.float32), mask)


def _glasses(image, rng):
    portrait = load_portrait()
    scale = 16
    mask = np.zeros((SIDE, SIDE), np.float32)
    lower = np.array([0, 3])
    right, left = portrait.center(RIGHT_EYE) + lower, portrait.center(LEFT_EYE) + lower
    radius = np.array([rng.uniform(15, 18), rng.uniform(11, 15)])
    thickness = int(rng.integers(1, 4))

    def point(place):
        return tuple(int(v) for v in np.round(np.asarray(place, np.float64) * scale))

    for eye in (right, left):
        axes = point(radius)
        cv2.ellipse(mask, point(eye), axes, 2, 0, 360, 1.0, thickness, cv2.LINE_AA, 4)
    bridge = np.array([radius[0], -3])
    lines = [
        (right + bridge, left + bridge * (-1, 1)),
        (right + bridge * (-1, 1), portrait.landmarks[127, :2] - (3, 0)),
        (left + bridge, portrait.landmarks[356, :2] - (-3, 0)),
    ]
    for start, end in lines:
        cv2.line(mask, point(start), point(end), 1.0, thickness, cv2.LINE_AA, 4)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.6)
    color = np.asarray(rng.uniform(15, 90) * rng.uniform(0.8, 1.2, 3), np.float32)
    return _mix(image, np.broadcast_to(color, image.shape), 0.9 * soft)
