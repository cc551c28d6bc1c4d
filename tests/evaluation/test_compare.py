import itertools

import numpy as np
import pytest

from keras_madd.evaluation.compare import compare_models, delong_test
from keras_madd.evaluation.protocol import Protocol
from keras_madd.evaluation.scores import Scores
from keras_madd.support.errors import UserError


def models(count: int = 80, seed: int = 0):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2 == 1
    shared = rng.normal(labels * 1.0, 1)
    first = 1 / (1 + np.exp(-(shared + rng.normal(0, 0.3, count) + labels)))
    second = 1 / (1 + np.exp(-(shared + rng.normal(0, 0.6, count))))
    return labels, first, second


def table(labels, scores, names=None) -> Scores:
    return Scores.from_columns(
        {
            "video": [f"v{i}" for i in range(len(labels))] if names is None else names,
            "method": np.where(labels, "swap", "real"),
            "frame": np.zeros(len(labels), int),
            "label": labels.astype(int),
            "probability": scores,
        }
    )


def variance_pair_by_pair(labels, first, second):
    """DeLong's variance from its definition, over all pairs."""
    fakes, reals = np.flatnonzero(labels), np.flatnonzero(~labels)
    wins = np.zeros((2, len(fakes), len(reals)))
    for model, scores in enumerate((first, second)):
        for (row, fake), (column, real) in itertools.product(enumerate(fakes), enumerate(reals)):
            wins[model, row, column] = (scores[fake] > scores[real]) + 0.5 * (
                scores[fake] == scores[real]
            )
    difference = wins[0] - wins[1]
    return difference.mean(1).var(ddof=1) / len(fakes) + difference.mean(0).var(ddof=1) / len(reals)


@pytest.mark.parametrize("decimals", [1, 8])
def test_delong_is_its_definition(decimals):
    labels, first, second = models(40)
    first, second = np.round(first, decimals), np.round(second, decimals)
    variance, _ = delong_test(labels, first, second)
    assert variance == pytest.approx(variance_pair_by_pair(labels, first, second))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0, 0, 1, 1], 2 / 6),
        ([0, 1, 1, 1], 1.0),
        ([0, 0, 0, 1], 1.0),
        ([0] * 9 + [1] * 9, 2 / 48620),
    ],
)
def test_delong_of_a_perfect_order_against_none_is_as_likely_as_chance(labels, expected):
    scores = np.linspace(0, 1, len(labels))
    assert delong_test(labels, scores, np.full(len(labels), 0.5))[1] == pytest.approx(expected)


def test_the_bootstrap_agrees_with_delong():
    labels, first, second = models(400)
    variance, p = delong_test(labels, first, second)
    found = compare_models(table(labels, first), table(labels, second), Protocol())["data"]
    half = 1.96 * np.sqrt(variance)
    np.testing.assert_allclose(
        found.interval, [found.difference - half, found.difference + half], atol=0.15 * half
    )
    assert found.delong_p == pytest.approx(p)
    assert p < 0.05
    assert found.bootstrap_p < 0.05


def test_a_model_against_itself():
    labels, first, _ = models()
    found = compare_models(table(labels, first), table(labels, first), Protocol(bootstrap=100))
    assert found["data"].difference == 0
    assert (found["data"].bootstrap_p, found["data"].delong_p) == (1.0, 1.0)


def test_only_shared_videos_count():
    labels, first, second = models()
    half = compare_models(table(labels, first), table(labels[:40], second[:40]), Protocol())
    assert half["data"].videos == 40


def test_p_values_are_uniform_where_models_are_alike():
    # Two equally noisy copies of one score: about 5 % of the differences may look significant.
    small = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        labels = np.arange(60) % 2 == 1
        shared = rng.normal(labels, 1)
        small += delong_test(labels, *(shared + rng.normal(0, 0.5, (2, 60))))[1] < 0.05
    assert 2 <= small <= 22


def test_p_values_know_that_videos_of_one_person_are_alike():
    small = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        people = np.tile(np.arange(40), 6)
        labels = np.arange(240) >= 80
        shared = rng.normal(labels, 1)
        noise = rng.normal(0, 0.5, (2, 2, 40))[:, labels.astype(int), people]
        small += delong_test(labels, *(shared + noise), people)[1] < 0.05
    assert 2 <= small <= 22


def test_labels_must_agree():
    labels, first, second = models()
    with pytest.raises(UserError, match="disagree on the label of 80 videos"):
        compare_models(table(labels, first), table(~labels, second), Protocol())


def test_nothing_shared():
    labels, first, second = models()
    others = [f"w{i}" for i in range(len(labels))]
    with pytest.raises(UserError, match="share no data set with real and fake videos of the same"):
        compare_models(table(labels, first), table(labels, second, others), Protocol())
