"""Xception with fewer channels and fewer blocks in the middle, for features of small size."""

import keras

from keras_madd.layers.batch_normalization import BatchNormalization

WIDTHS = (128, 256, 728)
EXIT_WIDTHS = (728, 1024, 1536, 2048)


def build_slim_xception(
    input_shape: tuple[int, int, int], width: float = 0.5, middle_blocks: int = 4
) -> keras.Model:
    """Build Xception's flows with every width scaled and the middle flow shortened.

    Args:
        input_shape: `(height, width, channels)` of features, not scaled any more.
        width: Factor on Xception's channels.
        middle_blocks: Blocks of the middle flow; Xception has 8.

    Returns:
        A model of features to `(B, h, w, C)` at a stride of 32.
    """

    def channels(count):
        return max(round(count * width), 4)

    features = keras.Input(input_shape, name="features")
    x = _convolution(features, channels(32), 2, "stem_1")
    x = _convolution(x, channels(64), 1, "stem_2")
    for index, count in enumerate(WIDTHS):
        x = _strided(x, (channels(count), channels(count)), f"entry_{index}", opens=index > 0)
    for index in range(middle_blocks):
        y = x
        for step in range(3):
            y = _separable(y, channels(WIDTHS[-1]), f"middle_{index}_{step}")
        x = keras.layers.Add(name=f"middle_{index}")([x, y])
    x = _strided(x, (channels(EXIT_WIDTHS[0]), channels(EXIT_WIDTHS[1])), "exit", opens=True)
    for index, count in enumerate(EXIT_WIDTHS[2:]):
        x = _separable(x, channels(count), f"final_{index}", opens=index > 0)
    x = keras.layers.Activation("relu", name="final_activation")(x)
    return keras.Model(features, x, name="slim_xception")


def _convolution(x, filters, strides, name):
    x = keras.layers.Conv2D(
        filters,
        3,
        strides,
        padding="same",
        use_bias=False,
        name=f"{name}_conv",
        data_format="channels_last",
    )(x)
    x = BatchNormalization(name=f"{name}_bn")(x)
    return keras.layers.Activation("relu", name=f"{name}_activation")(x)


def _separable(x, filters, name, opens=True):
    if opens:
        x = keras.layers.Activation("relu", name=f"{name}_activation")(x)
    x = keras.layers.SeparableConv2D(
        filters, 3, padding="same", use_bias=False, name=f"{name}_conv", data_format="channels_last"
    )(x)
    return BatchNormalization(name=f"{name}_bn")(x)


def _strided(x, filters, name, opens):
    """Two separable convolutions and a pooling, beside a strided projection."""
    projected = keras.layers.Conv2D(
        filters[1],
        1,
        2,
        padding="same",
        use_bias=False,
        name=f"{name}_projection",
        data_format="channels_last",
    )(x)
    projected = BatchNormalization(name=f"{name}_projection_bn")(projected)
    y = _separable(x, filters[0], f"{name}_0", opens)
    y = _separable(y, filters[1], f"{name}_1")
    y = keras.layers.MaxPooling2D(
        3, 2, padding="same", name=f"{name}_pooling", data_format="channels_last"
    )(y)
    return keras.layers.Add(name=name)([projected, y])
