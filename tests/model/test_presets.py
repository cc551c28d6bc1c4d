import inspect
import json

import pytest

from keras_madd import MADD, MADDConfig
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


def test_a_folder_of_results_that_is_called_as_a_preset_is_does_not_hide_it(tmp_path, monkeypatch):
    (tmp_path / "madd_tiny").mkdir()
    monkeypatch.chdir(tmp_path)
    assert MADD.from_preset("madd_tiny").config.backbone == "tiny"
    trained = MADD.from_preset("madd_tiny", num_classes=3, input_size=32)
    (tmp_path / "madd_tiny").rmdir()
    trained.save_to_preset(tmp_path / "madd_tiny")
    assert MADD.from_preset("madd_tiny").config.num_classes == 3


def test_an_unknown_preset_lists_the_known():
    with pytest.raises(ValueError, match=r"Known are: madd_efficientnet_b4_paper.*'madd_b9'"):
        preset_config("madd_b9")
