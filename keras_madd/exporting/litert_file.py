"""Reading what is inside a LiteRT file."""

import os
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from keras_madd.support.errors import UserError

# Convolutions whose every weight is used once at each place of the result.
SLIDING = ("CONV_2D", "DEPTHWISE_CONV_2D")


@dataclass(frozen=True)
class Operation:
    """One operation of a LiteRT graph.

    Attributes:
        name: Of the builtin operation, such as `"CONV_2D"`; `"custom:NAME"` for others.
        inputs, outputs: Numbers of its tensors; an input left out is -1.
        activation: The activation function fused into it, such as `"RELU6"`, or `"NONE"`.
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    activation: str = "NONE"


@dataclass(frozen=True)
class Graph:
    """The graph of a LiteRT file; tensors are known by number.

    Attributes:
        operations: In the order of execution.
        inputs, outputs: Its tensors.
        names, types, shapes: Of the tensors; types such as `"FLOAT32"`.
        constants: The tensors whose content is in the file.
    """

    operations: tuple[Operation, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    names: tuple[str, ...]
    types: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    constants: frozenset[int]

    def producers(self) -> dict[int, int]:
        """Returns tensor -> index of the operation that computes it."""
        return {
            tensor: index
            for index, operation in enumerate(self.operations)
            for tensor in operation.outputs
        }

    def consumers(self) -> dict[int, list[int]]:
        """Returns tensor -> indices of the operations that read it."""
        found: dict[int, list[int]] = {}
        for index, operation in enumerate(self.operations):
            for tensor in operation.inputs:
                found.setdefault(tensor, []).append(index)
        return found


def parse(content: bytes, name: str | os.PathLike = "the file") -> Any:
    """Returns the content of a LiteRT file as the schema's `ModelT`.

    Raises:
        UserError: If it is not a LiteRT file; the message calls it `name`.
    """
    from ai_edge_litert import schema_py_generated as schema

    if not schema.Model.ModelBufferHasIdentifier(content, 0):
        raise UserError(f"{name} is not a LiteRT file.")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(content, 0))
    for buffer in model.buffers or ():
        # Large files keep their constants behind the table that describes them.
        if buffer.offset > 1:
            buffer.data = np.frombuffer(content, "uint8", buffer.size, buffer.offset)
            buffer.offset = buffer.size = 0
    return model


def pack(model: Any) -> bytes:
    """Returns the bytes of a LiteRT file from what `parse` returns, perhaps changed since.

    Arrays that are equal are stored once: the zero points of weights, one number of eight bytes
    for each channel, are a tenth of a small quantised file.
    """
    import flatbuffers

    class Builder(flatbuffers.Builder):
        def __init__(self):
            super().__init__(1024)
            self.stored: dict[tuple[str, bytes], int] = {}

        def CreateNumpyVector(self, x):  # noqa: N802
            key = x.dtype.str, x.tobytes()
            if key not in self.stored:
                self.stored[key] = super().CreateNumpyVector(x)
            return self.stored[key]

        def StartVector(self, elemSize, numElems, alignment):  # noqa: N802, N803
            # The schema asks for 16 bytes, which Python's generated code does not know of.
            return super().StartVector(elemSize, numElems, 16 if elemSize == 1 else alignment)

    builder = Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def read_graph(path: str | os.PathLike) -> Graph:
    """Reads the graph of a LiteRT file.

    Raises:
        UserError: If it is not a LiteRT file or holds more graphs than one.
    """
    return graph_of(parse(Path(path).read_bytes(), path), path)


def graph_of(model: Any, name: str | os.PathLike = "the file") -> Graph:
    """As `read_graph`, of what `parse` returned."""
    if len(model.subgraphs) != 1:
        raise UserError(f"{name} holds {len(model.subgraphs)} graphs; one was expected.")
    (graph,) = model.subgraphs
    tensors = graph.tensors
    types, activations = _names("TensorType"), _names("ActivationFunctionType")
    filled = [buffer.data is not None and len(buffer.data) > 0 for buffer in model.buffers]
    return Graph(
        operations=tuple(
            Operation(
                _name(model.operatorCodes[each.opcodeIndex]),
                tuple(map(int, _or_empty(each.inputs))),
                tuple(map(int, _or_empty(each.outputs))),
                activations[getattr(each.builtinOptions, "fusedActivationFunction", 0)],
            )
            for each in _or_empty(graph.operators)
        ),
        inputs=tuple(map(int, _or_empty(graph.inputs))),
        outputs=tuple(map(int, _or_empty(graph.outputs))),
        names=tuple(_text(each.name) for each in _or_empty(tensors)),
        types=tuple(types[each.type] for each in _or_empty(tensors)),
        shapes=tuple(tuple(map(int, _or_empty(each.shape))) for each in _or_empty(tensors)),
        constants=frozenset(
            index for index, each in enumerate(_or_empty(tensors)) if filled[each.buffer]
        ),
    )


def operator_counts(path: str | os.PathLike) -> Counter[str]:
    """Counts the operations of a LiteRT file by name; custom ones are named `custom:NAME`.

    Raises:
        UserError: If it is not a LiteRT file.
    """
    model = parse(Path(path).read_bytes(), path)
    return Counter(
        _name(model.operatorCodes[each.opcodeIndex])
        for graph in model.subgraphs
        for each in _or_empty(graph.operators)
    )


def check_builtin_only(path: str | os.PathLike) -> None:
    """Raises a UserError if a LiteRT file needs operations that a bare runtime lacks."""
    foreign = sorted(name for name in operator_counts(path) if name.startswith("custom:"))
    if foreign:
        raise UserError(
            "The exported file needs operations that are not built into LiteRT: "
            f"{', '.join(name.removeprefix('custom:') for name in foreign)}."
        )


def unfolded_scales(graph: Graph) -> list[str]:
    """Names results of multiplications and additions that a convolution before could have held.

    A per-channel constant that meets the result of a convolution which nothing else reads, and
    which has no activation of its own, belongs into its weights: a batch normalisation that the
    converter left standing.
    """
    producers, consumers = graph.producers(), graph.consumers()
    left = []
    for operation in graph.operations:
        if operation.name not in ("MUL", "ADD", "SUB"):
            continue
        if operation.name == "SUB" and operation.inputs[0] in graph.constants:
            continue  # A constant less the result: the network's own.
        data = [each for each in operation.inputs if each not in graph.constants]
        constants = [each for each in operation.inputs if each in graph.constants]
        if len(data) != 1 or len(constants) != 1 or len(consumers[data[0]]) != 1:
            continue
        source = producers.get(data[0])
        before = None if source is None else graph.operations[source]
        convolution = before and before.name in SLIDING and before.activation == "NONE"
        per_channel = np.prod(graph.shapes[constants[0]], dtype=int) in (
            1,
            graph.shapes[data[0]][-1],
        )
        if convolution and per_channel:
            left.append(graph.names[operation.outputs[0]])
    return left


def _or_empty(values):
    return () if values is None else values


def _text(name: bytes | str | None) -> str:
    return name.decode() if isinstance(name, bytes) else (name or "")


def _name(code) -> str:
    if code.customCode is not None:
        return f"custom:{_text(code.customCode)}"
    # Files from before 2020 keep the code in the older, narrower field.
    return _names("BuiltinOperator")[max(code.builtinCode, code.deprecatedBuiltinCode)]


@cache
def _names(kind: str) -> dict[int, str]:
    """The names of one of the schema's lists of numbers."""
    from ai_edge_litert import schema_py_generated as schema

    constants = vars(getattr(schema, kind)).items()
    return {number: name for name, number in constants if isinstance(number, int)}
