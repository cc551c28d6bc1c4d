"""The words keep what they promise, on people that were not there when they were fitted."""

import numpy as np
import pytest

from keras_madd.evaluation.verdict_thresholds import fit_verdict_thresholds
from keras_madd.support.errors import UserError


def draw(random, people, fakes):
    """Two photographs of each real person, scores of one person alike; and fakes."""
    person = np.repeat(random.normal(-1, 1, people), 2) + random.normal(0, 0.5, 2 * people)
    scores = 1 / (1 + np.exp(-np.r_[person, random.normal(1, 1, fakes)]))
    labels = np.arange(len(scores)) >= 2 * people
    names = np.array([f"p{i // 2 if i < 2 * people else i}" for i in range(len(scores))])
    return labels, scores, np.array([f"v{i}" for i in range(len(scores))]), names


@pytest.mark.parametrize("people", [19, 50, 96])
def test_false_alarms_and_misses_on_unseen_people_stay_below_what_was_asked(people):
    random = np.random.default_rng(people)
    new = draw(random, 20_000, 20_000)
    highest = new[1][~new[0]].reshape(-1, 2).max(axis=1)
    alarms, misses = [], []
    for _ in range(400):
        fitted = fit_verdict_thresholds(*draw(random, people, people), 0.05, 0.1)
        alarms.append(np.mean(highest >= fitted.threshold))
        misses.append(np.mean(new[1][new[0]] < fitted.clear_threshold))
        assert fitted.clear_threshold <= fitted.threshold
    for found, promised in ((alarms, 0.05), (misses, 0.1)):
        error = 4 * np.std(found) / np.sqrt(len(found))
        assert np.mean(found) <= promised + error
        # Not kept by calling everything uncertain.
        assert np.mean(found) >= promised * (1 - 2 / people**0.5) - error


def test_the_order_statistics_by_hand():
    labels = np.repeat([False, True], [19, 9])
    scores = np.r_[np.arange(1, 20) / 100, 0.3 + np.arange(9) / 100]
    names = np.arange(28).astype(str)
    fitted = fit_verdict_thresholds(labels, scores, names, names, 0.05, 0.1)
    assert fitted.threshold == np.nextafter(0.19, 1)
    # The least fake would be 0.30: above the threshold there is no middle band.
    assert fitted.clear_threshold == fitted.threshold
    assert (fitted.people, fitted.fakes) == (19, 9)
    fitted = fit_verdict_thresholds(labels, scores, names, names, 0.2, 0.1)
    assert fitted.threshold == np.nextafter(0.16, 1)


def test_frames_are_averaged_and_a_person_counts_once():
    labels = np.zeros(42, bool)
    labels[40:] = True
    videos = np.r_[np.repeat(np.arange(20), 2), 20, 20].astype(str)
    people = np.r_[np.repeat(np.arange(20), 2), 20, 20].astype(str)
    people[:4] = "one"
    scores = np.full(42, 0.1)
    scores[:4] = 0.2, 0.4, 0.7, 0.3
    fitted = fit_verdict_thresholds(labels, scores, videos, people, 0.05, 0.5)
    assert fitted.people == 19
    assert fitted.threshold == np.nextafter(0.5, 1)


def test_too_few_people_promise_nothing():
    values = draw(np.random.default_rng(0), 18, 30)
    with pytest.raises(UserError, match=r"from 19 real people on. The validation split has 18"):
        fit_verdict_thresholds(*values, 0.05, 0.1)
    values = draw(np.random.default_rng(0), 30, 8)
    with pytest.raises(UserError, match=r"from 9 fake videos on. The validation split has 8"):
        fit_verdict_thresholds(*values, 0.05, 0.1)
    with pytest.raises(ValueError, match="`misses` must be above 0 and below 1"):
        fit_verdict_thresholds(*values, 0.05, 1.0)
