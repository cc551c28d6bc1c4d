"""ImageNet weights of `keras.applications` for backbones that share its layer names."""

import re

import keras
import numpy as np

from keras_madd.backbones.applications import channels_last


def copy_applications_weights(model: keras.Model, application: str, source: str) -> None:
    """Copy the weights of a `keras.applications` model into `model`, layer by layer.

    The networks are the same layers with small differences in padding, batch-norm epsilon and
    input scaling, so that the weights are a good start for training and not a classifier.

    Args:
        model: Model whose weighted layers are named as those of the application. What the
            application leaves unnamed (Xception's shortcuts) is called `residual_conv_0`,
            `residual_bn_0`, `residual_conv_1` and so on.
        application: Name of the constructor in `keras.applications`, as `"EfficientNetB4"`.
        source: `"imagenet"`, or the path of a weights file of the application without its top.

    Raises:
        ValueError: If a layer of one model has no counterpart in the other, or a shape differs;
            all of them are listed and nothing is copied.
    """
    constructor = getattr(keras.applications, application)
    with channels_last():
        donor = constructor(include_top=False, weights=source, input_shape=(None, None, 3))
    given = _weights_by_layer(donor)
    wanted = _weights_by_layer(model)
    problems = [f"{name}: missing in {application}" for name in wanted if name not in given]
    problems += [f"{name}: not in {model.name}" for name in given if name not in wanted]
    for name in wanted.keys() & given.keys():
        shapes = [tuple(w.shape for w in layer.weights) for layer in (wanted[name], given[name])]
        if shapes[0] != shapes[1]:
            problems.append(f"{name}: shapes {shapes[1]}, expected {shapes[0]}")
    if problems:
        raise ValueError(
            f"Argument `weights` does not fit {model.name}: {'; '.join(sorted(problems))}. "
            f"Received: weights={source}"
        )
    for name, layer in wanted.items():
        layer.set_weights([np.asarray(value) for value in given[name].get_weights()])


def _weights_by_layer(model):
    """Layers that have weights, by name; unnamed layers by kind and order."""
    found, unnamed = {}, {"conv2d": 0, "batch_normalization": 0}
    for layer in model.layers:
        # The input statistics of an application have no counterpart: pixels are scaled otherwise.
        if not layer.weights or isinstance(layer, keras.layers.Normalization):
            continue
        name = layer.name
        kind = re.sub(r"_\d+$", "", name)
        if kind in unnamed:
            short = {"conv2d": "conv", "batch_normalization": "bn"}[kind]
            name = f"residual_{short}_{unnamed[kind]}"
            unnamed[kind] += 1
        found[name] = layer
    return found
