"""A backbone in pieces, for networks that look in between, and that begin with other channels."""

import itertools

import keras
import numpy as np

from keras_madd.backbones import applications, convnet
from keras_madd.support.errors import check_choice

# Names of the first convolution and of the first layer after each piece but the last.
_CUTS = {
    "xception": ("block1_conv1", ("block8_sepconv1_act", "block13_sepconv1_act")),
    **{name: ("b0_conv", ("b2_conv", "b3_conv")) for name in convnet.PLANS},
}
NAMES = tuple(_CUTS)


def create_segments(
    name: str,
    size: tuple[int, int],
    channels: int,
    *,
    from_stem: bool = False,
    weights: str | None = None,
    prefix: str = "",
) -> list[keras.Model]:
    """Build a backbone as three functional models, one after the other.

    Xception is cut after its blocks 7 and 12, the plain convolutions after b1 and b2.

    Args:
        name: One of `NAMES`.
        size: `(height, width)` of a picture that the backbone takes.
        channels: Of what the first piece takes; a multiple of 3 unless `from_stem`.
        from_stem: Whether that has half the picture's size already, as the first convolution
            would give: then this convolution has a stride of 1.
        weights: As `create_backbone`. Channels that are RGB pictures side by side each take the
            first convolution's kernel, so that pictures which add up to one are answered as that
            one; with `from_stem` every channel takes the mean over RGB, times 3 / channels.
        prefix: Put before the names of the pieces.

    Returns:
        Models of features `(B, h, w, C)`. No scaling of pixels is inside.

    Raises:
        ValueError: If the name or the size cannot work.
    """
    check_choice("backbone", name, NAMES)
    whole, outputs = _whole(name, size, weights)
    stem_name, cuts = _CUTS[name]
    stem = outputs[stem_name]
    borders = [stem, *(_before(whole, cut) for cut in cuts), outputs[whole.layers[-1].name]]
    pieces = [
        keras.Model(start, end, name=f"{prefix}segment_{index}")
        for index, (start, end) in enumerate(itertools.pairwise(borders), 1)
    ]
    first = _with_stem(
        whole.get_layer(stem_name), pieces[0], stem.shape[1:], size, channels, from_stem
    )
    return [first, *pieces[1:]]


def stem_size(name: str, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width that the first convolution of a backbone leaves of a picture."""
    if name == "xception":
        return ((size[0] - 1) // 2, (size[1] - 1) // 2)
    return (-(-size[0] // 2), -(-size[1] // 2))


def _whole(name, size, weights):
    """The backbone, and the output of each of its layers by the layer's name."""
    shape = (*size, 3)
    if name == "xception":
        whole, _ = applications.build(name, shape, weights=weights)
        return whole, whole.output
    if weights is not None:
        raise ValueError(f"`weights` must be None for backbone {name!r}. Received: {weights!r}")
    whole = convnet.build(name, shape)
    return whole, {layer.name: layer.output for layer in whole.layers}


def _before(whole, cut):
    """The feature map that a layer takes: what the layer listed before it gives."""
    names = [layer.name for layer in whole.layers]
    before = names[names.index(cut) - 1]
    return whole.output[before] if before in whole.output else whole.get_layer(before).output


def _with_stem(stem, piece, stem_shape, size, channels, from_stem):
    """The first piece with a first convolution for other channels."""
    config = {**stem.get_config(), "name": f"{piece.name}_stem"}
    given = (*size, channels)
    if from_stem:
        given = (*stem_shape[:2], channels)
        config |= {"strides": 1, "padding": "same"}
    features = keras.Input(given, name="features")
    convolution = keras.layers.Conv2D.from_config(config)
    joined = keras.Model(features, piece(convolution(features)), name=piece.name)
    kernel = keras.ops.convert_to_numpy(stem.kernel)
    if from_stem:
        kernel = np.repeat(kernel.mean(axis=2, keepdims=True) * 3 / channels, channels, axis=2)
    else:
        kernel = np.tile(kernel, (1, 1, channels // 3, 1))
    convolution.kernel.assign(kernel)
    return joined
