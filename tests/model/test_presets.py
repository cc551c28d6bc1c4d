import inspect
import json

import pytest

from keras_madd import MADDConfig
from keras_madd.backbones import NAMES
from keras_madd.model.presets import PRESETS, preset_config


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_configuration(name):
    config = MADDConfig.from_dict(preset_config(name))
    assert MADDConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.backbone in NAMES
    assert set(preset_config(name)) <= set(inspect.signature(MADDConfig).parameters)


def test_a_presets_fields_are_the_callers_own():
    preset_config("madd_tiny")["input_size"] = [8, 8]
    assert preset_config("madd_tiny")["input_size"] == [64, 64]


def test_an_unknown_preset_lists_the_known():
    with pytest.raises(ValueError, match=r"Known are: madd_efficientnet_b4_paper.*'madd_b9'"):
        preset_config("madd_b9")
