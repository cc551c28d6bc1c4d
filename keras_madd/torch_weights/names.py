"""From the names of PyTorch tensors to Keras variables, by rule.

A `Slot` says which variable a tensor fills and how its axes are ordered. The rules go from the
Keras layers of a model to the PyTorch names, so that the set of slots is the set of tensors that
a checkpoint must have.
"""

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping

import keras

# PyTorch orders a convolution kernel (out, in, height, width), Keras (height, width, in, out).
CONV_AXES = (2, 3, 1, 0)
DEPTHWISE_AXES = (2, 3, 0, 1)
DENSE_AXES = (1, 0)
VECTOR_AXES = (0,)
COUNTER = "num_batches_tracked"

_VECTOR_LEAVES = {
    "bias": "bias",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


@dataclasses.dataclass(frozen=True)
class Slot:
    """Where one tensor goes.

    Attributes:
        variable: The Keras variable to fill.
        axes: For each axis of the variable, the tensor's axis.
    """

    variable: keras.Variable
    axes: tuple[int, ...]

    @property
    def torch_shape(self) -> tuple[int, ...]:
        """Shape that the tensor must have."""
        shape = [0] * len(self.axes)
        for size, axis in zip(self.variable.shape, self.axes, strict=True):
            shape[axis] = size
        return tuple(shape)


def layer_slots(layer: keras.Layer, module: str) -> dict[str, Slot]:
    """Slots of the weights of one plain Keras layer.

    Args:
        layer: Convolution, depthwise or separable convolution, dense or batch normalisation.
        module: Name of the PyTorch module that corresponds to it.
    """
    slots = {}
    for variable in layer.weights:
        leaf, axes = _leaf(layer, variable)
        slots[f"{module}.{leaf}"] = Slot(variable, axes)
    return slots


def block_slots(layer: keras.Layer, modules: Mapping[str, str]) -> dict[str, Slot]:
    """Slots of a composite layer.

    Args:
        layer: A layer whose weights lie in plain layers of its own.
        modules: PyTorch module by the name of the plain layer.
    """
    slots = {}
    for variable in layer.weights:
        name = variable.path.split("/")[-2]
        leaf, axes = _leaf(layer, variable)
        slots[f"{modules[name]}.{leaf}"] = Slot(variable, axes)
    return slots


def same_names(prefix: str, names: Iterable[str]) -> dict[str, str]:
    """Modules of a block whose plain layers are named as in PyTorch, for `block_slots`."""
    return {name: f"{prefix}.{name}" for name in names}


def backbone_slots(backbone: keras.Model, prefix: str = "") -> dict[str, Slot]:
    """Slots of a backbone of `official_efficientnet` or `official_xception`.

    Args:
        backbone: The functional model.
        prefix: What comes before the backbone's own names, as `"net."`.
    """
    weighted = [layer for layer in backbone.layers if layer.weights]
    module = _module_rule(weighted)
    slots: dict[str, Slot] = {}
    for layer in weighted:
        slots |= layer_slots(layer, prefix + module(layer.name))
    return slots


def counters(slots: dict[str, Slot]) -> set[str]:
    """Names of the step counters that PyTorch keeps beside batch statistics."""
    suffix = ".running_mean"
    return {name[: -len(suffix)] + f".{COUNTER}" for name in slots if name.endswith(suffix)}


def _leaf(layer, variable):
    if variable.name in _VECTOR_LEAVES:
        return _VECTOR_LEAVES[variable.name], VECTOR_AXES
    if variable.name == "depthwise_kernel":
        return "conv1.weight", DEPTHWISE_AXES
    if variable.name == "pointwise_kernel":
        return "pointwise.weight", CONV_AXES
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        return "weight", DEPTHWISE_AXES
    return "weight", DENSE_AXES if len(variable.shape) == 2 else CONV_AXES


def _module_rule(weighted) -> Callable[[str], str]:
    if any(layer.name == "stem_conv" for layer in weighted):
        blocks = [
            match[0] for layer in weighted if (match := re.match(r"block\d[a-z]", layer.name))
        ]
        order = {name: index for index, name in enumerate(dict.fromkeys(blocks))}
        return lambda name: _efficientnet_module(name, order)
    return _xception_module


def _efficientnet_module(name: str, order: dict[str, int]) -> str:
    """`block2a_expand_conv` -> `_blocks.1._expand_conv`."""
    ends = {
        "stem_conv": "_conv_stem",
        "stem_bn": "_bn0",
        "top_conv": "_conv_head",
        "top_bn": "_bn1",
    }
    if name in ends:
        return ends[name]
    block, part = name.split("_", 1)
    parts = {
        "expand_bn": "_bn0",
        "dwconv": "_depthwise_conv",
        "bn": "_bn1",
        "project_bn": "_bn2",
    }
    return f"_blocks.{order[block]}.{parts.get(part, '_' + part)}"


def _xception_module(name: str) -> str:
    """`block2_sepconv1` -> `block1.rep.0`; `residual_bn_3` -> `block12.skipbn`.

    PyTorch counts the stem apart and numbers the steps of a block with its ReLUs: the first
    block has none in front.
    """
    if match := re.fullmatch(r"residual_(conv|bn)_(\d)", name):
        block = (1, 2, 3, 12)[int(match[2])]
        return f"block{block}.skip" + ("bn" if match[1] == "bn" else "")
    if match := re.fullmatch(r"block1_conv(\d)(_bn)?", name):
        return f"bn{match[1]}" if match[2] else f"conv{match[1]}"
    match = re.fullmatch(r"block(\d+)_sepconv(\d)(_bn)?", name)
    assert match is not None, f"{name} is no layer of Xception"
    block, number, is_norm = int(match[1]), int(match[2]), match[3]
    if block == 14:
        return f"bn{number + 2}" if is_norm else f"conv{number + 2}"
    step = 3 * (number - 1) + (0 if block == 2 else 1) + (1 if is_norm else 0)
    return f"block{block - 1}.rep.{step}"
