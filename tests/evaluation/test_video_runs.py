"""Several runs of one training, measured on the same videos."""

import numpy as np
import pytest

from keras_madd.evaluation.auc_interval import auc_interval, placements
from keras_madd.evaluation.bootstrap import weighted_auc
from keras_madd.evaluation.compare import compare_models, delong_test, holm
from keras_madd.evaluation.protocol import Protocol
from keras_madd.evaluation.scores import Scores
from keras_madd.evaluation.video_runs import videos_of
from keras_madd.support.errors import UserError


def run(seed, count=40, frames=2, lift=1.0, order=1):
    """Frame scores of videos; two manipulations, two frames a video."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    clear = random.normal(lift * labels[:, None], 1, (count, frames))
    columns = {
        "video": np.repeat([f"v{index:02d}" for index in range(count)], frames),
        "method": np.repeat(
            np.where(labels == 0, "real", np.where(np.arange(count) % 4 == 1, "swap", "act")),
            frames,
        ),
        "frame": np.tile(np.arange(frames), count),
        "label": np.repeat(labels, frames),
        "probability": (1 / (1 + np.exp(-clear))).ravel(),
    }
    return Scores.from_columns({name: column[::order] for name, column in columns.items()})


def test_videos_are_joined_by_name_whatever_their_order():
    videos = videos_of([run(0), run(1, order=-1)], Protocol())["data"]
    assert videos.values.shape == (2, 40)
    assert set(videos.methods[videos.labels]) == {"swap", "act"}
    for values, seed in zip(videos.values, (0, 1), strict=True):
        means = run(seed).probability.reshape(40, 2).mean(1)
        np.testing.assert_allclose(values, means)


def test_a_video_of_both_labels_is_refused():
    mixed = run(1)
    mixed.label[3] = 1 - mixed.label[3]
    with pytest.raises(UserError, match=r"v01.*both labels"):
        videos_of([run(0), mixed], Protocol())


def test_the_auc_of_runs_is_the_mean_of_theirs():
    videos = videos_of([run(0), run(1), run(2)], Protocol())["data"]
    found = videos.auc()
    expected = [weighted_auc(videos.labels, each) for each in videos.values]
    assert found["values"] == expected
    assert found["mean"] == pytest.approx(np.mean(expected))
    above, below = placements(videos.labels, videos.values)
    assert above.mean() == pytest.approx(found["mean"])
    assert below.mean() == pytest.approx(found["mean"])
    assert found["interval"][0] < found["mean"] < found["interval"][1]


def test_the_same_run_twice_tells_no_more_than_once():
    once = videos_of([run(0)], Protocol())["data"]
    twice = videos_of([run(0), run(0)], Protocol())["data"]
    assert once.auc()["interval"] == pytest.approx(twice.auc()["interval"])
    numbers = np.arange(len(once.labels))
    assert once.auc()["interval"] == auc_interval(once.labels, once.values[0], numbers)
    other = run(5).probability.reshape(40, 2).mean(1)
    single = delong_test(once.labels, once.values[0], other)
    assert delong_test(twice.labels, twice.values, other) == pytest.approx(single)
    pair = [
        compare_models(each, run(5), Protocol(bootstrap=200)) for each in (run(0), 2 * [run(0)])
    ]
    assert pair[0]["data"].interval == pytest.approx(pair[1]["data"].interval)


def test_the_variance_of_a_mean_is_that_of_simulated_videos():
    """DeLong's variance for the means of runs, against drawing the videos anew."""
    differences, variances = [], []
    for seed in range(300):
        random = np.random.default_rng(seed)
        labels = np.arange(60) % 2 == 1
        face = random.normal(labels, 1)
        first = face + random.normal(0, 0.4, (3, 60))
        second = face + random.normal(0, 1.2, (3, 60))
        aucs = [np.mean([weighted_auc(labels, each) for each in runs]) for runs in (first, second)]
        differences.append(aucs[0] - aucs[1])
        variances.append(delong_test(labels, first, second)[0])
    assert np.mean(variances) == pytest.approx(np.var(differences), rel=0.25)


def test_runs_of_other_labels_are_refused():
    other = run(1)
    flipped = Scores.from_columns(
        {
            **{name: getattr(other, name) for name in ("video", "method", "frame", "probability")},
            "label": 1 - other.label,
        }
    )
    with pytest.raises(UserError, match="disagree on the label of 40 videos of data"):
        videos_of([run(0), flipped], Protocol())


def test_holm_by_hand():
    # Sorted 0.01, 0.03, 0.04: times 3, 2, 1 and never falling.
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []
