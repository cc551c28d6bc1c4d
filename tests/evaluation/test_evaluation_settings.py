from pathlib import Path

import pytest

from keras_madd.evaluation.evaluation_settings import EvaluationSettings
from keras_madd.support.errors import UserError

MODEL, DATA, SCORES = Path("m.tflite"), (Path("shards"),), Path("scores.csv")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"model": MODEL}, "--model needs --data"),
        ({"scores": SCORES, "data": DATA}, "need --model"),
        ({"scores": SCORES, "corruptions": ["jpeg"]}, "need --model"),
        ({"scores": SCORES, "false_alarms": 0.1}, "--false-alarms needs --calibrate"),
        (
            {"model": MODEL, "data": DATA, "calibrate": True, "misses": 0.1},
            "--misses needs --false",
        ),
        ({"model": MODEL, "data": DATA, "corruptions": ["rain"]}, "knows .*jpeg.*: rain"),
    ],
)
def test_what_does_not_fit_together_is_refused(fields, message):
    with pytest.raises(UserError, match=message):
        EvaluationSettings(**fields)


def test_what_fits_together():
    EvaluationSettings(model=MODEL, data=DATA, calibrate=True, false_alarms=0.1)
    EvaluationSettings(scores=SCORES)
