import numpy as np
import pytest

from keras_madd.exporting.bounds import bounds, made_by, summary
from keras_madd.exporting.samples import Samples

FIGURES = {
    "images": 10,
    "max_probability_difference": 0.02,
    "logit_correlation": 0.99,
    "agreement": 1.0,
    "auc": [0.9, 0.88],
    "auc_drop": 0.02,
}


@pytest.mark.parametrize(
    ("tolerance", "drop", "changed", "holds"),
    [
        (None, None, {}, []),
        (0.03, None, {}, [True]),
        (0.01, None, {}, [False]),
        (None, 0.02, {}, [True]),
        (None, 0.019, {}, [False]),
        (None, 0.5, {"auc_drop": None}, [False]),
        (0.03, None, {"max_probability_difference": float("nan")}, [False]),
    ],
)
def test_bounds(tolerance, drop, changed, holds):
    assert [each["holds"] for each in bounds(tolerance, drop, FIGURES | changed)] == holds


def test_summary_says_what_there_is():
    lines = summary(FIGURES, {"ratio": 0.4}, {"float32": 100, "int8": 28})
    assert lines[0] == "AUC 0.9000 -> 0.8800 on 10 pictures"
    assert "0.9900" in lines[1]
    assert lines[2] == "size 0.280 and time 0.400 of float32"
    (only,) = summary(FIGURES | {"auc": None, "logit_correlation": None}, None, {})
    assert "no AUC" in only


def test_how_it_was_made():
    images = np.zeros((3, 4, 4, 3), "uint8")
    samples = Samples(images, None, "the pictures in a", ("b.png: no face found.",))
    made = made_by("keras-madd export a", 7, False, samples, samples)
    assert made["calibrated on"] == "3 face crops from the pictures in a"
    assert made["calibration seed"] == 7
    assert made["left out"] == "2 pictures, such as: b.png: no face found."
    assert "keras" in made
    assert made_by("", 0, True, None, samples)["ONNX opset"] == 17
