"""Temperature of a table."""

import numpy as np
import pytest

from keras_madd.evaluation import frame_metrics
from keras_madd.evaluation.score_shards import with_temperature
from keras_madd.evaluation.scores import Scores
from keras_madd.inference.calibration import calibrate


@pytest.mark.parametrize("temperature", [0.5, 1.7])
def test_a_temperature_changes_no_order(temperature):
    """Also of scores nearer to 0 than calibration keeps them."""
    probability = 10.0 ** -np.arange(1.0, 13.0)
    label = np.arange(12) % 3 == 0
    rows = {"video": np.arange(12).astype(str), "method": ["x"] * 12, "frame": [0] * 12}
    scores = Scores.from_columns(rows | {"label": label, "probability": probability})
    plain, changed = (with_temperature(scores, each).probability for each in (1, temperature))
    np.testing.assert_array_equal(plain, probability)
    assert frame_metrics(label, changed)["auc"] == frame_metrics(label, plain)["auc"]
    np.testing.assert_allclose(changed[:6], calibrate(probability[:6], temperature), rtol=1e-12)


def test_scores_of_0_and_1_stay():
    """A network in 8 bits or in single precision gives them."""
    rows = {"video": ["a", "b"], "method": ["x"] * 2, "frame": [0] * 2, "label": [0, 1]}
    scores = Scores.from_columns(rows | {"probability": [0.0, 1.0]})
    assert with_temperature(scores, 1.7).probability.tolist() == [0.0, 1.0]
