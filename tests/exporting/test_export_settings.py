from pathlib import Path

import pytest

from keras_madd.exporting.export_settings import ExportSettings
from keras_madd.support.errors import UserError


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"quantize": "int8"}, "int8 needs --calibration"),
        ({"quantize": "int8-full", "verify": "faces"}, "int8-full needs --calibration"),
        ({"max_auc_drop": 0.1}, "--max-auc-drop needs --verify"),
    ],
)
def test_what_does_not_fit_together_is_refused(fields, message):
    with pytest.raises(UserError, match=message):
        ExportSettings("model.keras", Path("model.tflite"), **fields)


@pytest.mark.parametrize(("name", "litert"), [("model.tflite", True), ("model.onnx", False)])
def test_the_ending_tells_the_format(name, litert):
    assert ExportSettings("model.keras", Path(name)).litert is litert
