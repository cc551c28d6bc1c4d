import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from keras_madd.evaluation.bootstrap import (
    GroupedAUC,
    dense_ranks,
    people_resamples,
    percentile_interval,
    weighted_auc,
)


def grouped(count: int = 600, groups: int = 40, decimals: int = 8):
    rng = np.random.default_rng(0)
    owner = rng.integers(0, groups, count)
    labels = owner % 2 == 0
    scores = np.round(rng.normal(labels * 0.8, 1), decimals)
    return labels, scores, owner, groups


@pytest.mark.parametrize("decimals", [1, 8])
def test_weights_are_scikit_learns_sample_weights(decimals):
    labels, scores, owner, groups = grouped(decimals=decimals)
    weights = np.random.default_rng(1).integers(0, 4, (groups, 5)).astype(float)
    values = GroupedAUC(labels, scores, owner, groups).auc(weights)
    for value, column in zip(values, weights.T, strict=True):
        assert value == pytest.approx(roc_auc_score(labels, scores, sample_weight=column[owner]))


def test_few_bins_stay_close_and_keep_equal_scores_together():
    labels, scores, owner, groups = grouped(4000)
    exact = GroupedAUC(labels, scores, owner, groups).auc(np.ones((groups, 1)))
    binned = GroupedAUC(labels, scores, owner, groups, max_bins=500).auc(np.ones((groups, 1)))
    assert binned == pytest.approx(exact, abs=1e-3)
    two = np.repeat([0.2, 0.7], 300)
    labels = np.arange(600) % 3 == 0
    tied = GroupedAUC(labels, two, np.zeros(600, int), 1, max_bins=2).auc(np.ones((1, 1)))
    assert tied == pytest.approx(roc_auc_score(labels, two))


def test_ranks():
    assert dense_ranks(np.array([0.3, 0.1, 0.3, 0.9])).tolist() == [1, 0, 1, 2]


def test_unweighted_is_scikit_learns():
    labels, scores, *_ = grouped(decimals=1)
    assert weighted_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))


def test_resamples_keep_the_size_of_each_class():
    labels = np.arange(30) < 12
    draws = np.concatenate(list(people_resamples(labels, np.arange(30), 120, seed=0)), axis=1)
    assert draws.shape == (30, 120)
    assert (draws[labels].sum(0) == 12).all()
    assert (draws[~labels].sum(0) == 18).all()
    # A video is drawn once per resample on average.
    np.testing.assert_allclose(draws.mean(1), 1, atol=0.45)


def test_a_person_is_drawn_with_all_videos():
    people = np.array([0, 0, 1, 1, 2, 3, 3, 4, 5])
    labels = np.array([0, 1, 0, 1, 1, 1, 1, 0, 0], bool)
    draws = np.concatenate(list(people_resamples(labels, people, 80, seed=0)), axis=1)
    for person in range(6):
        assert (np.ptp(draws[people == person], axis=0) == 0).all()
    first = draws[np.unique(people, return_index=True)[1]]
    # Of two people with both classes, two with fakes alone, two with reals alone.
    for kind in ([0, 1], [2, 3], [4, 5]):
        assert (first[kind].sum(0) == 2).all()
        assert first[kind].min() == 0


def test_percentiles():
    assert percentile_interval(np.arange(1001.0)) == pytest.approx([25, 975])
