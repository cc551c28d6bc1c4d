"""The released code's EfficientNet against its recorded feature maps."""

import keras
import numpy as np
import pytest
import reference_rule

from keras_madd.backbones import official_efficientnet
from keras_madd.published_weights.names import backbone_slots

CASES = {
    "b0_128_m4": ("efficientnet-b0", 128),
    "b4_380_m4": ("efficientnet-b4", 380),
}
STAGES = ("b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "final")


def build_by_rule(name, size, prefix, backbone_gain):
    model = official_efficientnet.build(name, (size, size, 3))
    for torch_name, slot in backbone_slots(model, prefix).items():
        value = reference_rule.weight(torch_name, slot.torch_shape, backbone_gain=backbone_gain)
        slot.variable.assign(value.transpose(slot.axes))
    return model


@pytest.mark.parametrize("case", ["b0_128_m4", pytest.param("b4_380_m4", marks=pytest.mark.slow)])
def test_every_stage_equals_the_reference(case):
    torch_name, size = CASES[case]
    name = f"official_efficientnet_{torch_name[-2:]}"
    gain = reference_rule.BACKBONE_GAINS[torch_name]
    model = build_by_rule(name, size, "net.", gain)
    outputs = model(reference_rule.pixels(size))
    for stage in STAGES:
        value = reference_rule.channels_first(keras.ops.convert_to_numpy(outputs[stage]))
        error, noise = reference_rule.error(case, f"layer_{stage}", value)
        print(case, stage, error, noise, error / noise)
        assert error <= 6 * noise, stage
