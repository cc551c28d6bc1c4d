import json

import numpy as np
import pytest
from sklearn import metrics as reference

from keras_madd.evaluation import evaluate_scores, frame_metrics, video_scores
from keras_madd.evaluation.metrics import calibration_error


def tied_scores(count: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0, 1)
    return labels, np.round(scores, 1)


@pytest.mark.parametrize("seed", range(3))
def test_metrics_equal_scikit_learn_with_ties(seed):
    labels, scores = tied_scores(seed=seed)
    measured = frame_metrics(labels, scores)
    assert measured["auc"] == pytest.approx(reference.roc_auc_score(labels, scores), abs=1e-12)
    assert measured["ap"] == pytest.approx(reference.average_precision_score(labels, scores))
    assert measured["acc"] == pytest.approx(reference.accuracy_score(labels, scores >= 0.5))
    assert measured["log_loss"] == pytest.approx(reference.log_loss(labels, scores))
    assert measured["brier"] == pytest.approx(reference.brier_score_loss(labels, scores))


def test_metrics_of_a_case_worked_out_by_hand():
    # Pairs (fake, real): 0.8 beats both, 0.4 ties with 0.4 and beats 0.1: (2 + 1.5) / 4.
    measured = frame_metrics([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    assert measured["auc"] == pytest.approx(3.5 / 4)
    # The ROC goes (0, 0.5) -> (0.5, 1): misses 0.5 - x meet false alarms x at 0.25.
    assert measured["eer"] == pytest.approx(0.25)
    assert measured["acc"] == pytest.approx(0.75)
    assert measured["brier"] == pytest.approx((0.01 + 0.16 + 0.36 + 0.04) / 4)
    assert measured["log_loss"] == pytest.approx(-np.log([0.9, 0.6, 0.4, 0.8]).mean())


@pytest.mark.parametrize(
    ("scores", "auc", "eer"),
    [
        ([0.0, 0.0, 1.0, 1.0], 1.0, 0.0),
        ([1.0, 1.0, 0.0, 0.0], 0.0, 1.0),
        ([0.5, 0.5, 0.5, 0.5], 0.5, 0.5),
    ],
)
def test_extremes(scores, auc, eer):
    measured = frame_metrics([0, 0, 1, 1], scores)
    assert measured["auc"] == pytest.approx(auc)
    assert measured["eer"] == pytest.approx(eer)
    assert np.isfinite(list(measured.values())).all()


def test_calibration_error_by_hand():
    labels = np.array([0, 1, 1, 1])
    scores = np.array([0.1, 0.15, 0.9, 1.0])
    # Two bins of width 0.5: |0.125 - 0.5| and |0.95 - 1| with half the items each.
    assert calibration_error(labels, scores, bins=2) == pytest.approx(0.375 / 2 + 0.05 / 2)
    assert calibration_error(np.array([0, 1]), np.array([0.0, 1.0])) == 0


def test_video_scores_are_means_in_order_of_the_names():
    names, means = video_scores(["b", "a", "b"], [0.2, 0.9, 0.6])
    assert names.tolist() == ["a", "b"]
    np.testing.assert_allclose(means, [0.9, 0.4])


@pytest.mark.parametrize("seed", range(3))
def test_rates_at_a_false_alarm_rate_by_trying_every_threshold(seed):
    labels, scores = tied_scores(300, seed)
    measured = frame_metrics(labels, scores)
    for key, most in (("tpr_at_fpr_1", 0.01), ("tpr_at_fpr_5", 0.05)):
        found = [
            (scores[labels == 1] >= cut).mean()
            for cut in (*np.unique(scores), 2)
            if (scores[labels == 0] >= cut).mean() <= most
        ]
        assert measured[key] == pytest.approx(max(found))


def test_accuracy_at_a_threshold_from_elsewhere():
    measured = frame_metrics([0, 0, 1, 1], [0.1, 0.6, 0.7, 0.65], threshold=0.65)
    assert (measured["acc"], measured["acc_at_threshold"]) == (0.75, 1.0)
    assert "acc_at_threshold" not in frame_metrics([0, 1], [0.1, 0.9])


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("mean", [0.5, 0.4]),
        ("median", [0.55, 0.4]),
        ("top25", [0.9, 0.4]),
        ("top10", [0.9, 0.4]),
    ],
)
def test_frames_to_videos(aggregate, expected):
    videos = ["a", "b", "a", "a", "a"]
    _, values = video_scores(videos, [0.9, 0.4, 0.0, 0.5, 0.6], aggregate)
    np.testing.assert_allclose(values, expected)


def test_top_of_many_frames():
    scores = np.random.default_rng(0).random(80)
    _, values = video_scores(["v"] * 80, scores, "top10")
    assert values[0] == pytest.approx(np.sort(scores)[-8:].mean())


def test_an_unknown_aggregate_is_named():
    with pytest.raises(ValueError, match=r"`aggregate` must be one of.*Received: .*'max'"):
        video_scores(["a"], [0.5], "max")


def test_a_manipulation_keeps_the_aggregate():
    data = videos_of_frames(24, 5)
    data["methods"] = np.where(data["labels"], "A", "")
    result = evaluate_scores(**data, aggregate="median")
    assert result["methods"]["A"]["video_auc"] == pytest.approx(result["videos"]["auc"])


def videos_of_frames(videos: int, frames: int, seed: int = 0) -> dict:
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(videos) % 2, frames)
    level = np.repeat(rng.normal(0, 1, videos), frames) + labels
    scores = 1 / (1 + np.exp(-(level + rng.normal(0, 0.5, labels.size))))
    names = np.repeat([f"v{index:03d}" for index in range(videos)], frames)
    methods = np.where(labels, np.where(np.arange(labels.size) // frames % 4 == 1, "A", "B"), "")
    return {"labels": labels, "scores": scores, "videos": names, "methods": methods}


def test_evaluate_scores_on_frames_and_videos():
    data = videos_of_frames(24, 5)
    result = evaluate_scores(**data)
    json.dumps(result)
    labels, scores = data["labels"], data["scores"]
    assert result["frames"]["auc"] == pytest.approx(reference.roc_auc_score(labels, scores))
    means = scores.reshape(24, 5).mean(1)
    assert result["videos"]["auc"] == pytest.approx(reference.roc_auc_score(labels[::5], means))
    counts = {key: result["videos"][key] for key in ("count", "real", "fake")}
    assert counts == {"count": 24, "real": 12, "fake": 12}
    for unit in ("frames", "videos"):
        low, high = result[unit]["auc_interval"]
        assert low <= result[unit]["auc"] <= high
        assert low < high
    assert result["interval"] == {"unit": "person", "level": 0.95, "few_videos": False}


def test_per_method_auc_is_against_all_reals():
    data = videos_of_frames(24, 5)
    result = evaluate_scores(**data)
    assert set(result["methods"]) == {"A", "B"}
    kept = (data["labels"] == 0) | (data["methods"] == "A")
    expected = reference.roc_auc_score(data["labels"][kept], data["scores"][kept])
    row = result["methods"]["A"]
    assert row["frame_auc"] == pytest.approx(expected)
    assert (row["frames"], row["videos"]) == (30, 6)


def test_an_interval_over_videos_is_wider_than_one_over_frames():
    data = videos_of_frames(20, 20)
    over_videos = evaluate_scores(**data)["frames"]["auc_interval"]
    data["videos"] = np.arange(400).astype(str)
    over_frames = evaluate_scores(**data)["frames"]["auc_interval"]
    assert np.ptp(over_videos) > 2 * np.ptp(over_frames)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": [1, 1, 1, 1]}, "one class alone has no AUC. Received: 4 labels, all 1"),
        ({"labels": [0, 1, 2, 1]}, r"0 \(real\) and 1 \(fake\) only.*Received"),
        ({"labels": [0, 1, 1]}, r"`labels` and `scores` must have the same length"),
        ({"scores": [0.1, np.nan, 0.2, 0.3]}, r"Received: scores\[1\]=nan"),
        ({"scores": [0.1, 0.2, 1.2, 0.3]}, r"from 0 to 1; 1 of 4 are not"),
        ({"scores": []}, "not empty"),
        ({"videos": ["a", "b", "c"]}, r"`videos` must name one video per score, 4"),
        ({"videos": ["a", "a", "c", "d"]}, r"must not mix.*Received: videos=\['a'\]"),
        ({"methods": ["x"]}, r"`methods` must name one method per score, 4"),
    ],
)
def test_bad_input_is_named(change, message):
    good = {
        "labels": [0, 1, 0, 1],
        "scores": [0.1, 0.9, 0.2, 0.7],
        "videos": ["a", "b", "c", "d"],
        "methods": ["", "x", "", "x"],
    }
    evaluate_scores(**good)
    with pytest.raises(ValueError, match=message):
        evaluate_scores(**good | change)


def test_one_video_of_each_class():
    result = evaluate_scores([0, 1], [0.2, 0.7], ["a", "b"])
    low, high = result["videos"]["auc_interval"]
    assert low < 0.3
    assert high == 1.0
    assert result["interval"]["few_videos"]


@pytest.mark.slow
def test_a_million_frames():
    data = videos_of_frames(31250, 32)
    result = evaluate_scores(**data)
    assert result["frames"]["count"] == 1_000_000


@pytest.mark.parametrize("aggregate", ["mean", "median", "top10", "top25"])
@pytest.mark.parametrize("score", [0.1, 0.7, 0.95, 0.99])
def test_videos_of_equal_frames_are_equal(aggregate, score):
    """However many frames they have: a detector that always says the same has AUC 0.5."""
    lengths = [3, 4] * 20 + [20] * 10
    videos = np.repeat(np.arange(50), lengths)
    _, values = video_scores(videos, np.full(len(videos), score), aggregate)
    assert set(values) == {score}


@pytest.mark.parametrize("aggregate", ["mean", "top10", "top25"])
def test_a_video_is_the_mean_of_its_highest_frames(aggregate):
    rng = np.random.default_rng(0)
    videos, scores = rng.integers(0, 30, 500), rng.random(500)
    share = {"mean": 1.0, "top10": 0.1, "top25": 0.25}[aggregate]
    names, values = video_scores(videos, scores, aggregate)
    for name, value in zip(names, values, strict=True):
        own = np.sort(scores[videos == name])[::-1]
        kept = max(1, round(len(own) * share))
        assert value == pytest.approx(own[:kept].mean(), abs=1e-12)
