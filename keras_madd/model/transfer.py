"""Trained weights in a network of other sizes: what fits is taken, what does not begins anew."""

import warnings

import keras
from keras import ops

from keras_madd.model.config import MADDConfig

# Fields that decide how many weights some layers have; the rest of the network stays as it is.
SIZES = ("num_classes", "num_attentions", "head_width")
# Fields that decide which layers there are.
_LAYERS = (
    *("backbone", "variant", "texture_tap", "attention_tap"),
    *("texture_enhancement", "texture_growth"),
)


def take_weights(model, source, name: str, new_classifier: bool = False) -> str:
    """Copy every layer of a trained network that fits.

    Layers may differ in size by the number of classes, of attention maps and of the head's hidden
    units: a layer whose weights have other shapes begins anew. Where one of the two is a plain
    backbone classifier, the backbone alone is taken: that is how stage 2 begins. Feature centres
    are taken where both have as many; alpha is not, as a new training begins with a new alpha.

    Args:
        model: The `MADD` model to fill.
        source: The `MADD` model whose weights are copied.
        name: What the source is called in messages.
        new_classifier: Whether the last layer begins anew even where it fits.

    Returns:
        What was taken and what begins anew, in one line; "" if everything was taken.

    Raises:
        ValueError: If the networks differ in more than sizes; nothing is copied then.
    """
    _check_same_layers(model.config, source.config, name)
    if model.config.uses_regions != source.config.uses_regions:
        shared = ["backbone"]
    else:
        shared = [layer.name for layer in model.network.layers if layer.weights]
    classifier = _classifier(model) if new_classifier else None
    pairs, anew = [], [each.name for each in model.network.layers if each.weights]
    anew = [each for each in anew if each not in shared]
    for layer_name in shared:
        left = []
        twins = _twins(model, source, layer_name)
        for ours, theirs in twins:
            weights, values = _own_weights(ours), _own_weights(theirs)
            fits = [each.shape for each in weights] == [each.shape for each in values]
            if fits and ours is not classifier:
                pairs += zip(weights, values, strict=True)
            else:
                left.append(f"{layer_name}/{ours.name}")
        if left and layer_name == "backbone":
            raise ValueError(f"{name} is another network: its backbone has other layers.")
        anew += [layer_name] if len(left) == len(twins) else left
    ours, theirs = model.region_independence, source.region_independence
    if ours is not None and theirs is not None:
        if ours.feature_centres.shape == theirs.feature_centres.shape:
            pairs.append((ours.feature_centres, theirs.feature_centres))
        else:
            anew.append("feature centres")
    for weight, value in pairs:
        # On JAX an assigned array is shared, and a training step consumes the arrays it is given.
        weight.assign(ops.copy(value))
    if not anew:
        return ""
    return (
        f"{len(pairs)} weights are those of {name}; these begin anew: {', '.join(anew)} "
        f"({_differences(model.config, source.config, SIZES) or 'as asked for'})."
    )


def resized(source, config: MADDConfig, name: str, new_classifier: bool = False):
    """Build a model of another configuration with the trained weights of `source` that fit.

    Warns of the layers that begin anew.

    Args:
        source: A `MADD` model; it stays as it is.
        config: The configuration; it may differ in sizes and in what training does.
        name: What the source is called in messages.
        new_classifier: Whether the last layer begins anew even where it fits.

    Raises:
        ValueError: If the networks differ in more than sizes.
    """
    _check_same_layers(config, source.config, name)
    model = type(source)(config, name=source.name, dtype=source.dtype_policy)
    words = take_weights(model, source, name, new_classifier)
    ours, theirs = model.region_independence, source.region_independence
    if None not in (ours, theirs) and ours.initial_alpha == theirs.initial_alpha:
        ours.alpha.assign(ops.copy(theirs.alpha))
    if words:
        warnings.warn(words, stacklevel=3)
    return model


def _check_same_layers(ours: MADDConfig, theirs: MADDConfig, name: str) -> None:
    fields = _LAYERS if ours.uses_regions and theirs.uses_regions else ("backbone",)
    if found := _differences(ours, theirs, fields):
        raise ValueError(
            f"{name} is another network, whose trained weights do not fit: {found}. "
            f"Only {', '.join(SIZES)} may be others."
        )


def _differences(ours: MADDConfig, theirs: MADDConfig, fields) -> str:
    return "; ".join(
        f"{field} {getattr(theirs, field)!r}, here {getattr(ours, field)!r}"
        for field in fields
        if getattr(theirs, field) != getattr(ours, field)
    )


def _twins(model, source, name: str):
    """Pair the innermost layers of a layer that both networks build in the same order."""
    found = [
        [each for each in _flat(network.get_layer(name)) if _own_weights(each)]
        for network in (model.network, source.network)
    ]
    if len(found[0]) != len(found[1]):
        raise ValueError(f"The networks have other layers in {name}.")
    return list(zip(*found, strict=True))


def _flat(layer: keras.Layer) -> list[keras.Layer]:
    return list(layer._flatten_layers())


def _own_weights(layer: keras.Layer) -> list[keras.Variable]:
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def _classifier(model) -> keras.Layer:
    head = model.network.get_layer("head")
    return getattr(head, "classifier", head)
