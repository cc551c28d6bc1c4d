"""Trained weights in a network of other sizes: what fits is taken, what does not begins anew."""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import keras
from keras import ops

from keras_madd.backbones import default_taps
from keras_madd.model.config import MADDConfig
from keras_madd.model.face_classifier_config import FaceClassifierConfig
from keras_madd.model.frozen import freeze, frozen_layers

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier

Model = TypeVar("Model", bound="FaceClassifier")


def take_weights(
    model: "FaceClassifier", source: "FaceClassifier", name: str, new_classifier: bool = False
) -> str:
    """Copy every layer of a trained network that fits.

    Layers may differ in size by the number of classes, of attention maps and of the head's hidden
    units: a layer whose weights have other shapes begins anew. So does the recurrence of a detector
    of clips that takes the weights of one of single frames. Where one of the two is a plain
    backbone classifier, the backbone alone is taken: that is how stage 2 begins. Feature centres
    are taken where both have as many; alpha is not, as a new training begins with a new alpha.

    Args:
        model: The detector to fill.
        source: The detector whose weights are copied.
        name: What the source is called in messages.
        new_classifier: Whether the last layer begins anew even where it fits.

    Returns:
        What was taken and what begins anew, in one line; "" if everything was taken.

    Raises:
        ValueError: If the networks differ in more than sizes, or their architectures do; nothing
            is copied then.
    """
    return _take(model, source, name, new_classifier)[0]


def _take(
    model: "FaceClassifier", source: "FaceClassifier", name: str, new_classifier: bool
) -> tuple[str, list[keras.Layer]]:
    """Return what `take_weights` says, and the innermost layers that begin anew."""
    _check_same_blocks(model.config, source.config, name)
    classifier = _classifier(model) if new_classifier else None
    backbone_only = model.config.uses_regions != source.config.uses_regions
    known = {layer.name for layer in source.network.layers}
    pairs, anew, begun = [], [], []
    for layer in model.network.layers:
        if not layer.weights:
            continue
        if (backbone_only and layer.name != "backbone") or layer.name not in known:
            anew.append(layer.name)
            begun += layer._flatten_layers()
            continue
        fitting, left = _matched(_twins(model, source, layer.name, name), classifier)
        if left and layer.name == "backbone":
            raise ValueError(_other_network(name, model.config, source.config, ("backbone",)))
        pairs += fitting
        begun += left
        names = [f"{layer.name}/{each.name}" for each in left]
        anew += names if fitting else [layer.name] * bool(left)
    ours, theirs = model.centres, source.centres
    if ours is not None and theirs is not None:
        if ours.feature_centres.shape == theirs.feature_centres.shape:
            pairs.append((ours.feature_centres, theirs.feature_centres))
        else:
            anew.append("feature centres")
    for weight, value in pairs:
        # On JAX an assigned array is shared, and a training step consumes the arrays it is given.
        weight.assign(ops.copy(value))
    if not anew:
        return "", []
    words = (
        f"{len(pairs)} weights are those of {name}; these begin anew: {', '.join(anew)} "
        f"({_differences(model.config, source.config, model.config.sizes) or 'as asked for'})."
    )
    return words, begun


def resized(
    source: Model, config: FaceClassifierConfig, name: str, new_classifier: bool = False
) -> Model:
    """Build a model of another configuration with the trained weights of `source` that fit.

    Warns of the layers that begin anew. They are trained, also where the source's are frozen.

    Args:
        source: A detector; it stays as it is.
        config: The configuration; it may differ in sizes and in what training does.
        name: What the source is called in messages.
        new_classifier: Whether the last layer begins anew even where it fits.

    Raises:
        ValueError: If the networks differ in more than sizes.
    """
    _check_same_blocks(config, source.config, name)
    model = source.built_anew(config, name=source.name, dtype=source.dtype_policy)
    words, begun = _take(model, source, name, new_classifier)
    freeze(model.network, frozen_layers(source.network), missing_ok=True, but=begun)
    ours, theirs = model.centres, source.centres
    if ours is not None and theirs is not None and ours.initial_alpha == theirs.initial_alpha:
        ours.alpha.assign(ops.copy(theirs.alpha))
    if words:
        warnings.warn(words, stacklevel=3)
    return model


def with_sizes(model: Model, sizes: Mapping[str, Any], name: str = "the checkpoint") -> Model:
    """Return a trained model with other sizes, or itself where they are its own; see `resized`."""
    config = model.config.replace(**sizes)
    return model if config == model.config else resized(model, config, name)


def sizes_apart(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part fields of `MADDConfig` into those that resize layers and all others."""
    sizes = {name: value for name, value in fields.items() if name in MADDConfig.sizes}
    return sizes, {name: value for name, value in fields.items() if name not in sizes}


def _check_same_blocks(ours: FaceClassifierConfig, theirs: FaceClassifierConfig, name: str) -> None:
    if type(ours) is not type(theirs):
        raise ValueError(
            f"{name} is of another architecture, {theirs.architecture}, here {ours.architecture}: "
            "its trained weights do not fit."
        )
    if not isinstance(ours, MADDConfig) or not isinstance(theirs, MADDConfig):
        if _differences(ours, theirs, ours.blocks):
            raise ValueError(_other_network(name, ours, theirs, ours.blocks))
        return
    if ours.backbone != theirs.backbone:
        # Their layers may fit and compute something else, as those of two EfficientNet-B4 do.
        raise ValueError(_other_network(name, ours, theirs, ("backbone",)))
    if ours.uses_regions != theirs.uses_regions:
        return
    ours, theirs = (
        config.replace(texture_tap=taps[0], attention_tap=taps[1])
        for config, taps in ((ours, _taps(ours)), (theirs, _taps(theirs)))
    )
    if ours.uses_regions and _differences(ours, theirs, ours.blocks):
        raise ValueError(_other_network(name, ours, theirs, ("backbone", *ours.blocks)))


def _taps(config: MADDConfig) -> tuple[str, str]:
    texture, attention = default_taps(config.backbone)
    return config.texture_tap or texture, config.attention_tap or attention


def _other_network(
    name: str, ours: FaceClassifierConfig, theirs: FaceClassifierConfig, fields
) -> str:
    found = _differences(ours, theirs, fields) or "its layers differ"
    return (
        f"{name} is another network, whose trained weights do not fit: {found}. "
        f"Only {', '.join(ours.sizes)} may be others."
    )


def _differences(ours: FaceClassifierConfig, theirs: FaceClassifierConfig, fields) -> str:
    return "; ".join(
        f"{field} {getattr(theirs, field)!r}, here {getattr(ours, field)!r}"
        for field in fields
        if getattr(theirs, field) != getattr(ours, field)
    )


def _twins(model, source, layer_name: str, name: str) -> list[tuple[keras.Layer, keras.Layer]]:
    """Pair the innermost layers of a layer that both networks build in the same order."""
    ours, theirs = (
        [each for each in network.get_layer(layer_name)._flatten_layers() if _own_weights(each)]
        for network in (model.network, source.network)
    )
    if len(ours) != len(theirs):
        fields = ("backbone",) if layer_name == "backbone" else model.config.blocks
        raise ValueError(_other_network(name, model.config, source.config, fields))
    return list(zip(ours, theirs, strict=True))


def _matched(twins, classifier) -> tuple[list[tuple], list[keras.Layer]]:
    """Return the weights that fit, in pairs, and the layers whose weights do not."""
    fitting: list[tuple] = []
    left: list[keras.Layer] = []
    for ours, theirs in twins:
        weights, values = _own_weights(ours), _own_weights(theirs)
        alike = [_kind(each) for each in weights] == [_kind(each) for each in values]
        if alike and ours is not classifier:
            fitting += zip(weights, values, strict=True)
        else:
            left.append(ours)
    return fitting, left


def _own_weights(layer: keras.Layer) -> list[keras.Variable]:
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def _kind(weight: keras.Variable) -> tuple:
    return weight.name, tuple(weight.shape)


def _classifier(model) -> keras.Layer:
    head = model.network.get_layer("head")
    return getattr(head, "classifier", head)
