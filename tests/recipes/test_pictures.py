"""The scripts that draw the documentation's pictures."""

import importlib.util
from pathlib import Path

import cv2
import pytest
from exported_model import exported

from keras_madd.inference import Detector

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.fixture(params=["scored_portrait", "contact_sheet"])
def script(request, tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location(request.param, RECIPES / f"{request.param}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if request.param == "scored_portrait":
        model = exported(tmp_path)
        monkeypatch.setattr(module, "Detector", lambda: Detector(model))
    return module


def test_a_picture_is_written_or_the_script_fails(script, tmp_path, capsys):
    assert script.main([str(tmp_path / "picture.jpg")]) == 0
    assert cv2.imread(str(tmp_path / "picture.jpg")).shape[1] > 500
    assert script.main([str(tmp_path / "missing" / "picture.jpg")]) == 2
    assert "error: " in capsys.readouterr().err
    for mistake in ([], ["--help"]):
        with pytest.raises(SystemExit):
            script.main(mistake)
    assert "usage:" in capsys.readouterr().out
