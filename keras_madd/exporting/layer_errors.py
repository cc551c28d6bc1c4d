"""Where in the network a quantised file departs from the float one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_madd.exporting.interpreter import open_interpreter, run_picture
from keras_madd.exporting.litert_file import graph_of, parse

_MEASURED = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED", "BATCH_MATMUL")


@dataclass(frozen=True)
class LayerError:
    """How far a layer's result is off.

    Attributes:
        layer: Place in the network, without the names of the graphs around it.
        operation: Such as `"CONV_2D"`.
        relative_error: Root mean square of the difference over that of the float result.
    """

    layer: str
    operation: str
    relative_error: float


def layer_errors(
    reference: bytes, quantized: bytes, pictures: Sequence[np.ndarray]
) -> list[LayerError]:
    """Compares the results of convolutions and matrix products that two files share by name.

    Args:
        reference: The float LiteRT file.
        quantized: One that was quantised from it.
        pictures: (H, W, 3) RGB pixels 0 to 255.

    Returns:
        One entry for each operation, in the order of execution.
    """
    graphs = [graph_of(parse(content)) for content in (reference, quantized)]
    places = {name: index for index, name in enumerate(graphs[1].names)}
    shared = [
        (operation.name, operation.outputs[0], places[graphs[0].names[operation.outputs[0]]])
        for operation in graphs[0].operations
        if operation.name in _MEASURED and graphs[0].names[operation.outputs[0]] in places
    ]
    runs = [open_interpreter(content, every_tensor=True) for content in (reference, quantized)]
    difference, power = np.zeros(len(shared)), np.zeros(len(shared))
    for picture in pictures:
        for interpreter in runs:
            run_picture(interpreter, picture)
        scales = _scales(runs[1])
        for place, (_, old, new) in enumerate(shared):
            expected = runs[0].get_tensor(old).astype("float64")
            scale, zero = scales[new]
            found = (runs[1].get_tensor(new).astype("float64") - zero) * scale
            difference[place] += np.sum((found - expected) ** 2)
            power[place] += np.sum(expected**2)
    relative = np.sqrt(difference / np.maximum(power, np.finfo(float).tiny))
    return [
        LayerError(_short(graphs[0].names[tensor]), name, float(error))
        for (name, tensor, _), error in zip(shared, relative, strict=True)
    ]


def _scales(interpreter) -> dict[int, tuple[float, float]]:
    """Returns of every tensor what turns its numbers into real ones."""
    found = {}
    for each in interpreter.get_tensor_details():
        scale, zero = each["quantization"]
        found[each["index"]] = (scale, zero) if scale else (1.0, 0.0)
    return found


def _short(name: str) -> str:
    """`score_1/network_1/backbone_1/functional_1/block/conv;...` -> `backbone_1/block/conv`."""
    first = name.split(";")[0]
    kept = [
        part
        for part in first.split("/")
        if not part.startswith(("score", "network", "functional", "StatefulPartitionedCall"))
    ]
    # The converter names what leaves the graph after the call that it traced.
    return "/".join(kept) or "an output of the graph"
