import json
from pathlib import Path

import pytest

from keras_madd.support.errors import UserError
from keras_madd.support.shipped import DEFAULT, shipped_folder
from keras_madd.training.settings import TrainSettings


def test_round_trip_through_json(tmp_path):
    settings = TrainSettings(
        output=tmp_path, data=tmp_path / "shards", fields={"inner_margins": (0.2, -0.8)}, ema=0.9
    )
    assert settings.data == (str(tmp_path / "shards"),)
    assert TrainSettings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings


def test_paths_do_not_depend_on_where_a_run_goes_on():
    settings = TrainSettings(output="run", data=["a", "b"], init="model.keras")
    here = Path.cwd()
    assert settings.data == (str(here / "a"), str(here / "b"))
    assert (settings.output, settings.init) == (str(here / "run"), str(here / "model.keras"))


def test_a_trained_detector_of_the_package_is_called_by_its_name():
    settings = TrainSettings(output="run", data="a", init=DEFAULT)
    assert settings.init == str(shipped_folder(DEFAULT))
    assert TrainSettings.from_dict(settings.to_dict()) == settings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "`epochs` must be 1 or more. Received: epochs=0"),
        ({"batch_size": -1}, "`batch_size` must be 1 or more"),
        ({"learning_rate": 0.0}, "`learning_rate` must be above 0"),
        ({"ema": 1.0}, "`ema` must be from 0 to below 1"),
        (
            {"fields": {"blend_mask_weight": 1}},
            "`blend_mask_weight` must be 0 without self-blending",
        ),
        ({"self_blend": 1.5}, "`self_blend` must be from 0 to 1"),
        ({"schedule": "flat"}, "`schedule` must be one of cosine, step, linear"),
        ({"optimizer": "lion"}, "`optimizer` must be one of"),
        ({"warmup_epochs": 5, "epochs": 5}, "`warmup_epochs` must be less than the 5 epochs"),
        ({"patience": 0}, "`patience` must be 1 or more"),
        ({"data": ("a",), "faces": "b"}, "`data` and `faces` cannot be used together"),
        ({"init": "a", "stage1_epochs": 1}, "`init` and `stage1_epochs` cannot"),
        ({"init": "a", "backbone_weights": "b"}, "`init` and `backbone_weights` cannot"),
    ],
)
def test_what_cannot_work_is_refused(values, message):
    with pytest.raises(UserError, match=message):
        TrainSettings(output="run", **values)


def test_unknown_settings_are_named():
    with pytest.raises(UserError, match="Unknown training settings: lr"):
        TrainSettings.from_dict({"output": "run", "lr": 1})


def test_one_folder_is_no_list_of_letters():
    settings = TrainSettings.from_dict({"output": "run", "data": "/shards"})
    assert settings.data == ("/shards",)
