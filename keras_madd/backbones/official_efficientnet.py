"""EfficientNet B0 to B7 as the PyTorch detectors compute it.

Tan and Le, ICML 2019 (arXiv 1905.11946), in two flavours whose published weights need their own
arithmetic, which `keras.applications` does not reproduce:

`official_efficientnet_b0` to `_b7`
    The backbone of the released Multi-attentional Deepfake Detection code. Every convolution's
    padding is computed once, for the nominal input size of the variant (380 for B4), whatever
    feature map the convolution really gets. B4 at 380 has stages 95, 47, 23, 23 and 11 wide where
    TF-SAME gives 95, 48, 24, 24 and 12. The two agree at multiples of 32.
`deepfakebench_efficientnet_b4`
    The backbone of DeepfakeBench's multi_attention detector. The stem convolution has no padding;
    the others have the padding that belongs to their place in a network of nominal size 380, so
    256 pixels give 127, 63, 32, 16 and 8. No activation follows the stem's and the head's batch
    normalisation, and no block is dropped in training.

Layers carry the names of `keras.applications`, so that its ImageNet weights fit by name.
"""

import dataclasses
import math

import keras
from keras import layers

from keras_madd.backbones.weights import copy_applications_weights
from keras_madd.layers.portable_dropout import PortableDropout
from keras_madd.layers.sample_variance_batch_normalization import (
    SampleVarianceBatchNormalization,
)
from keras_madd.support.errors import check_choice


@dataclasses.dataclass(frozen=True)
class Scaling:
    """Compound scaling of one variant; `nominal_size` in pixels."""

    width: float
    depth: float
    nominal_size: int


@dataclasses.dataclass(frozen=True)
class Stage:
    """One stage of B0, before scaling."""

    repeats: int
    kernel_size: int
    strides: int
    expansion: int
    filters: int


SCALINGS = {
    "b0": Scaling(1.0, 1.0, 224),
    "b1": Scaling(1.0, 1.1, 240),
    "b2": Scaling(1.1, 1.2, 260),
    "b3": Scaling(1.2, 1.4, 300),
    "b4": Scaling(1.4, 1.8, 380),
    "b5": Scaling(1.6, 2.2, 456),
    "b6": Scaling(1.8, 2.6, 528),
    "b7": Scaling(2.0, 3.1, 600),
}
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
STEM_FILTERS = 32
HEAD_FILTERS = 1280
SQUEEZE_RATIO = 0.25
OFFICIAL_PREFIX = "official_efficientnet_"
DEEPFAKEBENCH_NAME = "deepfakebench_efficientnet_b4"
NAMES = (*(OFFICIAL_PREFIX + variant for variant in SCALINGS), DEEPFAKEBENCH_NAME)


def build(
    name: str,
    input_shape: tuple[int | None, int | None, int],
    *,
    weights: str | None = None,
    drop_connect_rate: float | None = None,
) -> keras.Model:
    """Build a backbone with all its stages as outputs.

    Args:
        name: One of `NAMES`.
        input_shape: (height, width, 3); height and width may be None.
        weights: None for random weights, `"imagenet"` for those of `keras.applications`, or the
            path of a weights file of the `keras.applications` model without its top.
        drop_connect_rate: Chance in training that the last residual block is skipped; earlier
            blocks are skipped less, in proportion to their place. None takes the flavour's own:
            0.2, and 0 for DeepfakeBench.

    Returns:
        A functional model: RGB pixels 0 to 255, (B, H, W, 3), to a dictionary with `"b0"` (stem),
        `"b1"` to `"b7"` (last block of each stage) and `"final"` (head), each (B, h, w, C).

    Raises:
        ValueError: If the name or the shape is not one of the above.
    """
    check_choice("name", name, NAMES)
    if len(input_shape) != 3 or input_shape[-1] != 3:
        raise ValueError(
            "Argument `input_shape` must be (height, width, 3), channels last. "
            f"Received: {input_shape=}"
        )
    deepfakebench = name == DEEPFAKEBENCH_NAME
    if drop_connect_rate is None:
        drop_connect_rate = 0.0 if deepfakebench else 0.2
    if not 0.0 <= drop_connect_rate < 1.0:
        raise ValueError(
            "Argument `drop_connect_rate` must be at least 0 and below 1. "
            f"Received: {drop_connect_rate=}"
        )
    scaling = SCALINGS[name[-2:]]
    inputs = keras.Input(input_shape, name="pixels")
    outputs = _stages(inputs, scaling, deepfakebench, drop_connect_rate)
    model = keras.Model(inputs, outputs, name=name)
    if weights is not None:
        application = f"EfficientNet{name[-2:].upper()}"
        copy_applications_weights(model, application, weights)
    return model


def stage_channels(variant: str) -> dict[str, int]:
    """Channels of every output of a variant, `"b0"` to `"b7"`."""
    width = SCALINGS[variant].width
    channels = {"b0": round_filters(STEM_FILTERS, width)}
    for number, stage in enumerate(STAGES, start=1):
        channels[f"b{number}"] = round_filters(stage.filters, width)
    return {**channels, "final": round_filters(HEAD_FILTERS, width)}


def block_names(variant: str) -> list[str]:
    """Names of the residual blocks of a variant in order: `block1a`, `block2a`, `block2b`..."""
    depth = SCALINGS[variant].depth
    return [
        f"block{number}{chr(ord('a') + repeat)}"
        for number, stage in enumerate(STAGES, start=1)
        for repeat in range(round_repeats(stage.repeats, depth))
    ]


def round_filters(filters: int, width: float) -> int:
    """Scaled number of channels: the nearest multiple of 8 that loses at most a tenth."""
    scaled = filters * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


def round_repeats(repeats: int, depth: float) -> int:
    """Scaled number of blocks of a stage."""
    return math.ceil(depth * repeats)


def same_padding(size: int, kernel_size: int, strides: int) -> tuple[int, int]:
    """Zeros before and after an axis of `size` that TF-SAME adds."""
    out = -(-size // strides)
    total = max((out - 1) * strides + kernel_size - size, 0)
    return total // 2, total - total // 2


def _stages(pixels, scaling, deepfakebench, drop_connect_rate):
    # Pixels are scaled in float32: bfloat16 has too few digits for [-1, 1].
    x = layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32", name="rescaling")(pixels)
    nominal_size = scaling.nominal_size
    if not deepfakebench:
        x = layers.ZeroPadding2D(
            (same_padding(nominal_size, 3, 2),) * 2,
            name="stem_conv_pad",
            data_format="channels_last",
        )(x)
    filters = round_filters(STEM_FILTERS, scaling.width)
    x = _conv(filters, 3, strides=2, padding="valid", name="stem_conv")(x)
    x = _batch_norm("stem_bn")(x)
    if not deepfakebench:
        x = _swish("stem_activation")(x)
    outputs = {"b0": x}

    repeats = [round_repeats(stage.repeats, scaling.depth) for stage in STAGES]
    # DeepfakeBench's convolutions know how far the map has shrunk, the official ones do not.
    running_size = math.ceil(nominal_size / 2)
    index = 0
    for number, (stage, count) in enumerate(zip(STAGES, repeats, strict=True), start=1):
        filters = round_filters(stage.filters, scaling.width)
        for repeat in range(count):
            strides = stage.strides if repeat == 0 else 1
            x = _block(
                x,
                f"block{number}{chr(ord('a') + repeat)}",
                stage,
                filters,
                strides,
                padding=same_padding(
                    running_size if deepfakebench else nominal_size, stage.kernel_size, strides
                ),
                drop_rate=drop_connect_rate * index / sum(repeats),
            )
            running_size = math.ceil(running_size / strides)
            index += 1
        outputs[f"b{number}"] = x

    x = _conv(round_filters(HEAD_FILTERS, scaling.width), 1, name="top_conv")(x)
    x = _batch_norm("top_bn")(x)
    if not deepfakebench:
        x = _swish("top_activation")(x)
    return {**outputs, "final": x}


def _block(x, name, stage, filters, strides, padding, drop_rate):
    """Inverted residual block with squeeze and excitation."""
    inputs, filters_in = x, x.shape[-1]
    if stage.expansion != 1:
        x = _conv(filters_in * stage.expansion, 1, name=f"{name}_expand_conv")(x)
        x = _batch_norm(f"{name}_expand_bn")(x)
        x = _swish(f"{name}_expand_activation")(x)
    if strides > 1:
        x = layers.ZeroPadding2D(
            (padding, padding), name=f"{name}_dwconv_pad", data_format="channels_last"
        )(x)
    x = layers.DepthwiseConv2D(
        stage.kernel_size,
        strides=strides,
        padding="valid" if strides > 1 else "same",
        use_bias=False,
        depthwise_initializer=_initializer(),
        data_format="channels_last",
        name=f"{name}_dwconv",
    )(x)
    x = _batch_norm(f"{name}_bn")(x)
    x = _swish(f"{name}_activation")(x)
    x = _squeeze_excite(x, max(1, int(filters_in * SQUEEZE_RATIO)), name)
    x = _conv(filters, 1, name=f"{name}_project_conv")(x)
    x = _batch_norm(f"{name}_project_bn")(x)
    if strides == 1 and filters == filters_in:
        if drop_rate > 0:
            # Whole samples are dropped: the noise is one number per image.
            x = PortableDropout(drop_rate, noise_shape=(None, 1, 1, 1), name=f"{name}_drop")(x)
        x = layers.Add(name=f"{name}_add")([x, inputs])
    return x


def _squeeze_excite(x, squeezed, name):
    gate = layers.GlobalAveragePooling2D(
        keepdims=True, data_format="channels_last", name=f"{name}_se_squeeze"
    )(x)
    gate = _conv(squeezed, 1, use_bias=True, activation="swish", name=f"{name}_se_reduce")(gate)
    gate = _conv(x.shape[-1], 1, use_bias=True, activation="sigmoid", name=f"{name}_se_expand")(
        gate
    )
    return layers.Multiply(name=f"{name}_se_excite")([x, gate])


def _conv(filters, kernel_size, *, padding="same", use_bias=False, **kwargs):
    return layers.Conv2D(
        filters,
        kernel_size,
        padding=padding,
        use_bias=use_bias,
        kernel_initializer=_initializer(),
        data_format="channels_last",
        **kwargs,
    )


def _initializer():
    return keras.initializers.VarianceScaling(2.0, mode="fan_out", distribution="truncated_normal")


def _batch_norm(name):
    return SampleVarianceBatchNormalization(momentum=0.99, epsilon=1e-3, name=name)


def _swish(name):
    return layers.Activation("swish", name=name)
