"""Pictures of shards in a `tf.data` graph, decoded within bounds."""

import tensorflow as tf

from keras_madd.data.augmentation_ops import DCT
from keras_madd.media.encoded import MAX_SIDE

_PNG = b"\x89PNG\r\n\x1a\n"
_BIG_ENDIAN = (1 << 24, 1 << 16, 1 << 8, 1)


def decode_stored(content: tf.Tensor) -> tf.Tensor:
    """Decodes a picture, unless its head claims more than `MAX_SIDE` pixels a side.

    A decoder takes the memory for all pixels that the head claims, however short the file is.

    Args:
        content: `()` string, a JPEG or PNG file.

    Returns:
        uint8 `(H, W, 3)`.
    """
    is_png = tf.equal(tf.strings.substr(content, 0, 8), _PNG)
    side = tf.cond(is_png, lambda: _of_png(content), lambda: _of_jpeg(content))
    message = f"a picture of more than {MAX_SIDE} pixels a side"
    with tf.control_dependencies(
        [tf.debugging.assert_less_equal(side, tf.constant(MAX_SIDE, tf.int64), message)]
    ):
        # Reads PNG as well.
        return tf.io.decode_jpeg(content, channels=3, dct_method=DCT)


def _of_png(content: tf.Tensor) -> tf.Tensor:
    sizes = tf.io.decode_raw(tf.strings.substr(content, 16, 8), tf.uint8)
    sizes = tf.reshape(tf.cast(sizes, tf.int64), (2, 4))
    return tf.reduce_max(tf.linalg.matvec(sizes, tf.constant(_BIG_ENDIAN, tf.int64)))


def _of_jpeg(content: tf.Tensor) -> tf.Tensor:
    return tf.reduce_max(tf.io.extract_jpeg_shape(content, tf.int64)[:2])
