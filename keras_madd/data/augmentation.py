"""Augmentations of training, shared by real and fake, as `tf.data` graph operations.

Everything that is drawn for a face crop is a function of its seed, so the same crops come out
whatever the number of threads. A pair that shares its seed shares every parameter, the noise
included.
"""

from dataclasses import dataclass
from typing import Any

from keras_madd.data.footage import Footage
from keras_madd.support.errors import check_choice
from keras_madd.support.tensor import Tensor

_SATURATION = 1  # Its place among the arguments of `color_transform`.


@dataclass(frozen=True)
class Augmentation:
    """How strongly face crops are changed; what is not given does not happen.

    In this order: what a video does to a face (resolution, noise, H.264), a window of the picture
    (margin and shift), mirroring, colour, lower resolution, blur, noise, JPEG.

    Attributes:
        margins: lowest and highest margin of the window, uniform; `None`: the margin of the data
            set. What is stored bounds it.
        shift: the window's middle moves by up to this share of its side, along both axes.
        flip: probability of mirroring.
        color: probability of other colours.
        hue: largest turn of the hue in radians.
        saturation: largest relative change of the saturation.
        value: largest relative change of the brightness value.
        contrast: largest relative change of the contrast.
        brightness: largest share of 255 that is added.
        rgb_shift: most grey levels added to a channel.
        scale: probability of scaling down and up again.
        smallest_scale: lowest factor of that, uniform up to 1.
        blur: probability of a Gaussian blur.
        largest_sigma: its largest standard deviation in pixels, uniform from 0.2.
        noise: probability of Gaussian noise.
        largest_noise: its largest standard deviation in grey levels, uniform from 0.
        jpeg: probability of JPEG compression.
        lowest_quality: of that, uniform up to 100.
        grey: probability of losing all colour, instead of other colours.
        footage: how videos show faces, or `None`: as the stored picture does.
    """

    margins: tuple[float, float] | None = None
    shift: float = 0.0
    flip: float = 0.0
    color: float = 0.0
    hue: float = 0.0
    saturation: float = 0.0
    value: float = 0.0
    contrast: float = 0.0
    brightness: float = 0.0
    rgb_shift: float = 0.0
    scale: float = 0.0
    smallest_scale: float = 1.0
    blur: float = 0.0
    largest_sigma: float = 0.0
    noise: float = 0.0
    largest_noise: float = 0.0
    jpeg: float = 0.0
    lowest_quality: int = 100
    grey: float = 0.0
    footage: Footage | None = None

    def __post_init__(self):
        for name in ("shift", "flip", "color", "scale", "blur", "noise", "jpeg", "grey"):
            if not 0 <= (given := getattr(self, name)) <= 1:
                raise ValueError(f"`{name}` must be from 0 to 1. Received: {name}={given!r}")
        if not 0 < self.smallest_scale <= 1:
            raise ValueError(
                "`smallest_scale` must be above 0 and at most 1. "
                f"Received: smallest_scale={self.smallest_scale!r}"
            )
        if not 0 <= self.lowest_quality <= 100:
            raise ValueError(
                "`lowest_quality` must be from 0 to 100. "
                f"Received: lowest_quality={self.lowest_quality!r}"
            )
        if self.blur and self.largest_sigma < 0.2:
            raise ValueError(
                "`blur` needs `largest_sigma` from 0.2 on. "
                f"Received: largest_sigma={self.largest_sigma!r}"
            )


AUGMENTATIONS = {
    "none": Augmentation(),
    "light": Augmentation(
        margins=(1.2, 1.4),
        shift=0.02,
        flip=0.5,
        color=0.3,
        hue=0.05,
        saturation=0.15,
        value=0.1,
        contrast=0.1,
        brightness=0.05,
        rgb_shift=5,
        scale=0.1,
        smallest_scale=0.6,
        blur=0.1,
        largest_sigma=1.0,
        noise=0.1,
        largest_noise=4,
        jpeg=0.3,
        lowest_quality=40,
    ),
    "strong": Augmentation(
        margins=(1.1, 1.5),
        shift=0.05,
        flip=0.5,
        color=0.7,
        hue=0.1,
        saturation=0.3,
        value=0.2,
        contrast=0.2,
        brightness=0.1,
        rgb_shift=20,
        scale=0.3,
        smallest_scale=0.3,
        blur=0.3,
        largest_sigma=1.6,
        noise=0.3,
        largest_noise=10,
        jpeg=0.6,
        lowest_quality=40,
    ),
    # For detectors of videos: faces as small, soft and compressed as there.
    "video": Augmentation(
        margins=(1.15, 1.45),
        shift=0.04,
        flip=0.5,
        color=0.5,
        hue=0.1,
        saturation=0.3,
        value=0.2,
        contrast=0.2,
        brightness=0.1,
        rgb_shift=15,
        scale=0.15,
        smallest_scale=0.5,
        blur=0.15,
        largest_sigma=1.5,
        noise=0.1,
        largest_noise=6,
        jpeg=0.25,
        lowest_quality=40,
        grey=0.04,
        footage=Footage(),
    ),
}


def draw(settings: Augmentation, seed: Tensor) -> dict[str, Any]:
    """Draws the parameters of one face crop, inside a graph.

    Args:
        settings: How strong.
        seed: int32 tensor `(2,)`.

    Returns:
        Name -> scalar tensor (`color` float32 `(8,)`, `shift` float32 `(2,)`): `margin` (0: that
        of the data set), `shift`, `flip` (bool), `color` (arguments of `color_transform`), `scale`
        (1: nothing), `sigma` (0), `noise` (0), `noise_seed` and `quality` (-1).
    """
    import tensorflow as tf

    # One vector for all, so that the draws do not depend on what is switched on.
    numbers = iter(tf.unstack(tf.random.stateless_uniform([24], seed)))

    def happens(probability):
        return next(numbers) < probability

    def between(low, high):
        return low + (high - low) * next(numbers)

    def around(largest):
        return between(-largest, largest)

    def if_so(chance, number, otherwise):
        return tf.where(chance, number, tf.constant(otherwise, tf.float32))

    low, high = settings.margins or (0.0, 0.0)
    drawn = {"margin": between(low, high)}
    drawn["shift"] = tf.stack([around(settings.shift), around(settings.shift)])
    drawn["flip"] = happens(settings.flip)
    colored = happens(settings.color)
    changes = [settings.hue, settings.saturation, settings.value]
    changes += [settings.contrast, settings.brightness] + 3 * [settings.rgb_shift]
    drawn["color"] = tf.stack([if_so(colored, around(change), 0.0) for change in changes])
    drawn["scale"] = if_so(happens(settings.scale), between(settings.smallest_scale, 1.0), 1.0)
    drawn["sigma"] = if_so(happens(settings.blur), between(0.2, settings.largest_sigma), 0.0)
    drawn["noise"] = if_so(happens(settings.noise), between(0.0, settings.largest_noise), 0.0)
    quality = tf.round(between(settings.lowest_quality - 0.5, 100.5))
    drawn["quality"] = tf.cast(if_so(happens(settings.jpeg), quality, -1.0), tf.int32)
    without_color = tf.one_hot(_SATURATION, 8, -1.0, 0.0)
    drawn["color"] = tf.where(happens(settings.grey), without_color, drawn["color"])
    drawn["noise_seed"] = tf.random.experimental.stateless_fold_in(seed, 1)
    return drawn


def named(augment: "str | Augmentation") -> Augmentation:
    """The settings of a preset by name, or the settings given.

    Raises:
        ValueError: There is no such preset.
    """
    if isinstance(augment, Augmentation):
        return augment
    check_choice("augment", augment, AUGMENTATIONS)
    return AUGMENTATIONS[augment]
