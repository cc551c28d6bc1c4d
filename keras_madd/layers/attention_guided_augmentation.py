"""AttentionGuidedAugmentation: hides from the network what it looked at."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_madd.layers import portable_random
from keras_madd.layers.resampling import (
    align_corners_matrix,
    apply_separable,
    gaussian_blur_matrix,
    half_pixel_matrix,
    resample,
)
from keras_madd.support.errors import check_choice
from keras_madd.support.tensor import Tensor

MODES = ("soft", "hard", "mix")
MID_GREY = 127.5


@keras.saving.register_keras_serializable(package="keras_madd")
class AttentionGuidedAugmentation(keras.layers.Layer):
    """Attention guided data augmentation (AGDA).

    One map k is drawn at random for each image, resized to the image and divided by its maximum
    to give A* in [0, 1]. The image is degraded where A* is high (paper, section 3.5):

        I' = I * (1 - A*) + I_d * A*

    I_d is the image scaled down by `resize_factor`, blurred with a Gaussian of `sigma` pixels of
    the small image, and scaled back up. A map that is zero everywhere leaves the image as it is.

    Modes: `"soft"` is the equation; `"hard"` paints mid-grey where A* exceeds a threshold drawn
    from `threshold_range`; `"mix"` tosses a coin for each image.

    No gradient flows through the result: it is data.

    Args:
        resize_factor: Side of the small image over the side of the image, in (0, 1].
        sigma: Standard deviation of the blur in pixels of the small image.
        kernel_size: Odd number of taps of the blur; `None`: three sigma on either side.
        mode: `"soft"`, `"hard"` or `"mix"`.
        threshold_range: Bounds between which the threshold is drawn, once for each call.
        seed: Seed of the random choices; `None` draws one.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        images: `(B, H, W, 3)`, pixels 0..255, static H and W of any size.
        attention_maps: `(B, h, w, M)`, not negative.
        index: Map to use for each image, `(B,)`; drawn if `None`.

    Output shape:
        The pair of images `(B, H, W, 3)`, float32, and the indices used, `(B,)`.

    Reference:
        Zhao et al., CVPR 2021, arXiv 2103.02406.
    """

    resize_matrix = staticmethod(half_pixel_matrix)

    def __init__(
        self,
        resize_factor: float = 0.3,
        sigma: float = 7.0,
        kernel_size: int | None = None,
        mode: str = "soft",
        threshold_range: tuple[float, float] = (0.4, 0.6),
        seed: int | None = None,
        **kwargs: Any,
    ):
        # Pixels and blur stay in float32: 8-bit texture does not survive bfloat16.
        super().__init__(autocast=False, **kwargs)
        if not 0 < resize_factor <= 1:
            raise ValueError(
                f"`resize_factor` must be in (0, 1]. Received: resize_factor={resize_factor}"
            )
        if sigma < 0:
            raise ValueError(f"`sigma` must not be negative. Received: sigma={sigma}")
        if kernel_size is not None and (kernel_size < 1 or kernel_size % 2 == 0):
            raise ValueError(
                f"`kernel_size` must be odd and positive. Received: kernel_size={kernel_size}"
            )
        check_choice("mode", mode, MODES)
        self.resize_factor = resize_factor
        self.sigma = sigma
        self.kernel_size = kernel_size
        self.mode = mode
        self.threshold_range = tuple(threshold_range)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(
        self, images: Tensor, attention_maps: Tensor, index: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the augmented images and the index of the map that guided each."""
        images = ops.cast(images, "float32")
        maps = ops.cast(ops.stop_gradient(attention_maps), "float32")
        if index is None:
            index = self.draw_index(maps)
        attention = self.normalised_map(maps, index, images.shape[1:3])
        augmented = self.degrade(images, attention)
        return ops.stop_gradient(augmented), index

    def draw_index(self, maps: Tensor) -> Tensor:
        """Draw one map for each image, all equally likely; `(B, h, w, M)` -> `(B,)`."""
        return portable_random.choice(ops.ones_like(maps[:, 0, 0, :]), self.seed_generator)

    def normalised_map(self, maps: Tensor, index: Tensor, size: tuple[int, int]) -> Tensor:
        """Return A* in [0, 1] at the images' size, `(B, H, W, 1)`."""
        choice = ops.one_hot(index, maps.shape[-1], dtype=maps.dtype)
        chosen = ops.sum(maps * choice[:, None, None, :], axis=-1, keepdims=True)
        chosen = resample(chosen, size, self.resize_matrix)
        return chosen / (ops.max(chosen, axis=(1, 2, 3), keepdims=True) + 1e-8)

    def degrade(self, images: Tensor, attention: Tensor) -> Tensor:
        """Hide what `attention` marks, by the layer's mode."""
        if self.mode == "soft":
            return self.soft_drop(images, attention)
        if self.mode == "hard":
            return self.hard_drop(images, attention)
        coin = portable_random.uniform((ops.shape(images)[0], 1, 1, 1), self.seed_generator)
        return ops.where(
            coin < 0.5, self.soft_drop(images, attention), self.hard_drop(images, attention)
        )

    def soft_drop(self, images: Tensor, attention: Tensor) -> Tensor:
        """Return `I (1 - A*) + I_d A*`."""
        return images * (1.0 - attention) + self.degraded_images(images) * attention

    def hard_drop(self, images: Tensor, attention: Tensor) -> Tensor:
        """Return the images with mid-grey where A* is not below the threshold."""
        return ops.where(attention < self.draw_between(self.threshold_range), images, MID_GREY)

    def draw_between(self, bounds: tuple[float, ...]) -> Tensor:
        """Draw a scalar uniformly between two bounds."""
        low, high = bounds
        return low + (high - low) * portable_random.uniform((), self.seed_generator)

    def degraded_images(self, images: Tensor) -> Tensor:
        """Return I_d: scaled down, blurred, scaled back up."""
        height, width = images.shape[1:3]
        rows, columns = self._shrink(height), self._shrink(width)
        small = self.add_noise(apply_separable(images, rows, columns))
        return resample(small, (height, width), self.resize_matrix)

    def add_noise(self, small_images: Tensor) -> Tensor:
        """Return the small images unchanged; a hook for variants."""
        return small_images

    def compute_output_spec(
        self, images: Tensor, attention_maps: Tensor, index: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Shapes and dtypes of the images and the indices."""
        augmented = keras.KerasTensor(images.shape, "float32")
        return augmented, keras.KerasTensor((images.shape[0],), "int32")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "resize_factor": self.resize_factor,
            "sigma": self.sigma,
            "kernel_size": self.kernel_size,
            "mode": self.mode,
            "threshold_range": self.threshold_range,
            "seed": self.seed,
        }

    def _shrink(self, size: int) -> np.ndarray:
        small = max(1, math.floor(size * self.resize_factor))
        taps = self.kernel_size or 2 * math.ceil(3 * self.sigma) + 1
        blur = gaussian_blur_matrix(small, taps, self.sigma)
        return blur @ type(self).resize_matrix(size, small)


@keras.saving.register_keras_serializable(package="keras_madd")
class OfficialAttentionGuidedAugmentation(AttentionGuidedAugmentation):
    """AGDA as the authors' released code does it.

    Where it departs from `AttentionGuidedAugmentation`: maps are drawn with probability
    proportional to `sqrt(sum_hw A_k + 1)`; A* goes through a sigmoid with a threshold t drawn
    from `threshold_range` and a gain z drawn from `zoom_range`, rebased to 0 at 0,
    `(s((a - t) z) - s(-t z)) / (1 - s(-t z))`, so that its maximum stays below 1; the small image
    is half the size, blurred with 11 taps only, and gets Gaussian noise; resizing aligns corners.

    Args:
        resize_factor: Side of the small image over the side of the image, in (0, 1].
        sigma: Standard deviation of the blur in pixels of the small image.
        kernel_size: Odd number of taps of the blur.
        mode: `"soft"`, `"hard"` or `"mix"`.
        threshold_range: Bounds between which t is drawn, once for each call.
        zoom_range: Bounds between which z is drawn, once for each call.
        noise_stddev: Standard deviation of the noise in pixel levels (0.1 on a scale of -1..1).
        seed: Seed of the random choices; `None` draws one.
        **kwargs: Arguments of `keras.layers.Layer`.

    Reference:
        The code released with arXiv 2103.02406.
    """

    resize_matrix = staticmethod(align_corners_matrix)

    def __init__(
        self,
        resize_factor: float = 0.5,
        sigma: float = 7.0,
        kernel_size: int | None = 11,
        mode: str = "soft",
        threshold_range: tuple[float, float] = (0.4, 0.6),
        zoom_range: tuple[float, float] = (3.0, 5.0),
        noise_stddev: float = 12.75,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(resize_factor, sigma, kernel_size, mode, threshold_range, seed, **kwargs)
        self.zoom_range = tuple(zoom_range)
        self.noise_stddev = noise_stddev

    def draw_index(self, maps: Tensor) -> Tensor:
        """Draw one map for each image, larger maps a little more often."""
        chances = ops.sqrt(ops.sum(maps, axis=(1, 2)) + 1.0)
        return portable_random.choice(chances, self.seed_generator)

    def soft_drop(self, images: Tensor, attention: Tensor) -> Tensor:
        """Return `I (1 - A*) + I_d A*` with A* stretched by the sigmoid."""
        threshold = self.draw_between(self.threshold_range)
        zoom = self.draw_between(self.zoom_range)
        return super().soft_drop(images, stretch_contrast(attention, threshold, zoom))

    def add_noise(self, small_images: Tensor) -> Tensor:
        """Return the small images with Gaussian noise."""
        shape = (ops.shape(small_images)[0], *small_images.shape[1:])
        noise = portable_random.normal(shape, self.seed_generator)
        return small_images + self.noise_stddev * noise

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "zoom_range": self.zoom_range,
            "noise_stddev": self.noise_stddev,
        }


def stretch_contrast(attention: Tensor, threshold: Tensor, zoom: Tensor) -> Tensor:
    """Return the sigmoid of `(attention - threshold) * zoom`, rebased to 0 at 0."""
    at_zero = ops.sigmoid(-threshold * zoom)
    return (ops.sigmoid((attention - threshold) * zoom) - at_zero) / (1.0 - at_zero)
