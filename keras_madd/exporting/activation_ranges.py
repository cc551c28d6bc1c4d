"""The range of every activation, measured on pictures."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from keras_madd.exporting.interpreter import over_pictures
from keras_madd.exporting.litert_file import Graph, graph_of, parse

PIXEL_RANGE = (0.0, 255.0)
# Of the pictures' extremes: one picture in a hundred may be cut off for finer steps in the others.
PERCENTILE = 99.0


def activation_extremes(
    content: bytes,
    pictures: Iterable[np.ndarray],
    advance: Callable[[int], None] | None = None,
    threads: int = 2,
) -> dict[str, np.ndarray]:
    """Runs a float LiteRT file and notes every activation's extremes on every picture.

    Args:
        content: The float file.
        pictures: (H, W, 3) RGB pixels 0 to 255, any number of them.
        advance: Called with the number of pictures done.
        threads: Number of pictures that are run at a time.

    Returns:
        Name of each activation to an array (pictures, 2) of smallest and largest values.

    Raises:
        ValueError: If there are no pictures.
    """
    graph = graph_of(parse(content))
    found = over_pictures(
        content, pictures, extremes_reader(graph), threads, every_tensor=True, advance=advance
    )
    if not found:
        raise ValueError("Argument `pictures` must hold at least one picture. Received: none")
    return extremes_by_name(graph, found)


def extremes_reader(graph: Graph) -> Callable[[Any], list[tuple[float, float]]]:
    """Returns what reads every activation's extremes off an interpreter that has run."""
    tensors = _activations(graph)
    return lambda interpreter: [_extremes(interpreter.tensor(each)()) for each in tensors]


def extremes_by_name(
    graph: Graph, found: Sequence[list[tuple[float, float]]]
) -> dict[str, np.ndarray]:
    """Returns what `activation_extremes` does, of what its reader read on each picture."""
    stacked = np.array(found, "float64")
    return {graph.names[each]: stacked[:, place] for place, each in enumerate(_activations(graph))}


def activation_ranges(
    extremes: dict[str, np.ndarray],
    content: bytes | None = None,
    estimate: str | float = PERCENTILE,
) -> dict[str, tuple[float, float]]:
    """Turns the extremes of single pictures into one range for each activation.

    Args:
        extremes: From `activation_extremes`.
        content: The float file; where given, its input's range is 0 to 255 whatever was seen.
        estimate: `"all"`: nothing that was seen is cut off. `"mean"`: the mean of the pictures'
            extremes, finer steps for most pictures against a cut for a few. A number from 50 to
            100: that percentile of the pictures' extremes.

    Returns:
        Name to (smallest, largest).
    """
    ranges = {}
    for name, values in extremes.items():
        low, high = values[:, 0], values[:, 1]
        if estimate == "all":
            pair = low.min(), high.max()
        elif estimate == "mean":
            pair = low.mean(), high.mean()
        else:
            pair = np.percentile(low, 100 - float(estimate)), np.percentile(high, float(estimate))
        ranges[name] = float(pair[0]), float(pair[1])
    if content is not None:
        graph = graph_of(parse(content))
        ranges[graph.names[graph.inputs[0]]] = PIXEL_RANGE
    return ranges


def _activations(graph: Graph) -> list[int]:
    computed = {*graph.inputs, *(each for op in graph.operations for each in op.outputs)}
    return sorted(each for each in computed if graph.types[each] == "FLOAT32")


def _extremes(values: np.ndarray) -> tuple[float, float]:
    return float(values.min()), float(values.max())
