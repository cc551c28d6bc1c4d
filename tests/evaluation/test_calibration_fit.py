import numpy as np
import pytest
from scipy.special import expit, logit

from keras_madd.evaluation.calibration_fit import fit_calibration
from keras_madd.evaluation.scores import Scores
from keras_madd.inference.calibration import calibrate
from keras_madd.support.errors import UserError


def table(labels, probability, split: str = "val") -> Scores:
    count = len(labels)
    return Scores.from_columns(
        {
            "split": [split] * count,
            "video": [f"v{number}" for number in range(count)],
            "method": np.where(labels, "swap", "real"),
            "frame": np.zeros(count, int),
            "label": np.asarray(labels, int),
            "probability": probability,
        }
    )


def overconfident(temperature: float, count: int = 40_000):
    """Scores whose log-odds are `temperature` times the true ones, classes alike in number."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    # Two unit normals, two apart: the true log-odds at x are 2 x.
    log_odds = 2 * rng.normal(labels * 2 - 1, 1)
    return labels, expit(temperature * log_odds)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_put_in_comes_out(temperature):
    fitted = fit_calibration(table(*overconfident(temperature)))
    assert fitted.temperature == pytest.approx(temperature, rel=0.03)
    assert fitted.threshold == pytest.approx(0.5, abs=0.06)
    assert fitted.ece[1] < 0.015
    assert fitted.log_loss[1] <= fitted.log_loss[0]


def test_more_fakes_than_reals_do_not_move_it():
    labels, scores = overconfident(2.0)
    kept = (labels == 1) | (np.arange(len(labels)) % 10 == 0)
    fitted = fit_calibration(table(labels[kept], scores[kept]))
    assert fitted.temperature == pytest.approx(2, rel=0.06)
    assert fitted.threshold == pytest.approx(0.5, abs=0.1)


def test_the_threshold_is_the_best_of_all():
    rng = np.random.default_rng(1)
    labels = np.arange(200) % 2
    scores = np.round(np.clip(rng.normal(0.35 + 0.2 * labels, 0.15), 0, 1), 2)
    fitted = fit_calibration(table(labels, scores))
    after = calibrate(scores, fitted.temperature)

    def balanced_error(cut):
        return (after[labels == 1] < cut).mean() + (after[labels == 0] >= cut).mean()

    best = min(balanced_error(cut) for cut in (*np.unique(after), 2))
    assert balanced_error(fitted.threshold) == pytest.approx(best)


def test_perfect_scores_are_cut_in_the_middle():
    fitted = fit_calibration(table([0, 0, 1, 1], [0.2, 0.4, 0.6, 0.9]))
    assert fitted.threshold == pytest.approx(0.5)


def test_what_says_nothing_is_doubted():
    labels, probability = overconfident(2.0, 4000)
    assert fit_calibration(table(labels, probability)).doubt == ""
    upside_down = fit_calibration(table(labels, 1 - probability))
    assert "The fitted threshold of 0 calls every face fake" in upside_down.doubt
    faint = expit(logit(np.where(labels, 0.9999, 0.0001)) * 0.001)
    assert "end of the range" in fit_calibration(table(labels, faint)).doubt


def test_it_is_what_the_runtimes_do():
    scores = np.array([0, 1e-9, 0.2, 0.5, 0.9, 1])
    expected = expit(logit(np.clip(scores, 1e-7, 1 - 1e-7)) / 1.7)
    np.testing.assert_allclose(calibrate(scores, 1.7), expected, rtol=1e-12)
    assert calibrate(np.array([0.2]), 2.0)[0] == pytest.approx(expit(logit(0.2) / 2))


@pytest.mark.parametrize("split", ["test", "train"])
def test_other_splits_are_refused(split):
    both = Scores.concatenate([table([0, 1], [0.2, 0.7]), table([0, 1], [0.1, 0.9], split)])
    with pytest.raises(UserError, match=f"on the validation split only. Received: rows of {split}"):
        fit_calibration(both)


def test_one_class_is_refused():
    with pytest.raises(UserError, match=r"one class only \(2 frames, all fake\)"):
        fit_calibration(table([1, 1], [0.2, 0.7]))


def test_a_person_counts_once_by_identity_else_by_source_else_by_video():
    labels, scores = np.r_[np.zeros(60, int), np.ones(60, int)], np.linspace(0.01, 0.99, 120)
    names = np.array([str(number // 2) for number in range(120)])
    columns = {
        "split": ["val"] * 120,
        "video": [f"v{number}" for number in range(120)],
        "method": np.where(labels, "swap", "real"),
        "frame": np.zeros(120, int),
        "label": labels,
        "probability": scores,
    }
    sources = {"source": np.char.add("s", names)}
    thirds = {"identity": np.array([str(number // 3) for number in range(120)])}
    some = {"identity": np.where(np.arange(120) < 30, thirds["identity"], "")}
    for more, people in (({}, 60), (sources, 30), (sources | thirds, 20), (sources | some, 25)):
        words = fit_calibration(Scores.from_columns(columns | more), false_alarms=0.05).words
        assert words.people == people
