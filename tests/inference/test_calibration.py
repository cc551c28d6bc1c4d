"""Calibration against golden vectors from 50-digit decimal arithmetic.

`python tests/inference/test_calibration.py` writes the golden vectors anew. The phone's twin
reads the same file.
"""

import json
from decimal import Decimal, localcontext
from pathlib import Path

import numpy as np
import pytest

from keras_madd.inference.calibration import calibrate, verdict_of

GOLDEN = Path(__file__).parents[1] / "golden" / "calibration.json"
LEAST = 1e-7
EXPLANATION = (
    "The network's probability p, the temperature and the thresholds of model.json; the calibrated "
    "probability (within 1e-12), whether it is called fake, and the verdict. The arithmetic is "
    "written out in keras_madd/inference/calibration.py. Written by "
    "tests/inference/test_calibration.py."
)


def golden_text():
    rows = []
    values = (0.0, 1e-9, 1e-7, 0.001, 0.25, 0.4999, 0.5, 0.7, 0.9, 0.999999, 1 - 1e-9, 1.0)
    with localcontext(prec=50):
        for number, (value, temperature) in enumerate(
            (value, temperature) for value in values for temperature in (0.05, 0.7, 1.0, 1.9, 20.0)
        ):
            kept = min(max(Decimal(value), Decimal(LEAST)), Decimal(1 - LEAST))
            shown = 1 / (1 + (-(kept / (1 - kept)).ln() / Decimal(temperature)).exp())
            threshold = (0.5, 0.3, 0.85)[number % 3]
            if value == 0.5:  # The log-odds are 0 exactly, so that the level itself is met.
                threshold = 0.5
            # Of five: no words, words with a middle band, and words without one.
            clear = (None, 0.2, threshold, 0.05, None)[number // 3 % 5]
            fake = bool(shown >= Decimal(threshold))
            lower = "real"
            if clear is not None:
                lower = "no trace found" if shown < Decimal(clear) else "uncertain"
            rows.append(
                {
                    "probability": value,
                    "temperature": temperature,
                    "threshold": threshold,
                    "clear_threshold": clear,
                    "calibrated": float(shown),
                    "fake": fake,
                    "verdict": "fake" if fake else lower,
                }
            )
    lines = ",\n".join(json.dumps(row) for row in rows)
    return f'{{"explanation": {json.dumps(EXPLANATION)},\n"cases": [\n{lines}\n]}}\n'


def test_the_golden_file_is_what_the_generator_writes():
    assert GOLDEN.read_text() == golden_text()


def test_golden_vectors():
    for row in json.loads(GOLDEN.read_text())["cases"]:
        (found,) = calibrate(np.array([row["probability"]]), row["temperature"])
        assert found == pytest.approx(row["calibrated"], abs=1e-12, rel=0)
        verdict = verdict_of(found, row["threshold"], row["clear_threshold"])
        assert verdict == row["verdict"]
        assert (verdict == "fake") == row["fake"]


def test_the_golden_vectors_hold_every_word():
    rows = json.loads(GOLDEN.read_text())["cases"]
    assert {row["verdict"] for row in rows} == {"fake", "real", "uncertain", "no trace found"}


def test_a_temperature_of_one_changes_nothing_and_order_is_kept():
    values = np.linspace(0, 1, 101).astype(np.float32)
    np.testing.assert_allclose(calibrate(values, 1.0), values, atol=2e-7)
    for temperature in (0.3, 4.0):
        found = calibrate(values, temperature)
        assert found.dtype == np.float64
        assert (np.diff(found) > 0).all()
        # Towards the middle above 1, away from it below.
        nearer = np.abs(found[1:50] - 0.5) < np.abs(values[1:50] - 0.5)
        assert nearer.all() if temperature > 1 else not nearer.any()
    assert calibrate(np.zeros(0), 2.0).shape == (0,)


@pytest.mark.parametrize("temperature", [0, -1.0, float("nan"), float("inf")])
def test_the_temperature_is_checked(temperature):
    with pytest.raises(ValueError, match="`temperature`"):
        calibrate(np.array([0.5]), temperature)


def test_probabilities_are_checked():
    with pytest.raises(ValueError, match="`probability`"):
        calibrate(np.array([0.5, np.nan]), 1.0)


if __name__ == "__main__":
    GOLDEN.write_text(golden_text())
