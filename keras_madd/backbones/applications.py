"""Backbones from `keras.applications`, cut at their stages, with their pixel scaling in front.

The application's own preprocessing layers are replaced: EfficientNet's depend on whether ImageNet
weights were asked for, so a model rebuilt from its configuration would compute something else. So
is its dropout, by one that is the same on every backend and on any number of replicas, and its
batch normalisation, by the fused one.
"""

import contextlib
import dataclasses
import re
from collections.abc import Callable, Iterator

import keras

from keras_madd.layers.batch_normalization import BatchNormalization
from keras_madd.layers.portable_dropout import PortableDropout

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
# Dropout rates inside keras.applications are those of this stochastic depth.
APPLICATION_DROP_CONNECT = 0.2
MAX_MOMENTUM = 0.99


@dataclasses.dataclass(frozen=True)
class Family:
    """How one family of `keras.applications` is built, scaled and cut."""

    scaling: Callable[[], keras.layers.Layer]
    first_layer: str
    stage_outputs: Callable[[keras.Model], dict[str, str]]
    texture_tap: str
    attention_tap: str
    min_size: int = 32
    options: dict = dataclasses.field(default_factory=dict)


def build(
    name: str,
    input_shape: tuple[int, int, int],
    *,
    weights: str | None = None,
    drop_connect_rate: float = 0.2,
) -> tuple[keras.Model, dict[str, str]]:
    """Build the application whose layers `attach` will tap.

    Args:
        name: Such as `"efficientnet_b4"`; see `CONSTRUCTORS`.
        input_shape: `(height, width, 3)`.
        weights: `"imagenet"` (downloaded by Keras), the path of a weights file of the
            application without its top, or `None`.
        drop_connect_rate: Stochastic depth at the last block, where the family has it.

    Returns:
        The application from scaled pixels on, with the output of every layer by the layer's name,
        and the layer name of each stage.

    Raises:
        ValueError: If `input_shape` is smaller than the backbone can take.
    """
    constructor, family = CONSTRUCTORS[name]
    if min(input_shape[:2]) < family.min_size:
        raise ValueError(
            f"`input_size` must be at least {family.min_size} for backbone {name!r}. "
            f"Received: input_size={input_shape[:2]}"
        )
    with channels_last():
        application = getattr(keras.applications, constructor)(
            include_top=False,
            weights=weights,
            input_shape=input_shape,
            **family.options,
            **WIDTHS.get(name, {}),
        )
    for layer in application.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            # Averages made for ImageNet's 10^6 steps (0.999) lag behind runs of a few thousand.
            layer.momentum = min(layer.momentum, MAX_MOMENTUM)
    _name_by_place(application)
    stages = family.stage_outputs(application)
    first = application.get_layer(family.first_layer)
    kept = application.layers[application.layers.index(first) :]
    body = keras.Model(first.input, {layer.name: layer.output for layer in kept}, name=name)
    factor = drop_connect_rate / APPLICATION_DROP_CONNECT
    return _with_own_layers(body, factor), stages


@contextlib.contextmanager
def channels_last() -> Iterator[None]:
    """Build applications for `(H, W, C)`, whatever Keras's setting is."""
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_last")
    try:
        yield
    finally:
        keras.config.set_image_data_format(before)


def attach(
    name: str, application: keras.Model, taps: dict[str, str], model_name: str
) -> keras.Model:
    """Return pixels -> the outputs of the layers in `taps`, scaling included.

    Args:
        name: The backbone's name.
        application: What `build` returned.
        taps: Output name -> layer name. Only the layers that they need are run.
        model_name: Name of the model returned.
    """
    outputs = {tap: application.output[layer] for tap, layer in taps.items()}
    body = keras.Model(application.input, outputs, name="application")
    pixels = keras.Input(application.input_shape[1:], name="pixels", dtype="float32")
    scaled = CONSTRUCTORS[name][1].scaling()(pixels)
    return keras.Model(pixels, body(scaled), name=model_name)


def _name_by_place(application: keras.Model) -> None:
    """Name the layers that Xception leaves to Keras, which counts them over the whole process."""
    for number, layer in enumerate(application.layers):
        if re.fullmatch(r"(conv2d|batch_normalization)(_\d+)?", layer.name):
            layer.name = f"layer_{number}"


def _with_own_layers(body, rate_factor):
    """Return the model with dropout and batch-norm replaced and every other layer shared."""

    def replace(layer):
        if isinstance(layer, keras.layers.BatchNormalization):
            fused = BatchNormalization.from_config(layer.get_config())
            fused.build(layer.input.shape)
            fused.set_weights(layer.get_weights())
            return fused
        if not isinstance(layer, keras.layers.Dropout):
            return layer
        portable = PortableDropout(layer.rate, layer.noise_shape, name=layer.name)
        # Set afterwards: a layer made with rate 0 has no random state to save.
        portable.rate *= rate_factor
        return portable

    return keras.models.clone_model(body, clone_function=replace)


def _to_unit_range():
    return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="scaling", dtype="float32")


def _to_unit_range_128():
    return keras.layers.Rescaling(1 / 128.0, offset=-1.0, name="scaling", dtype="float32")


def _standardise():
    return keras.layers.Rescaling(
        scale=[1 / (255 * std) for std in IMAGENET_STD],
        offset=[-mean / std for mean, std in zip(IMAGENET_MEAN, IMAGENET_STD, strict=True)],
        name="scaling",
        dtype="float32",
    )


def _efficientnet_stages(application: keras.Model) -> dict[str, str]:
    stages = {"b0": "stem_activation"}
    for layer in application.layers:
        if match := re.match(r"block(\d+)[a-z]", layer.name):
            stages[f"b{match[1]}"] = layer.name
    return {**stages, "final": "top_activation"}


def _stages_of_blocks(prefix: str, last_block: dict[str, int], stem: str, final: str):
    """Stages that end with the last layer of a numbered block."""

    def stages(application: keras.Model) -> dict[str, str]:
        outputs = {"b0": stem}
        for stage, block in last_block.items():
            start = f"{prefix}_{block}_" if block else "expanded_conv_"
            names = [
                layer.name
                for layer in application.layers
                if layer.name.startswith(start)
                and (block or not re.match(r"expanded_conv_\d", layer.name))
            ]
            outputs[stage] = names[-1]
        return {**outputs, "final": final or application.layers[-1].name}

    return stages


def _xception_stages(application: keras.Model) -> dict[str, str]:
    # A stage is read after the ReLU that opens the next block, as the released detector does.
    stages = {"b0": "block1_conv2_act"}
    stages |= {f"b{block - 2}": f"block{block}_sepconv1_act" for block in range(3, 14)}
    before_last = application.layers.index(application.get_layer("block14_sepconv1")) - 1
    stages["b12"] = application.layers[before_last].name
    return {**stages, "final": "block14_sepconv2_act"}


EFFICIENTNET = Family(_standardise, "stem_conv_pad", _efficientnet_stages, "b2", "b5")
EFFICIENTNET_V2_B = Family(
    _standardise,
    "stem_conv",
    _efficientnet_stages,
    "b2",
    "b5",
    options={"include_preprocessing": False},
)
EFFICIENTNET_V2_S = dataclasses.replace(EFFICIENTNET_V2_B, scaling=_to_unit_range_128)
XCEPTION = Family(_to_unit_range, "block1_conv1", _xception_stages, "b1", "b5", min_size=71)
MOBILENET_V2 = Family(
    _to_unit_range,
    "Conv1",
    _stages_of_blocks(
        "block",
        {"b1": 0, "b2": 2, "b3": 5, "b4": 9, "b5": 12, "b6": 15, "b7": 16},
        stem="Conv1_relu",
        final="out_relu",
    ),
    "b2",
    "b5",
)
MOBILENET_V3_SMALL = Family(
    _to_unit_range,
    "conv",
    _stages_of_blocks(
        "expanded_conv", {"b1": 0, "b2": 2, "b3": 5, "b4": 7, "b5": 10}, stem="conv_bn", final=""
    ),
    "b1",
    "b4",
    options={"include_preprocessing": False},
)
MOBILENET_V3_LARGE = Family(
    _to_unit_range,
    "conv",
    _stages_of_blocks(
        "expanded_conv",
        {"b1": 0, "b2": 2, "b3": 5, "b4": 9, "b5": 11, "b6": 14},
        stem="conv_bn",
        final="",
    ),
    "b2",
    "b5",
    options={"include_preprocessing": False},
)

CONSTRUCTORS = {
    **{f"efficientnet_b{i}": (f"EfficientNetB{i}", EFFICIENTNET) for i in range(8)},
    **{f"efficientnet_v2_b{i}": (f"EfficientNetV2B{i}", EFFICIENTNET_V2_B) for i in range(4)},
    "efficientnet_v2_s": ("EfficientNetV2S", EFFICIENTNET_V2_S),
    "xception": ("Xception", XCEPTION),
    "mobilenet_v2": ("MobileNetV2", MOBILENET_V2),
    "mobilenet_v2_035": ("MobileNetV2", MOBILENET_V2),
    "mobilenet_v3_small": ("MobileNetV3Small", MOBILENET_V3_SMALL),
    "mobilenet_v3_large": ("MobileNetV3Large", MOBILENET_V3_LARGE),
}
WIDTHS = {"mobilenet_v2_035": {"alpha": 0.35}}
