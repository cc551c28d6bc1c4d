"""Making the channels of an activation alike before they share one 8-bit range.

A tensor in 8 bits has one step for all channels, so a channel that stays small has few levels left.
Between two convolutions a channel may be divided by any number, if the weights that read it are
multiplied with that number: every channel then fills the range (cross-layer equalisation). A
ReLU6 on the way then clips a channel at the 99th percentile of its largest values in the single
pictures. The float result stays the same but for that.

Reference:
    Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction,
    ICCV 2019, arXiv 1906.04721, section 4.1.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras_madd.exporting.interpreter import over_pictures
from keras_madd.exporting.litert_file import SLIDING, Graph, graph_of, pack, parse

# A channel that is next to silent is not blown up without end.
_LEAST_FACTOR = 1 / 32
# On more pictures the channels need not be measured.
PICTURES = 64


def equalized(content: bytes, pictures: Sequence[np.ndarray]) -> bytes:
    """Returns a float LiteRT file that computes the same with channels of like ranges.

    Args:
        content: A float file of one graph.
        pictures: (H, W, 3) RGB pixels 0 to 255 on which the channels are measured; the first 64
            are.
    """
    read = channel_reader(graph_of(parse(content)))
    return equalized_by(
        content, over_pictures(content, pictures[:PICTURES], read, every_tensor=True)
    )


def channel_reader(graph: Graph) -> Callable[[Any], list[np.ndarray]]:
    """Returns what reads the channels' largest magnitudes off an interpreter that has run."""
    tensors = _equalizable(graph)
    return lambda interpreter: [_largest(interpreter.tensor(each)()) for each in tensors]


def equalized_by(content: bytes, found: Sequence[list[np.ndarray]]) -> bytes:
    """Returns what `equalized` does, of what `channel_reader` read on each picture."""
    model = parse(content)
    graph = graph_of(model)
    weights = _Weights(model)
    _centre_pixels(graph, weights)
    producers, consumers = graph.producers(), graph.consumers()
    for place, tensor in enumerate(_equalizable(graph)):
        channels = np.percentile([each[place] for each in found], 99, axis=0)
        top = channels.max()
        if top <= 0:
            continue
        factor = np.clip(channels / top, _LEAST_FACTOR, 1.0)
        producer = graph.operations[producers[tensor]]
        if producer.activation not in ("NONE", "RELU", "RELU6"):
            continue
        if producer.activation == "RELU6":
            # Full range is where the clip is.
            factor = np.clip(channels / 6.0, _LEAST_FACTOR, 1.0)
        weights.scale_outputs(producer, 1 / factor)
        for index in consumers[tensor]:
            weights.scale_inputs(graph.operations[index], factor)
    weights.store()
    return pack(model)


class _Weights:
    """The constants of a model, changed in memory and put back at the end."""

    def __init__(self, model):
        self._model = model
        self._changed: dict[int, np.ndarray] = {}

    def of(self, tensor: int) -> np.ndarray:
        """Returns the float32 array of a constant; changes to it are stored."""
        if tensor not in self._changed:
            entry = self._model.subgraphs[0].tensors[tensor]
            data = np.asarray(self._model.buffers[entry.buffer].data, "uint8")
            self._changed[tensor] = data.view("float32").reshape(entry.shape).copy()
        return self._changed[tensor]

    def scale_outputs(self, operation, factor: np.ndarray) -> None:
        """Multiplies each output channel of a convolution."""
        kernel = self.of(operation.inputs[1])
        if operation.name == "CONV_2D":
            kernel *= factor[:, None, None, None].astype("float32")
        else:
            kernel *= factor.astype("float32")
        self.of(operation.inputs[2])[:] *= factor.astype("float32")

    def scale_inputs(self, operation, factor: np.ndarray) -> None:
        """Multiplies the weights by which a convolution reads each channel."""
        self.of(operation.inputs[1])[:] *= factor.astype("float32")

    def store(self) -> None:
        """Writes the changed constants into buffers of their own."""
        from ai_edge_litert import schema_py_generated as schema

        for tensor, values in self._changed.items():
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(values.tobytes(), "uint8")
            self._model.buffers.append(buffer)
            self._model.subgraphs[0].tensors[tensor].buffer = len(self._model.buffers) - 1
        used = {each.buffer for each in self._model.subgraphs[0].tensors}
        used |= {each.buffer for each in self._model.metadata or ()}
        for index, buffer in enumerate(self._model.buffers):
            if index not in used:
                buffer.data = None


def _centre_pixels(graph: Graph, weights: _Weights) -> None:
    """Lets the pixel scaling end on the 8-bit grid, the rest in the first convolution's bias.

    Scaling to -1..1 puts zero between two grey values, and 8 bits must hold zero exactly: every
    pixel would be off by half a level, all to the same side.
    """
    consumers = graph.consumers()
    readers = consumers.get(graph.inputs[0], [])
    if len(readers) != 1:
        return
    scaling = graph.operations[readers[0]]
    after = consumers.get(scaling.outputs[0], [])
    if scaling.name != "DEPTHWISE_CONV_2D" or len(after) != 1:
        return
    first = graph.operations[after[0]]
    kernel, offset = weights.of(scaling.inputs[1]), weights.of(scaling.inputs[2])
    if first.name != "CONV_2D" or kernel.size != 3 or np.ptp(kernel) or np.ptp(offset):
        return
    scale = float(kernel.flat[0])
    moved = -round(-float(offset[0]) / scale) * scale
    weights.of(first.inputs[2])[:] += (offset[0] - moved) * weights.of(first.inputs[1]).sum(
        axis=(1, 2, 3)
    )
    offset[:] = moved


def _equalizable(graph: Graph) -> list[int]:
    """Returns what one convolution writes and only convolutions read, in the order of execution."""
    consumers, found = graph.consumers(), []
    kernels = [each.inputs[1] for each in graph.operations if each.name in SLIDING]
    for operation in graph.operations:
        if operation.name not in SLIDING or len(operation.inputs) < 3:
            continue
        (tensor,) = operation.outputs
        readers = [graph.operations[each] for each in consumers.get(tensor, [])]
        scaling = operation.inputs[0] in graph.inputs
        shared = kernels.count(operation.inputs[1]) > 1
        if not readers or scaling or shared or tensor in graph.outputs:
            continue
        if all(
            each.name in SLIDING
            and each.inputs[0] == tensor
            and kernels.count(each.inputs[1]) == 1
            and _reads_by_channel(graph, each)
            for each in readers
        ):
            found.append(tensor)
    return found


def _reads_by_channel(graph: Graph, operation) -> bool:
    """Whether the last axis of a convolution's weights is its input's channels."""
    channels = graph.shapes[operation.inputs[0]][-1]
    return graph.shapes[operation.inputs[1]][-1] == channels


def _largest(values: np.ndarray) -> np.ndarray:
    axes = tuple(range(values.ndim - 1))
    return np.maximum(values.max(axis=axes), -values.min(axis=axes))
