"""What the augmentations do to a face crop, as TensorFlow graph operations.

Every operation is the identity at strength 0.
"""

import math
from typing import Any

import tensorflow as tf

from keras_madd.data.augmentation import Augmentation
from keras_madd.data.color import LUMA, color_transform

# How a stored picture is decoded: as Pillow and OpenCV do, to the bit.
DCT = "INTEGER_ACCURATE"


def cut_window(image: tf.Tensor, side: tf.Tensor, shift: tf.Tensor, image_size: int) -> tf.Tensor:
    """Cuts the square about the middle of a stored picture and resizes it.

    As `crop_face` does: bilinear with half-pixel centres, and where it shrinks by more than 2
    smoothed before (by a triangle filter, where `crop_face` averages areas). A side of
    `image_size` is not resized at all.

    Args:
        image: uint8 `(S, S, C)`.
        side: float32 scalar, side of the window in pixels.
        shift: float32 `(2,)`, move of its middle down and to the right, in sides. The window stays
            in the picture.
        image_size: Side of the result.

    Returns:
        uint8 `(image_size, image_size, C)`.
    """
    stored = tf.shape(image)[0]
    whole = tf.clip_by_value(tf.cast(tf.round(side), tf.int32), 1, stored)
    slack = stored - whole
    start = slack // 2 + tf.cast(tf.round(shift * side), tf.int32)
    start = tf.clip_by_value(start, 0, slack)
    window = tf.slice(image, [start[0], start[1], 0], [whole, whole, image.shape[2]])
    sizes = (image_size, image_size)

    def resized() -> tf.Tensor:
        far = tf.cond(
            whole > 2 * image_size,
            lambda: tf.image.resize(window, sizes, antialias=True),
            lambda: tf.image.resize(window, sizes),
        )
        return to_uint8(far)

    window = tf.cond(tf.equal(whole, image_size), lambda: window, resized)
    return tf.ensure_shape(window, (*sizes, image.shape[2]))


def change_pixels(image: tf.Tensor, drawn: dict[str, Any], settings: Augmentation) -> tf.Tensor:
    """Mirrors a face crop and changes its colours and quality.

    Args:
        image: uint8 `(H, W, 3)`.
        drawn: Parameters from `augmentation.draw`.
        settings: What can happen at all, so that the rest costs nothing.

    Returns:
        uint8 `(H, W, 3)`.
    """
    image = mirror(image, drawn, settings)
    shape = image.shape
    if settings.color or settings.grey or settings.scale or settings.blur or settings.noise:
        happens = tf.reduce_any(drawn["color"] != 0)
        for name, nothing in (("scale", 1.0), ("sigma", 0.0), ("noise", 0.0)):
            happens |= drawn[name] != nothing
        image = tf.cond(happens, lambda: _change_values(image, drawn, settings), lambda: image)
    if settings.jpeg:
        image = tf.cond(drawn["quality"] >= 0, lambda: jpeg(image, drawn["quality"]), lambda: image)
    return tf.ensure_shape(image, shape)


def mirror(image: tf.Tensor, drawn: dict[str, Any], settings: Augmentation) -> tf.Tensor:
    """A picture `(H, W, C)`, mirrored if that was drawn."""
    if not settings.flip:
        return image
    return tf.cond(drawn["flip"], lambda: tf.reverse(image, [1]), lambda: image)


def _change_values(image: tf.Tensor, drawn: dict[str, Any], settings: Augmentation) -> tf.Tensor:
    values = tf.cast(image, tf.float32)
    if settings.color or settings.grey:
        values = tf.cond(
            tf.reduce_any(drawn["color"] != 0),
            lambda: recolor(values, drawn["color"]),
            lambda: values,
        )
    if settings.scale:
        values = tf.cond(
            drawn["scale"] < 1, lambda: down_and_up(values, drawn["scale"]), lambda: values
        )
    if settings.blur:
        radius = math.ceil(3 * settings.largest_sigma)
        values = tf.cond(
            drawn["sigma"] > 0, lambda: blur(values, drawn["sigma"], radius), lambda: values
        )
    if settings.noise:
        values = tf.cond(
            drawn["noise"] > 0,
            lambda: add_noise(values, drawn["noise"], drawn["noise_seed"]),
            lambda: values,
        )
    return to_uint8(values)


def recolor(values: tf.Tensor, color: tf.Tensor) -> tf.Tensor:
    """Colours mapped as by `color_transform`, clipped to 0..255.

    Args:
        values: float32 `(H, W, 3)`.
        color: float32 `(8,)`: hue, saturation, value, contrast, brightness and the shifts of red,
            green and blue.
    """
    hue, saturation, value, contrast, brightness = tf.unstack(color[:5])
    # The turn of the hue is a sum of three constant matrices: at cosine, at sine, and the rest.
    quarter, half = (color_transform(hue=angle)[:, :3] for angle in (math.pi / 2, math.pi))
    identity = color_transform()[:, :3]
    rest = (identity + half) / 2
    terms = [tf.constant(term, tf.float32) for term in (identity - rest, quarter - rest, rest)]
    turn = tf.cos(hue) * terms[0] + tf.sin(hue) * terms[1] + terms[2]
    grey = tf.constant([list(LUMA)] * 3, tf.float32)
    saturate = grey + (1 + saturation) * (tf.eye(3) - grey)
    linear = (1 + contrast) * (1 + value) * tf.matmul(saturate, turn)
    constant = 255 * brightness - 127.5 * contrast + color[5:]
    mapped = tf.matmul(tf.reshape(values, (-1, 3)), linear, transpose_b=True) + constant
    return tf.reshape(tf.clip_by_value(mapped, 0, 255), tf.shape(values))


def down_and_up(values: tf.Tensor, factor: tf.Tensor) -> tf.Tensor:
    """Scaled down by a factor, smoothed, and up again bilinearly; float32 `(H, W, 3)`."""
    size = tf.shape(values)[:2]
    small = tf.cast(tf.round(tf.cast(size, tf.float32) * factor), tf.int32)
    shrunk = tf.image.resize(values, tf.maximum(small, 1), antialias=True)
    return tf.ensure_shape(tf.image.resize(shrunk, size), values.shape)


def blur(values: tf.Tensor, sigma: tf.Tensor, radius: int) -> tf.Tensor:
    """Gaussian blur, mirrored at the border without repeating it; float32 `(H, W, 3)`.

    Args:
        values: float32 `(H, W, 3)`, each side longer than the radius.
        sigma: Standard deviation in pixels; 0: the values themselves.
        radius: The kernel has `2 * radius + 1` taps.
    """
    places = tf.range(-radius, radius + 1, dtype=tf.float32)
    taps = tf.exp(-0.5 * (places / tf.maximum(sigma, 1e-3)) ** 2)
    taps = tf.unstack(taps / tf.reduce_sum(taps))
    height, width = tf.shape(values)[0], tf.shape(values)[1]
    padded = tf.pad(values, [[radius, radius], [0, 0], [0, 0]], "REFLECT")
    values = tf.add_n([tap * padded[i : i + height] for i, tap in enumerate(taps)])
    padded = tf.pad(values, [[0, 0], [radius, radius], [0, 0]], "REFLECT")
    return tf.add_n([tap * padded[:, i : i + width] for i, tap in enumerate(taps)])


def add_noise(values: tf.Tensor, deviation: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Independent Gaussian noise of a standard deviation in grey levels."""
    return values + deviation * tf.random.stateless_normal(tf.shape(values), seed)


def jpeg(image: tf.Tensor, quality: tf.Tensor) -> tf.Tensor:
    """A uint8 image through JPEG with 4:2:0 chroma."""
    encoded = tf.raw_ops.EncodeJpegVariableQuality(images=image, quality=quality)
    decoded = tf.io.decode_jpeg(encoded, channels=3, dct_method=DCT)
    return tf.ensure_shape(decoded, image.shape)


def to_uint8(values: tf.Tensor) -> tf.Tensor:
    """Rounded and clipped to 0..255."""
    return tf.cast(tf.clip_by_value(tf.round(values), 0, 255), tf.uint8)
