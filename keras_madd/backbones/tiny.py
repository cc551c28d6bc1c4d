"""A backbone of a few thousand weights, for tests, teaching and smoke runs."""

import keras

NAME = "tiny"
STAGE_FILTERS = {"b0": 8, "b1": 16, "b2": 24, "b3": 32}
MIN_SIZE = 16


def build(name: str, input_shape: tuple[int, int, int]) -> keras.Model:
    """Build four strided convolutions with batch normalisation and ReLU.

    Args:
        name: `"tiny"`.
        input_shape: `(height, width, 3)`, at least 16 pixels each way.

    Returns:
        Pixels 0..255 -> dictionary of `"b0"` (stride 2) to `"b3"` (stride 16) and `"final"`.

    Raises:
        ValueError: If `input_shape` is too small.
    """
    if min(input_shape[:2]) < MIN_SIZE:
        raise ValueError(
            f"`input_size` must be at least {MIN_SIZE} for backbone {NAME!r}. "
            f"Received: input_size={input_shape[:2]}"
        )
    pixels = keras.Input(input_shape, name="pixels", dtype="float32")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling", dtype="float32")(pixels)
    outputs = {}
    for stage, filters in STAGE_FILTERS.items():
        x = _conv(filters, 3, strides=2, name=stage)(x)
        outputs[stage] = x
    outputs["final"] = _conv(48, 1, strides=1, name="final")(x)
    return keras.Model(pixels, outputs, name=name)


def _conv(filters, kernel_size, strides, name):
    def layer(x):
        x = keras.layers.Conv2D(
            filters,
            kernel_size,
            strides,
            padding="same",
            use_bias=False,
            data_format="channels_last",
            name=f"{name}_conv",
        )(x)
        x = keras.layers.BatchNormalization(momentum=0.9, axis=-1, name=f"{name}_bn")(x)
        return keras.layers.Activation("relu", name=f"{name}_activation")(x)

    return layer
