from types import SimpleNamespace

import numpy as np
import pytest

from keras_madd.comparison.paired_tests import paired_tests
from keras_madd.evaluation import video_runs
from keras_madd.evaluation.compare import compare_models
from keras_madd.evaluation.protocol import Protocol
from keras_madd.evaluation.scores import Scores

QUICK = Protocol(bootstrap=100)


def scores(seed: int, count: int = 40) -> Scores:
    labels = np.arange(count) % 2
    clear = np.random.default_rng(seed).normal(labels, 1)
    return Scores.from_columns(
        {
            "video": [f"v{index}" for index in range(count)],
            "method": np.where(labels, "swap", "real"),
            "frame": np.zeros(count, int),
            "label": labels,
            "probability": 1 / (1 + np.exp(-clear)),
        }
    )


def runs(*seeds: int) -> list:
    return [SimpleNamespace(scores=lambda seed=seed: scores(seed)) for seed in seeds]


def test_each_table_is_brought_to_videos_once(monkeypatch):
    tables = []
    frames_of = video_runs.frames_of

    def counted(table):
        tables.append(table)
        return frames_of(table)

    monkeypatch.setattr(video_runs, "frames_of", counted)
    arms = {"one": runs(0, 1), "two": runs(2, 3), "three": runs(4)}
    paired_tests(arms, QUICK, lambda *_: None)
    assert len(tables) == 5


def test_every_two_arms_are_compared():
    done = []
    arms = {"one": runs(0, 1), "two": runs(2), "three": runs(3)}
    tests, pairs = paired_tests(arms, QUICK, lambda *progress: done.append(progress))
    assert [tests[name]["data"]["videos"] for name in arms] == [40] * 3
    assert [pair["models"] for pair in pairs] == [
        ["one", "two"],
        ["one", "three"],
        ["two", "three"],
    ]
    assert done == [(1, 3), (2, 3), (3, 3)]
    expected = compare_models([scores(0), scores(1)], scores(2), QUICK)["data"]
    assert pairs[0]["difference"] == pytest.approx(expected.difference)
    assert pairs[0]["interval"] == expected.interval
    assert pairs[0]["delong_p"] == expected.delong_p
    assert all(pair["holm_p"] >= pair["delong_p"] for pair in pairs)
