"""Storing and computing in 8 bits what bears it, and in float what does not.

The loss of plain 8-bit quantisation sits in the pooling and its normalisation and in the head, not
in the convolutions. So each operation is judged by its place in the graph, never by its name:

- a convolution runs in static 8 bits, and so does what lies on the way from one to another;
- the convolutions that end in the maps that are drawn, and all that no convolution follows, which
  is the pooling, stay float;
- so do spectra, in front of a logarithm or as a transform by fixed matrices: there small values
  weigh as much as large ones, and 8 bits have one step for all;
- the dense layers of the head stay float, and may store their weights in 8 bits, where these are
  many: LiteRT's GPU delegate does not run a dense layer whose weights are so stored.
"""

import contextlib
import io
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_madd.exporting.litert_file import Graph, Operation, graph_of, pack, parse
from keras_madd.inference.model_description import ATTENTION_MAPS, BLEND_MAPS
from keras_madd.support.errors import check_choice
from keras_madd.support.native_stderr import native_stderr_silenced

CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")
# What both LiteRT's quantiser and XNNPACK do in 8 bits, and networks put between convolutions.
_BETWEEN = frozenset(
    (
        "ADD",
        "AVERAGE_POOL_2D",
        "CONCATENATION",
        "FULLY_CONNECTED",
        "HARD_SWISH",
        "LOGISTIC",
        "MAX_POOL_2D",
        "MEAN",
        "MUL",
        "PAD",
        "RELU",
        "RESHAPE",
        "RESIZE_NEAREST_NEIGHBOR",
        "SUB",
        "SUM",
    )
)
HEADS = ("float", "weights", "dynamic", "static")
# Of a dense layer, from which on their bytes matter.
_MANY_WEIGHTS = 65536


@dataclass(frozen=True)
class Recipe:
    """Which parts of the network are quantised, and how.

    Attributes:
        everything: Whether every operation that can runs in static 8 bits, as an integer-only
            accelerator needs it; the other fields then mean nothing.
        convolutions: `"static"` 8 bits; or `"dynamic"`, inputs quantised as they come, which needs
            no calibration: depthwise ones then only store their weights in 8 bits, since XNNPACK
            knows no more.
        attention: Whether the convolutions that end in the maps that are drawn are static too.
        head: The dense layers: `"float"`; `"weights"`, stored in 8 bits and computed in float
            where there are 65,536 of them or more, float elsewhere; `"dynamic"`, multiplied in
            8 bits with inputs quantised as they come; or `"static"`.
        shallow: The convolutions before the first one that reads a map of an eighth of the
            input's side: `"static"`, or `"float"`. They hold few weights and the fine texture
            that a forgery shows in.
    """

    everything: bool = False
    convolutions: str = "static"
    attention: bool = False
    head: str = "weights"
    shallow: str = "static"

    def __post_init__(self):
        check_choice("head", self.head, HEADS)


RECIPES = {
    "dynamic": Recipe(convolutions="dynamic", head="dynamic"),
    "int8": Recipe(),
    "int8-full": Recipe(everything=True),
}
_WITHOUT_CALIBRATION = {"CONV_2D": "dynamic", "DEPTHWISE_CONV_2D": "weights"}


def plan(graph: Graph, recipe: Recipe, maps: int | None) -> list[str]:
    """Decides how each operation of a float graph runs.

    Args:
        graph: The graph.
        recipe: What to quantise.
        maps: The tensor of the maps that are drawn over faces, where there is one.

    Returns:
        One of `"static"`, `"dynamic"`, `"weights"` and `"float"` for each operation.
    """
    if recipe.everything:
        return ["static"] * len(graph.operations)
    kept = spectral(graph)
    if recipe.convolutions == "dynamic":
        known = _WITHOUT_CALIBRATION | {"FULLY_CONNECTED": recipe.head}
        return [
            "float" if index in kept else known.get(operation.name, "float")
            for index, operation in enumerate(graph.operations)
        ]
    followed = _followed_by_convolution(graph)
    if not recipe.attention:
        kept = kept | _ends_in(graph, maps)
    if recipe.shallow == "float":
        kept = kept | set(range(_first_deep(graph)))
    static_tensors = set(graph.inputs)
    modes = []
    for index, operation in enumerate(graph.operations):
        between = operation.name in _BETWEEN and followed[index]
        data = [each for each in operation.inputs if each not in graph.constants]
        if index in kept:
            mode = "float"
        elif operation.name in CONVOLUTIONS or (between and static_tensors.intersection(data)):
            mode = "static"
        elif operation.name == "FULLY_CONNECTED" and _has_constant_weights(graph, operation):
            mode = _head_mode(graph, operation, recipe)
        else:
            mode = "float"
        if mode == "static":
            static_tensors.update(operation.outputs)
        modes.append(mode)
    return modes


def spectral(graph: Graph) -> set[int]:
    """Returns the operations of spectra, where small values weigh as much as large ones.

    That is what goes into a logarithm that a convolution follows: the last convolution in front of
    it, what leads from there to it, and what that convolution reads. And a matrix product that
    reads another one with a fixed square matrix: the two are a transform of rows and of columns.
    (Resampling has no square ones.)
    """
    producers, followed, found = graph.producers(), _followed_by_convolution(graph), set()
    for index, operation in enumerate(graph.operations):
        before = producers.get(operation.inputs[0]) if operation.inputs else None
        if operation.name == "LOG" and followed[index]:
            found |= _up_to_the_second_convolution(graph, producers, operation.inputs[0])
        elif operation.name == "FULLY_CONNECTED" and before is not None:
            product = graph.operations[before]
            fixed = [graph.shapes[each] for each in graph.constants.intersection(product.inputs)]
            if product.name == "BATCH_MATMUL" and any(each[-2] == each[-1] for each in fixed):
                found |= {before, index}
    return found


def _up_to_the_second_convolution(
    graph: Graph, producers: Mapping[int, int], tensor: int
) -> set[int]:
    """Walks back from a tensor, through one convolution, to what that one reads."""
    found, waiting = set(), [(tensor, False)]
    while waiting:
        each, behind_one = waiting.pop()
        index = producers.get(each)
        if index is None:
            continue
        is_convolution = graph.operations[index].name in CONVOLUTIONS
        if is_convolution and behind_one:
            continue
        found.add(index)
        waiting += [(each, behind_one or is_convolution) for each in graph.operations[index].inputs]
    return found


def maps_tensor(model: Any) -> int | None:
    """Returns the number of the tensor that the signature calls attention or blend maps, if any."""
    for signature in model.signatureDefs or ():
        for output in signature.outputs:
            if output.name.decode() in (ATTENTION_MAPS, BLEND_MAPS):
                return int(output.tensorIndex)
    return None


def quantize_content(
    content: bytes,
    recipe: Recipe,
    ranges: Mapping[str, tuple[float, float]],
    input_type: str = "float32",
) -> bytes:
    """Quantises a float LiteRT file by a recipe.

    Args:
        content: The float file.
        recipe: What to quantise.
        ranges: Name of each activation to its smallest and largest value; see `activation_ranges`.
        input_type: `"uint8"` lets the pixels in as they are, from 0 to 255 exactly; where nothing
            is calibrated, `content` takes them already.

    Returns:
        The quantised file, its signature as before.
    """
    with native_stderr_silenced():
        from ai_edge_quantizer import qtyping, quantizer, recipe_manager
        from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    model = parse(content)
    graph = graph_of(model)
    manager = recipe_manager.RecipeManager()
    known = tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME
    (subgraph,) = model.subgraphs
    modes = plan(graph, recipe, maps_tensor(model))
    for operator, mode in zip(subgraph.operators, modes, strict=True):
        name = known.get(model.operatorCodes[operator.opcodeIndex].builtinCode)
        if mode == "float" or name is None:
            continue
        # The quantiser finds operations by expressions over the names of their results, which are
        # unique in a graph; so each operation gets one of its own.
        scope = tfl_flatbuffer_utils.get_op_scope(operator, subgraph.tensors)
        pattern = f"^{re.escape(scope)}$"
        # What the quantiser has no 8-bit form of stays float.
        with contextlib.suppress(ValueError):
            if mode == "static":
                manager.add_static_config(pattern, name, 8, 8)
            elif mode == "dynamic":
                manager.add_dynamic_config(pattern, name, 8)
            else:
                manager.add_weight_only_config(pattern, name, 8)
    if input_type == "uint8" and ranges:
        manager.add_quantization_config(
            f"^{re.escape(graph.names[graph.inputs[0]])};?$",
            qtyping.TFLOperationName.INPUT,
            _uint8_activation(qtyping),
        )
    statistics = {
        name: {"min": np.array([[low]], "float32"), "max": np.array([[high]], "float32")}
        for name, (low, high) in ranges.items()
    }
    # It draws progress bars of a fraction of a second, whatever it is told.
    with native_stderr_silenced(), contextlib.redirect_stderr(io.StringIO()):
        run = quantizer.Quantizer(bytearray(content))
        run.load_quantization_recipe(manager.get_quantization_recipe())
        result = run.quantize(
            statistics or None, enable_progress_bar=False, enable_progress_report=False
        )
    quantized = parse(bytes(result.quantized_model))
    _point_signature(model, quantized)
    return pack(quantized)


def _uint8_activation(qtyping):
    return qtyping.OpQuantizationConfig(
        activation_tensor_config=qtyping.TensorQuantizationConfig(
            num_bits=8, symmetric=False, dtype=qtyping.TensorDataType.UINT
        ),
        weight_tensor_config=qtyping.TensorQuantizationConfig(num_bits=8, symmetric=True),
        compute_precision=qtyping.ComputePrecision.INTEGER,
        explicit_dequantize=False,
    )


def _followed_by_convolution(graph: Graph) -> list[bool]:
    consumers = graph.consumers()
    followed = [False] * len(graph.operations)
    for index in reversed(range(len(followed))):
        followed[index] = any(
            followed[reader] or graph.operations[reader].name in CONVOLUTIONS
            for tensor in graph.operations[index].outputs
            for reader in consumers.get(tensor, ())
        )
    return followed


def _ends_in(graph: Graph, tensor: int | None) -> set[int]:
    """Returns the convolutions or dense layers from which a tensor is reached without another."""
    producers, found, waiting = graph.producers(), set(), [] if tensor is None else [tensor]
    while waiting:
        index = producers.get(waiting.pop())
        if index is None:
            continue
        if graph.operations[index].name in (*CONVOLUTIONS, "FULLY_CONNECTED"):
            found.add(index)
        else:
            waiting.extend(graph.operations[index].inputs)
    return found


def _first_deep(graph: Graph) -> int:
    """Returns the place of the first convolution that reads a map of an eighth of the input."""
    side = graph.shapes[graph.inputs[0]][1]
    for index, operation in enumerate(graph.operations):
        data = [each for each in operation.inputs if each not in graph.constants]
        is_convolution = operation.name in CONVOLUTIONS
        if is_convolution and data and graph.shapes[data[0]][1] <= -(-side // 8):
            return index
    return 0


def _has_constant_weights(graph: Graph, operation: Operation) -> bool:
    return operation.inputs[1] in graph.constants


def _head_mode(graph: Graph, operation: Operation, recipe: Recipe) -> str:
    few = math.prod(graph.shapes[operation.inputs[1]]) < _MANY_WEIGHTS
    return "float" if few and recipe.head == "weights" else recipe.head


def _point_signature(before, after) -> None:
    """Points the signature at the tensors that the quantiser put in the place of the old ones.

    It renews the graph's inputs and outputs and sometimes leaves the signature as it was.
    """
    (old,), (new,) = before.subgraphs, after.subgraphs
    for ends in ("inputs", "outputs"):
        moved = dict(zip(map(int, getattr(old, ends)), map(int, getattr(new, ends)), strict=True))
        for was, each in zip(
            getattr(before.signatureDefs[0], ends),
            getattr(after.signatureDefs[0], ends),
            strict=True,
        ):
            each.tensorIndex = moved[int(was.tensorIndex)]
