"""Xception as the released Multi-attentional Deepfake Detection code computes it.

Chollet, CVPR 2017 (arXiv 1610.02357). Differences from `keras.applications.Xception`: batch-norm
epsilon 1e-5 and momentum 0.9 (PyTorch's 0.1), and max pooling that pads one cell on both sides,
which differs from TF-SAME at even sizes (74 wide at 299). Stages are counted from the stem, `b0`,
to the twelve blocks, `b12`. `b0` and `final` are taken after their ReLU, the blocks before the
ReLU that opens the next one: in the released code the first two are overwritten by an in-place
ReLU, and the others are not.

Layers carry the names of `keras.applications`; its unnamed shortcuts are `residual_conv_0` to `_3`
and `residual_bn_0` to `_3` here.
"""

import keras
from keras import layers

from keras_madd.backbones.weights import copy_applications_weights
from keras_madd.layers.sample_variance_batch_normalization import (
    SampleVarianceBatchNormalization,
)
from keras_madd.support.errors import check_choice

NAMES = ("official_xception",)
NOMINAL_SIZE = 299
STAGE_CHANNELS = {
    "b0": 64,
    "b1": 128,
    "b2": 256,
    **{f"b{number}": 728 for number in range(3, 12)},
    "b12": 1024,
    "final": 2048,
}


def build(
    name: str,
    input_shape: tuple[int | None, int | None, int],
    *,
    weights: str | None = None,
) -> keras.Model:
    """Build the backbone with all its stages as outputs.

    Args:
        name: `"official_xception"`.
        input_shape: (height, width, 3); height and width may be None.
        weights: None for random weights, `"imagenet"` for those of `keras.applications`, or the
            path of a weights file of `keras.applications.Xception` without its top.

    Returns:
        A functional model: RGB pixels 0 to 255, (B, H, W, 3), to a dictionary with `"b0"` (stem),
        `"b1"` to `"b12"` (blocks) and `"final"` (head), each (B, h, w, C).

    Raises:
        ValueError: If the name or the shape is not one of the above.
    """
    check_choice("name", name, NAMES)
    if len(input_shape) != 3 or input_shape[-1] != 3:
        raise ValueError(
            "Argument `input_shape` must be (height, width, 3), channels last. "
            f"Received: {input_shape=}"
        )
    inputs = keras.Input(input_shape, name="pixels")
    model = keras.Model(inputs, _stages(inputs), name=name)
    if weights is not None:
        copy_applications_weights(model, "Xception", weights)
    return model


def _stages(pixels):
    # Pixels are scaled in float32: bfloat16 has too few digits for [-1, 1].
    x = layers.Rescaling(1 / 127.5, offset=-1.0, dtype="float32", name="rescaling")(pixels)
    x = _conv(32, 3, strides=2, name="block1_conv1")(x)
    x = _relu(_batch_norm("block1_conv1_bn")(x), "block1_conv1_act")
    x = _conv(64, 3, name="block1_conv2")(x)
    x = _relu(_batch_norm("block1_conv2_bn")(x), "block1_conv2_act")
    outputs = {"b0": x}

    for number, filters in ((1, 128), (2, 256), (3, 728)):
        x = _shrinking_block(x, (filters, filters), number, opening_relu=number > 1)
        outputs[f"b{number}"] = x
    for number in range(4, 12):
        x = outputs[f"b{number}"] = _middle_block(x, 728, number)
    x = outputs["b12"] = _shrinking_block(x, (728, 1024), 12)

    x = _separable(x, 1536, "block14_sepconv1")
    x = _relu(x, "block14_sepconv1_act")
    x = _separable(x, 2048, "block14_sepconv2")
    return {**outputs, "final": _relu(x, "block14_sepconv2_act")}


def _shrinking_block(x, filters, number, opening_relu=True):
    """Two separable convolutions and a pooling to half the size, beside a strided shortcut."""
    name = f"block{number + 1}"
    shortcut_number = number - 1 if number < 4 else 3
    shortcut = _conv(filters[1], 1, strides=2, name=f"residual_conv_{shortcut_number}")(x)
    shortcut = _batch_norm(f"residual_bn_{shortcut_number}")(shortcut)
    if opening_relu:
        x = _relu(x, f"{name}_sepconv1_act")
    x = _separable(x, filters[0], f"{name}_sepconv1")
    x = _relu(x, f"{name}_sepconv2_act")
    x = _separable(x, filters[1], f"{name}_sepconv2")
    return layers.Add(name=f"{name}_add")([_halve(x, f"{name}_pool"), shortcut])


def _middle_block(x, filters, number):
    name, inputs = f"block{number + 1}", x
    for repeat in (1, 2, 3):
        x = _relu(x, f"{name}_sepconv{repeat}_act")
        x = _separable(x, filters, f"{name}_sepconv{repeat}")
    return layers.Add(name=f"{name}_add")([x, inputs])


def _halve(x, name):
    """Max pooling 3x3, stride 2, one padded cell on every side that never wins."""
    _, height, width, _ = x.shape
    if height and width and height % 2 and width % 2:
        return _pool(3, 2, "same", name)(x)
    # At even sizes TF-SAME pads one side only: pool everywhere, then keep every second cell.
    return _pool(1, 2, "valid", name)(_pool(3, 1, "same", f"{name}_dense")(x))


def _pool(size, strides, padding, name):
    return layers.MaxPooling2D(
        size, strides=strides, padding=padding, data_format="channels_last", name=name
    )


def _conv(filters, kernel_size, *, strides=1, name):
    return layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="valid",
        use_bias=False,
        kernel_initializer="he_normal",
        data_format="channels_last",
        name=name,
    )


def _separable(x, filters, name):
    x = layers.SeparableConv2D(
        filters,
        3,
        padding="same",
        use_bias=False,
        depthwise_initializer="he_normal",
        pointwise_initializer="he_normal",
        data_format="channels_last",
        name=name,
    )(x)
    return _batch_norm(f"{name}_bn")(x)


def _batch_norm(name):
    return SampleVarianceBatchNormalization(momentum=0.9, epsilon=1e-5, name=name)


def _relu(x, name):
    return layers.ReLU(name=name)(x)
