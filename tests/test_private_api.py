"""What is used of other libraries without their promise: each use has a test that names it.

A release that takes one of these away fails here first, by name; the upper bounds in
pyproject.toml keep it from users until it is looked at.
"""

import importlib
import importlib.metadata
import inspect
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
# Library; where the name is; the name; how it is called; the file that does.
USES = (
    ("keras", "keras:Model", "_compile_loss", ("y", "y_pred", "sample_weight"), "two_pass"),
    ("keras", "keras:Model", "_aggregate_additional_loss", ("loss",), "two_pass own"),
    (
        "keras",
        "keras:Model",
        "_flatten_layers",
        (),
        "two_pass_t two_passes network transfer frozen precision",
    ),
    ("ai-edge-litert", "ai_edge_litert.interpreter:Interpreter", "_get_ops_details", (), "deleg"),
    ("jax", "jax._src.distributed:State", "client", None, "devices"),
    (
        "ai-edge-quantizer",
        "ai_edge_quantizer.utils.tfl_flatbuffer_utils",
        "get_op_scope",
        ("op", "subgraph_tensors"),
        "quantization",
    ),
    (
        "ai-edge-quantizer",
        "ai_edge_quantizer.utils.tfl_flatbuffer_utils",
        "TFL_OP_CODE_TO_NAME",
        None,
        "quantization",
    ),
)


# `compile` makes the first one; the last test calls it.
@pytest.mark.parametrize(("library", "place", "name", "arguments", "_files"), USES[1:])
def test_it_is_there_and_is_called_so(library, place, name, arguments, _files):
    module, _, owner = place.partition(":")
    holder = importlib.import_module(module)
    holder = getattr(holder, owner) if owner else holder
    version = importlib.metadata.version(library)
    assert hasattr(holder, name), f"{library} {version} has no {place}.{name} any more"
    if arguments is not None:
        parameters = inspect.signature(getattr(holder, name)).parameters
        taken = [each for each in parameters if each != "self"]
        found = f"{library} {version}: {name}({', '.join(taken)})"
        assert tuple(taken[: len(arguments)]) == arguments, found
        for each in taken[len(arguments) :]:
            assert parameters[each].default is not inspect.Parameter.empty, found


@pytest.mark.parametrize("library", sorted({use[0] for use in USES}))
def test_its_library_has_an_upper_bound(library):
    found = [each for extra in EXTRAS.values() for each in extra if re.match(rf"{library}\b", each)]
    bounded = [each for each in found if "<" in each]
    assert bounded, f"{library} is used beyond its promises and needs an upper bound: {found}"


@pytest.mark.parametrize(("_library", "_place", "name", "_arguments", "files"), USES)
def test_it_is_used_where_the_table_says(_library, _place, name, _arguments, files):
    using = [
        path.stem
        for path in (ROOT / "keras_madd").rglob("*.py")
        if re.search(rf"\.{name}\b", path.read_text())
    ]
    wanted = files.split()
    assert len(using) == len(wanted)
    assert all(any(stem.startswith(each) for each in wanted) for stem in using)


def test_keras_divides_a_loss_by_the_replicas_and_finds_layers_within_layers():
    import keras

    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="inside")])
    model = keras.Sequential([keras.Input((3,)), inner])
    names = [layer.name for layer in model._flatten_layers()]
    assert "inside" in names, f"keras {keras.__version__}: _flatten_layers gives {names}"
    model.compile(loss="mse", optimizer="sgd")
    shares = (float(model._aggregate_additional_loss(keras.ops.ones(()))), 1.0)
    assert shares[0] == shares[1], f"keras {keras.__version__}: one replica has all of a loss"
    y, found = np.zeros((4, 2), "float32"), np.full((4, 2), 2.0, "float32")
    loss = float(model._compile_loss(keras.ops.array(y), keras.ops.array(found), None))
    assert loss == pytest.approx(4.0), f"keras {keras.__version__}: _compile_loss gives {loss}"
