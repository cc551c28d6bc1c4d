"""The naming rule gives exactly the names and shapes of whole checkpoints."""

import json

import keras
import numpy as np
import pytest
import reference_rule

from keras_madd.backbones import official_efficientnet, official_xception
from keras_madd.torch_weights import names


def expected_backbone(case, classifier):
    entries = json.loads((reference_rule.DIRECTORY / f"{case}.state_dict.json").read_text())
    return {
        name: tuple(shape)
        for name, shape, _ in entries
        if name.startswith("net.") and not name.startswith(f"net.{classifier}.")
    }


@pytest.mark.parametrize(
    ("case", "build", "name", "classifier"),
    [
        ("b0_128_m4", official_efficientnet.build, "official_efficientnet_b0", "_fc"),
        ("b4_380_m4", official_efficientnet.build, "official_efficientnet_b4", "_fc"),
        ("xception_299_m4", official_xception.build, "official_xception", "last_linear"),
    ],
)
def test_backbone_names_and_shapes(case, build, name, classifier):
    slots = names.backbone_slots(build(name, (64, 64, 3)), "net.")
    found = {name: slot.torch_shape for name, slot in slots.items()}
    found |= dict.fromkeys(names.counters(slots), ())
    assert found == expected_backbone(case, classifier)


def test_each_variable_is_filled_by_one_name():
    model = official_xception.build("official_xception", (64, 64, 3))
    slots = names.backbone_slots(model)
    variables = [id(slot.variable) for slot in slots.values()]
    assert sorted(variables) == sorted(id(variable) for variable in model.weights)


@pytest.mark.parametrize(
    ("layer", "shape", "torch_shape"),
    [
        (keras.layers.Conv2D(5, (3, 2), use_bias=False), (None, 8, 8, 4), (5, 4, 3, 2)),
        (keras.layers.DepthwiseConv2D((3, 2), use_bias=False), (None, 8, 8, 4), (4, 1, 3, 2)),
        (keras.layers.Dense(5, use_bias=False), (None, 4), (5, 4)),
    ],
)
def test_layouts(layer, shape, torch_shape):
    layer.build(shape)
    slot = names.layer_slots(layer, "module")["module.weight"]
    assert slot.torch_shape == torch_shape
    tensor = np.arange(np.prod(torch_shape), dtype="float32").reshape(torch_shape)
    slot.variable.assign(tensor.transpose(slot.axes))
    x = np.random.default_rng(0).normal(size=(1, *shape[1:])).astype("float32")
    result = keras.ops.convert_to_numpy(layer(x))
    if len(shape) == 2:
        np.testing.assert_allclose(result, x @ tensor.T, rtol=1e-5)
        return
    window = x[0, 2:5, 3:5]
    if isinstance(layer, keras.layers.DepthwiseConv2D):
        expected = np.einsum("hwc,cohw->c", window, tensor)
    else:
        expected = np.einsum("hwc,ochw->o", window, tensor)
    np.testing.assert_allclose(result[0, 2, 3], expected, rtol=1e-4)
