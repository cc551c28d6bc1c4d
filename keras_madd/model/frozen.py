"""Layers that keep their weights in training: which they are, through saving and in copies."""

from collections.abc import Collection, Iterable, Iterator

import keras


def freeze(
    network: keras.Model,
    paths: Iterable[str],
    missing_ok: bool = False,
    but: Collection[keras.Layer] = (),
) -> None:
    """Set `trainable` of layers to `False`; batch normalisation then uses its moving statistics.

    Args:
        network: A functional model.
        paths: Of layers in it, such as `"backbone/stem_conv"`.
        missing_ok: Whether paths without a layer are passed over.
        but: Layers that are left as they are, also within a layer of such a path.

    Raises:
        ValueError: If there is no layer of such a path.
    """
    layers = dict(_layers(network))
    for path in paths:
        if path not in layers:
            if missing_ok:
                continue
            raise ValueError(f"`frozen` must be layers of the network. Received: {path!r}")
        _freeze(layers[path], but)


def frozen_layers(network: keras.Model) -> list[str]:
    """Return the paths of a functional model's layers with weights, none of which is trained.

    A part of a layer has its number in the path: its name may be another in each process.
    """
    paths: list[str] = []
    for path, layer in _layers(network):
        within = any(path.startswith(f"{each}/") for each in paths)
        if layer.weights and not layer.trainable and not within:
            paths.append(path)
    return paths


def layers_before(backbone: keras.Model, output: str) -> list[str]:
    """Return the paths of a backbone's layers that one of its outputs depends on.

    Args:
        backbone: A functional model with a dictionary of outputs, inside a network. A model in it
            has outputs of the same names.
        output: Name of the output, such as `"texture"`.
    """
    paths = []
    for layer in keras.Model(backbone.input, backbone.output[output]).layers:
        if isinstance(layer, keras.Model):
            paths += layers_before(layer, output)
        elif layer.weights:
            paths.append(layer.name)
    return [f"{backbone.name}/{path}" for path in paths]


def _freeze(layer: keras.Layer, but: Collection[keras.Layer]) -> None:
    if layer in but:
        return
    if not any(each in but for each in layer._flatten_layers()):
        layer.trainable = False
        return
    for part in layer._flatten_layers(include_self=False, recursive=False):
        _freeze(part, but)


def _layers(model: keras.Model, prefix: str = "") -> Iterator[tuple[str, keras.Layer]]:
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _layers(layer, f"{prefix}{layer.name}/")
        else:
            yield prefix + layer.name, layer
            yield from _parts(layer, prefix + layer.name)


def _parts(layer: keras.Layer, path: str) -> Iterator[tuple[str, keras.Layer]]:
    for number, part in enumerate(layer._flatten_layers(include_self=False, recursive=False)):
        yield f"{path}/{number}", part
        yield from _parts(part, f"{path}/{number}")
