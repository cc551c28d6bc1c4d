"""Plain convolutional backbones that train from scratch in minutes, on a processor.

`tiny` has a few thousand weights, for tests and smoke runs; `small` has some hundred thousand and
learns the embedded demonstration data.
"""

import dataclasses

import keras

from keras_madd.layers.batch_normalization import BatchNormalization


@dataclasses.dataclass(frozen=True)
class Plan:
    """Channels of the stages (each halves the map) and of the last layer, and their depth."""

    stage_filters: dict[str, int]
    final_filters: int
    convs_per_stage: int


PLANS = {
    "tiny": Plan({"b0": 8, "b1": 16, "b2": 24, "b3": 32}, final_filters=48, convs_per_stage=1),
    "small": Plan({"b0": 16, "b1": 32, "b2": 64, "b3": 96}, final_filters=128, convs_per_stage=2),
}
MIN_SIZE = 16


def build(name: str, input_shape: tuple[int, int, int]) -> keras.Model:
    """Build strided 3x3 convolutions with batch normalisation and ReLU.

    Args:
        name: A key of `PLANS`.
        input_shape: `(height, width, 3)`, at least 16 pixels each way.

    Returns:
        Pixels 0..255 -> dictionary of `"b0"` (stride 2) to `"b3"` (stride 16) and `"final"`.

    Raises:
        ValueError: If `input_shape` is too small.
    """
    if min(input_shape[:2]) < MIN_SIZE:
        raise ValueError(
            f"`input_size` must be at least {MIN_SIZE} for backbone {name!r}. "
            f"Received: input_size={input_shape[:2]}"
        )
    plan = PLANS[name]
    pixels = keras.Input(input_shape, name="pixels", dtype="float32")
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling", dtype="float32")(pixels)
    outputs = {}
    for stage, filters in plan.stage_filters.items():
        x = _conv(x, filters, 3, strides=2, name=stage)
        for index in range(1, plan.convs_per_stage):
            # The stem stays one layer deep: it has the largest map and the least to say.
            if stage != "b0":
                x = _conv(x, filters, 3, strides=1, name=f"{stage}_{index}")
        outputs[stage] = x
    outputs["final"] = _conv(x, plan.final_filters, 1, strides=1, name="final")
    return keras.Model(pixels, outputs, name=name)


def _conv(x, filters, kernel_size, strides, name):
    x = keras.layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same",
        use_bias=False,
        data_format="channels_last",
        name=f"{name}_conv",
    )(x)
    x = BatchNormalization(momentum=0.9, axis=-1, name=f"{name}_bn")(x)
    return keras.layers.Activation("relu", name=f"{name}_activation")(x)
