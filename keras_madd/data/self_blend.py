"""SelfBlend: pseudo-fakes out of real faces alone (self-blended images).

Reference: Shiohara and Yamasaki, "Detecting Deepfakes with Self-Blended Images", CVPR 2022.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from keras_madd.data.color import apply_color, color_transform
from keras_madd.data.resynthesis import resynthesise
from keras_madd.data.self_blend_mask import (
    MASKS,
    PARTIAL_MASKS,
    draw_region,
    reshape,
    soften,
    warp_elastically,
)
from keras_madd.faces.crop import check_image
from keras_madd.faces.landmarks import NUM_LANDMARKS
from keras_madd.media.encoded import through_jpeg

Blended = tuple[np.ndarray, np.ndarray, np.ndarray]

RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)


@dataclass(eq=False)
class SelfBlend:
    """Blends a real face with a slightly changed copy of itself.

    Of two copies of the picture, source and target, one is changed in colour and sharpness; the
    source and a mask from the landmarks are moved a little, and the source is laid over the
    target through the mask. What is left is what face swaps share: a seam between two slightly
    different pictures. The real picture of the pair **is the target**, so that outside the mask
    the two are equal, and both then go through the same augmentation with the same parameters.

    The recipe is the paper's, with these choices where it leaves one: all changes of colour are
    one affine map with one rounding; hue is turned by up to `hue` radians, saturation and value
    are multiplied by up to 1 +- `saturation` and 1 +- `value`. (In the units of the library that
    the authors used, their 0.3 is a third of a grey level: 0 here comes closest to that.)

    What follows `ratios` goes beyond the paper, towards fakes whose inner face a generator made,
    and is off by default.

    Attributes:
        hue: largest turn of the hue in radians.
        saturation: largest relative change of the saturation.
        value: largest relative change of the brightness value.
        masks: the kinds of masks drawn from, of `self_blend_mask.MASKS` and `PARTIAL_MASKS`; one
            named twice is drawn twice as often.
        ratios: shares of the source where the mask is full, drawn from.
        resynthesis: probability that the source loses detail, as `resynthesise` does.
        any_strength: whether changes of colour are as strong as a number drawn from 0 to 1 says,
            so that many fakes fit in colour.
        rotation: largest turn of the source in degrees.
        bending: strength of the field that bends the source, up to; 1 is the mask's.
        reshaping: largest relative change of the region's width and height.
        augment: whether calling the object also augments the pair.

    Raises:
        ValueError: an argument is out of its range.

    Example:
        >>> fake, real, mask = SelfBlend()(image, landmarks, seed=0)
    """

    hue: float = 0.3
    saturation: float = 0.3
    value: float = 0.3
    masks: Sequence[str] = MASKS
    ratios: Sequence[float] = RATIOS
    resynthesis: float = 0.0
    any_strength: bool = False
    rotation: float = 0.0
    bending: float = 0.0
    reshaping: float = 0.0
    augment: bool = True

    def __post_init__(self) -> None:
        most = {"rotation": 45, "bending": 10, "reshaping": 0.4}
        for name in ("hue", "saturation", "value", "resynthesis", *most):
            if not 0 <= (given := getattr(self, name)) <= most.get(name, 1):
                raise ValueError(
                    f"`{name}` must be between 0 and {most.get(name, 1)}. "
                    f"Received: {name}={given!r}"
                )
        if not self.masks or set(self.masks) - {*MASKS, *PARTIAL_MASKS}:
            raise ValueError(
                f"`masks` must be some of {MASKS + PARTIAL_MASKS}. Received: masks={self.masks!r}"
            )
        if not len(self.ratios) or not all(0 < ratio <= 1 for ratio in self.ratios):
            raise ValueError(f"`ratios` must be above 0, up to 1. Received: ratios={self.ratios!r}")

    def __call__(
        self, image: np.ndarray, landmarks: np.ndarray, seed: int | Sequence[int]
    ) -> Blended:
        """Make a fake, and the real picture that belongs to it.

        Args:
            image: RGB, uint8, `(H, W, 3)`, a real face.
            landmarks: `(468, 2)`, `(x, y)` in pixels of the image.
            seed: whole numbers, not negative; everything random follows from them.

        Returns:
            `(fake, real, mask)`: two RGB uint8 `(H, W, 3)` and the float32 `(H, W)` share of the
            source in the fake.

        Raises:
            ValueError: an argument is malformed.
        """
        fake, real, mask = self.blend(image, landmarks, seed)
        if not self.augment:
            return fake, real, mask
        # A stream of its own: the blend is the same with and without the augmentation.
        change = _draw_shared_augmentation(np.random.default_rng([*_numbers(seed), 1]))
        return change(fake), change(real), mask

    def blend(self, image: np.ndarray, landmarks: np.ndarray, seed: int | Sequence[int]) -> Blended:
        """As calling the object, but before the augmentation: equal outside the mask.

        Where `mask` is 0, `fake` and `real` are the same, bit for bit.
        """
        _check(image, landmarks)
        rng = np.random.default_rng([*_numbers(seed), 0])
        source = target = image
        changed = self._perturb(image, rng)
        if rng.random() < 0.5:
            source = changed
        else:
            target = changed
        height, width = image.shape[:2]
        move = _draw_move(height, width, rng)
        kind = self.masks[int(rng.integers(len(self.masks)))]
        points = np.asarray(landmarks, np.float32)
        # A stream of its own: what goes beyond the paper changes none of its draws.
        beyond = np.random.default_rng([*_numbers(seed), 2])
        if self.rotation:
            move = _turned(move, beyond.uniform(-self.rotation, self.rotation), points.mean(0))
        region = reshape(points, self.reshaping, beyond) if self.reshaping else points
        mask = draw_region(np.asarray(region, np.float32), (height, width), kind, rng)
        mask = warp_elastically(mask, move, rng)
        mask = soften(mask, rng) * np.float32(rng.choice(self.ratios)) if mask.any() else mask
        if not mask.any():  # The face lies outside the picture, or was softened away.
            return target.copy(), target.copy(), mask
        source = self._moved(source, move, points, beyond)
        return _lay_over(target, source, mask), target.copy(), mask

    def _moved(self, source, move, points, beyond: np.random.Generator) -> np.ndarray:
        """The source in its place, as a generator would give it back where it is to."""
        size, border = source.shape[1::-1], cv2.BORDER_REFLECT
        if self.resynthesis and beyond.random() < self.resynthesis:
            source = resynthesise(source, float(np.ptp(points, axis=0).max()), beyond)
        if self.bending:
            strength = beyond.uniform(0, self.bending)
            return warp_elastically(source, move, beyond, strength, border)
        return cv2.warpAffine(source, move, size, flags=cv2.INTER_LINEAR, borderMode=border)

    def _perturb(self, image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Colour and sharpness changed."""
        shifts = rng.uniform(-20, 20, 3) * (rng.random() < 0.3)
        hue, saturation, value = rng.uniform(-1, 1, 3) * (self.hue, self.saturation, self.value)
        brightness, contrast = rng.uniform(-0.1, 0.1, 2)
        changes = np.array([hue, saturation, value, contrast, brightness, *shifts])
        if self.any_strength:
            changes *= rng.random()
        hue, saturation, value, contrast, brightness = changes[:5]
        transform = color_transform(hue, saturation, value, contrast, brightness, changes[5:])
        image = apply_color(image, transform)
        if rng.random() < 0.5:
            return _down_and_up(image, int(rng.choice((2, 4))))
        return _sharpen(image, rng.uniform(0.2, 0.5))


def _draw_move(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """Affine `(2, 3)` map of the source and the mask, about the middle of the picture."""
    scale = rng.uniform(0.95, 1 / 0.95)
    shift = rng.uniform(-1, 1, 2) * (0.03 * width, 0.015 * height)
    middle = np.array([width - 1, height - 1]) / 2
    return np.column_stack([scale * np.eye(2), (1 - scale) * middle + shift])


def _turned(move: np.ndarray, degrees: float, middle: np.ndarray) -> np.ndarray:
    """An affine map with a turn about a point before it."""
    turn = cv2.getRotationMatrix2D(tuple(map(float, middle)), degrees, 1.0)
    return (np.vstack([move, [0, 0, 1]]) @ np.vstack([turn, [0, 0, 1]]))[:2]


def _lay_over(target: np.ndarray, source: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """`mask * source + (1 - mask) * target`, rounded; the target itself where the mask is 0."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    fake = target.copy()
    fake[part] = cv2.blendLinear(
        np.ascontiguousarray(source[part]),
        np.ascontiguousarray(target[part]),
        np.ascontiguousarray(mask[part]),
        np.ascontiguousarray(1 - mask[part]),
    )
    # The library divides by the sum of the weights, which it keeps away from 0.
    fake[part][mask[part] == 0] = target[part][mask[part] == 0]
    return fake


def _down_and_up(image: np.ndarray, factor: int) -> np.ndarray:
    height, width = image.shape[:2]
    size = (max(1, width // factor), max(1, height // factor))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _sharpen(image: np.ndarray, strength: float) -> np.ndarray:
    """The image plus its Laplacian times `strength`; flat regions stay as they are."""
    kernel = np.full((3, 3), -strength, np.float32)
    kernel[1, 1] = 1 + 8 * strength
    return cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101)


def _draw_shared_augmentation(rng: np.random.Generator):
    """Draw one augmentation and return it as a function, to be applied to both of a pair."""
    shift = rng.uniform(-20, 20, 3) * (rng.random() < 0.3)
    hue, saturation, value = rng.uniform(-0.3, 0.3, 3) * (rng.random() < 0.3)
    brightness, contrast = rng.uniform(-0.3, 0.3, 2) * (rng.random() < 0.3)
    transform = color_transform(hue, saturation, value, contrast, brightness, shift)
    quality = int(rng.integers(40, 101)) if rng.random() < 0.5 else None

    def change(image: np.ndarray) -> np.ndarray:
        image = apply_color(image, transform)
        return image if quality is None else through_jpeg(image, quality)

    return change


def _numbers(seed: int | Sequence[int]) -> list[int]:
    return [int(number) for number in np.atleast_1d(seed)]


def _check(image: np.ndarray, landmarks: np.ndarray) -> None:
    check_image(image)
    landmarks = np.asarray(landmarks)
    if landmarks.shape != (NUM_LANDMARKS, 2) or not np.isfinite(landmarks).all():
        raise ValueError(
            f"`landmarks` must be finite, of shape ({NUM_LANDMARKS}, 2). "
            f"Received: landmarks.shape={landmarks.shape}"
        )
