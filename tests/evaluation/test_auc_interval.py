import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from keras_madd.evaluation.auc_interval import (
    auc_interval,
    few_videos_note,
    placements,
    variance_over_people,
)
from keras_madd.evaluation.metrics import evaluate_scores


def drawn(rng, fakes, reals, auc, frames=1, shared=1.0):
    """Normal scores of a true AUC, of frames whose videos share a part of the variance."""
    labels = np.arange(fakes + reals) < fakes
    video = rng.normal(np.where(labels, norm.ppf(auc) * np.sqrt(2), 0), np.sqrt(shared))
    own = rng.normal(0, np.sqrt(1 - shared), (frames, len(labels)))
    numbers = np.tile(np.arange(len(labels)), frames)
    return np.tile(labels, frames), (video + own).ravel(), numbers


def newcombe(auc, fakes, reals):
    """Newcombe's method 5, by looking at every AUC in small steps."""
    true = np.linspace(0, 1, 200_001)
    count = (fakes + reals) / 2 - 1
    terms = 1 + count * (1 - true) / (2 - true) + count * true / (1 + true)
    inside = (true - auc) ** 2 <= 1.959964**2 * true * (1 - true) * terms / (fakes * reals)
    return true[inside][[0, -1]]


@pytest.mark.parametrize(("fakes", "reals"), [(2, 1), (1, 1), (5, 5), (20, 20), (3, 40)])
def test_of_perfect_scores_it_is_newcombes(fakes, reals):
    labels = np.arange(fakes + reals) < fakes
    for right, auc in ((labels, 1.0), (~labels, 0.0)):
        low, high = auc_interval(labels, right.astype(float), np.arange(len(labels)))
        assert [low, high] == pytest.approx(newcombe(auc, fakes, reals), abs=2e-5)


def test_three_videos_on_the_right_side_tell_little():
    low, high = auc_interval(np.array([True, True, False]), np.array([0.9, 0.8, 0.1]), np.arange(3))
    assert (low < 0.4, high) == (True, 1.0)


def test_with_one_video_per_class_nothing_is_known_of_the_variance():
    labels, scores = np.array([True, False, False]), np.array([0.5, 0.2, 0.7])
    found = auc_interval(labels, scores, np.arange(3))
    assert found == pytest.approx(newcombe(0.5, 1, 2), abs=2e-5)


def test_of_many_videos_it_is_delongs():
    rng = np.random.default_rng(0)
    labels = np.arange(4000) % 2 == 0
    scores = rng.normal(labels * 1.0, np.where(labels, 3.0, 1.0))
    above, below = placements(labels, scores)
    auc = roc_auc_score(labels, scores)
    assert (above.mean(), below.mean()) == pytest.approx((auc, auc))
    width = 2 * 1.96 * np.sqrt(above.var(ddof=1) / 2000 + below.var(ddof=1) / 2000)
    low, high = auc_interval(labels, scores, np.arange(4000))
    assert high - low == pytest.approx(width, rel=0.02)
    assert (high + low) / 2 == pytest.approx(auc, abs=0.002)


def test_frames_that_are_copies_of_their_video_tell_no_more_than_it():
    rng = np.random.default_rng(0)
    labels, scores, videos = drawn(rng, 12, 15, 0.8)
    alone = auc_interval(labels, scores, videos)
    copied = auc_interval(np.repeat(labels, 7), np.repeat(scores, 7), np.repeat(videos, 7))
    assert copied == pytest.approx(alone)
    # As frames of as many videos they would tell much more.
    believed = auc_interval(np.repeat(labels, 7), np.repeat(scores, 7), np.arange(7 * 27))
    assert np.ptp(believed) < 0.6 * np.ptp(alone)


def test_mirrored_labels_mirror_the_interval():
    labels, scores, videos = drawn(np.random.default_rng(0), 9, 14, 0.7)
    low, high = auc_interval(labels, scores, videos)
    assert auc_interval(~labels, scores, videos) == pytest.approx([1 - high, 1 - low])


@pytest.mark.parametrize(
    ("fakes", "reals", "auc", "frames", "least"),
    [(2, 1, 0.9, 1, 0.9), (5, 5, 0.9, 1, 0.92), (5, 5, 0.99, 4, 0.92), (32, 8, 0.8, 4, 0.92)],
)
def test_as_many_as_it_says_hold_the_truth(fakes, reals, auc, frames, least):
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        shared = 1.0 if frames == 1 else 0.5
        low, high = auc_interval(*drawn(rng, fakes, reals, auc, frames, shared))
        held += low <= auc <= high
    assert held / 400 >= least


def of_people(rng, people, reals, fakes, auc, shared):
    """Videos of people, each with real and fake ones, which share a part of their variance."""
    middle = norm.ppf(auc) * np.sqrt(2)
    scores = [
        np.sqrt(shared) * rng.normal(size=(people, 1))
        + np.sqrt(1 - shared) * rng.normal(size=(people, count))
        + mean
        for count, mean in ((reals, 0), (fakes, middle))
    ]
    numbers = [np.repeat(np.arange(people), count) for count in (reals, fakes)]
    labels = np.repeat([False, True], [people * reals, people * fakes])
    return labels, np.concatenate([each.ravel() for each in scores]), np.concatenate(numbers)


@pytest.mark.parametrize("shared", [0.0, 0.6])
def test_videos_of_one_person_are_no_independent_ones(shared):
    rng, held, believed = np.random.default_rng(0), 0, 0
    for _ in range(200):
        labels, scores, people = of_people(rng, 40, 4, 8, 0.9, shared)
        low, high = auc_interval(labels, scores, people)
        held += low <= 0.9 <= high
        low, high = auc_interval(labels, scores, np.arange(len(labels)))
        believed += low <= 0.9 <= high
    assert held / 200 >= 0.93
    if shared:
        assert believed / 200 < 0.8


def test_the_variance_is_obuchowskis():
    """By its definition, S10 + S01 + 2 S11 over people."""
    rng = np.random.default_rng(1)
    labels, people = rng.random(60) < 0.6, rng.integers(0, 17, 60)
    scores = rng.normal(labels, 1).round(1)
    above, below = placements(labels, scores)
    auc, fakes, reals = above.mean(), labels.sum(), (~labels).sum()
    terms = []
    for person in np.unique(people):
        fake, real = people[labels] == person, people[~labels] == person
        terms.append(((above[fake] - auc).sum(), (below[real] - auc).sum(), fake.any(), real.any()))
    of_fakes, of_reals, has_fake, has_real = np.array(terms).T
    count, fake_count, real_count = len(terms), has_fake.sum(), has_real.sum()
    expected = fake_count / (fake_count - 1) * (of_fakes**2).sum() / fakes**2
    expected += real_count / (real_count - 1) * (of_reals**2).sum() / reals**2
    expected += 2 * count / (count - 1) * (of_fakes * of_reals).sum() / (fakes * reals)
    assert variance_over_people(labels, above, below, people) == pytest.approx(expected)


def test_small_test_sets_are_named():
    def result(videos):
        labels = np.arange(videos) % 2
        return evaluate_scores(labels, labels * 0.5 + 0.2, np.arange(videos))

    note = few_videos_note({"large": result(20), "small": result(19), "tiny": result(3)})
    assert "small has 10 real and 9 fake videos, tiny has 2 real and 1 fake videos" in note
    assert "large" not in note
    assert few_videos_note({"large": result(20)}) == ""
