"""Metrics on frames and on videos, with intervals that respect what was sampled: videos."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from keras_madd.evaluation.auc_interval import FEW_VIDEOS, LEVEL, auc_interval
from keras_madd.evaluation.bootstrap import weighted_auc
from keras_madd.evaluation.checks import (
    checked,
    checked_scores,
    grouped,
    one_label_per_video,
)
from keras_madd.support.errors import check_choice

CALIBRATION_BINS = 15
AGGREGATES = ("mean", "median", "top10", "top25")


def frame_metrics(
    labels: ArrayLike, scores: ArrayLike, threshold: float | None = None
) -> dict[str, float]:
    """Measures scores against labels, each item counting once.

    Args:
        labels: (N,), 0 for real and 1 for fake; both must occur.
        scores: (N,), probability of being fake, 0 to 1.
        threshold: A threshold that was chosen on other data, the validation split.

    Returns:
        A dictionary of floats: `auc` (ties count one half), `ap` (average precision, fake is the
        positive class), `eer` (the rate at which the straight-line ROC has as many misses as false
        alarms), `tpr_at_fpr_1` and `tpr_at_fpr_5` (share of fakes found by the lowest threshold
        that calls at most 1 or 5 % of the reals fake), `acc` (a score of 0.5 or more is called
        fake), `acc_at_threshold` (the same at `threshold`, where given), `log_loss` (natural
        logarithm), `brier` and `ece` (expected calibration error of the probability, 15 bins of
        equal width).

    Raises:
        ValueError: If lengths differ, a score is not a number from 0 to 1, a label is neither 0
            nor 1, or only one class is present.
    """
    labels, scores = checked(labels, scores)
    # Here, not at the top: scoring a photograph must not wait for scikit-learn.
    from sklearn.metrics import average_precision_score, log_loss, roc_curve

    false_alarms, hits, _ = roc_curve(labels, scores, drop_intermediate=False)
    measured = {
        "auc": weighted_auc(labels, scores),
        "ap": float(average_precision_score(labels, scores)),
        "eer": equal_error_rate(false_alarms, hits),
        "tpr_at_fpr_1": float(hits[false_alarms <= 0.01][-1]),
        "tpr_at_fpr_5": float(hits[false_alarms <= 0.05][-1]),
        "acc": float(np.mean((scores >= 0.5) == labels)),
    }
    if threshold is not None:
        measured["acc_at_threshold"] = float(np.mean((scores >= threshold) == labels))
    return measured | {
        "log_loss": float(log_loss(labels, scores)),
        "brier": float(np.mean((scores - labels) ** 2)),
        "ece": calibration_error(labels, scores),
    }


def equal_error_rate(false_alarms: np.ndarray, hits: np.ndarray) -> float:
    """Returns the error rate where the ROC, joined by straight lines, has misses = false alarms.

    Args:
        false_alarms: (K,), rising from 0 to 1.
        hits: (K,), rising from 0 to 1.
    """
    gap = false_alarms - (1.0 - hits)  # rises from -1 to 1
    after = int(np.argmax(gap >= 0))
    before = max(after - 1, 0)
    if gap[after] == gap[before]:
        return float(false_alarms[after])
    share = -gap[before] / (gap[after] - gap[before])
    return float(false_alarms[before] + share * (false_alarms[after] - false_alarms[before]))


def calibration_error(
    labels: np.ndarray, scores: np.ndarray, bins: int = CALIBRATION_BINS
) -> float:
    """Returns the mean gap between predicted and observed share of fakes, over bins of the score.

    Bins have equal width and weigh as many items as they hold; 1.0 belongs to the last one.
    """
    index = np.minimum((np.asarray(scores) * bins).astype(int), bins - 1)
    gaps = np.bincount(index, weights=np.asarray(scores) - labels, minlength=bins)
    return float(np.abs(gaps).sum() / len(index))


def video_scores(
    videos: ArrayLike, scores: ArrayLike, aggregate: str = "mean"
) -> tuple[np.ndarray, np.ndarray]:
    """Makes one score per video of its frames' scores.

    Args:
        videos: (N,), the name of the video each frame is from.
        scores: (N,), probability of being fake, 0 to 1.
        aggregate: `"mean"`, `"median"`, or `"top10"`, `"top25"`: the mean of the highest 10 or
            25 % of the frames, at least one.

    Returns:
        `(names, values)`: the (V,) sorted names and the (V,) scores.

    Raises:
        ValueError: If lengths differ, a score is not a number from 0 to 1 or `aggregate` is not
            known.
    """
    scores = checked_scores(scores)
    names, index = grouped(videos, len(scores))
    return names, aggregated(index, scores, aggregate)


def aggregated(index: np.ndarray, scores: np.ndarray, aggregate: str) -> np.ndarray:
    """Returns one score per group, (V,), of (N,) scores; `index` is each one's group from 0."""
    check_choice("aggregate", aggregate, AGGREGATES)
    counts = np.bincount(index)
    order = np.lexsort((scores, index))
    ordered, group = scores[order], index[order]
    ends = np.cumsum(counts)
    if aggregate == "median":
        middle = ends - counts
        return (ordered[middle + (counts - 1) // 2] + ordered[middle + counts // 2]) / 2
    kept = counts
    if aggregate != "mean":
        share = int(aggregate.removeprefix("top")) / 100
        kept = np.maximum(1, np.rint(counts * share).astype(int))
    highest = np.arange(len(ordered)) >= (ends - kept)[group]
    sums = np.bincount(group[highest], weights=ordered[highest])
    # A mean lies between its numbers, but rounding: equal frames give videos that are equal, too.
    return np.clip(sums / kept, ordered[ends - kept], ordered[ends - 1])


def evaluate_scores(
    labels: ArrayLike,
    scores: ArrayLike,
    videos: ArrayLike,
    methods: ArrayLike | None = None,
    threshold: float | None = None,
    aggregate: str = "mean",
    people: ArrayLike | None = None,
) -> dict:
    """Evaluates frame scores by the usual protocol; the result can be written as JSON.

    A video's score is the mean over its frames, unless `aggregate` says otherwise. The intervals
    count people, never frames: what shows one person is not independent.

    Args:
        labels: (N,), 0 for real and 1 for fake; all frames of a video share one.
        scores: (N,), probability of being fake, 0 to 1.
        videos: (N,), the name of the video each frame is from.
        methods: (N,), the manipulation that made each fake; ignored where the label is 0.
        threshold: As `frame_metrics`.
        aggregate: As `video_scores`.
        people: (N,), whom each frame shows; `None`: each video somebody else.

    Returns:
        `{"frames": {...}, "videos": {...}, "methods": {...}, "interval": {...}}`. The first two
        hold `frame_metrics`, `count`, `real`, `fake` and `auc_interval` `[low, high]`; `methods`
        maps each manipulation to `frame_auc`, `video_auc`, `frames` and `videos`, its fakes
        against all reals; `interval` tells the level, and whether there are `few_videos`, fewer
        than ten of a class.

    Raises:
        ValueError: As `frame_metrics`; also if one video has frames of both classes.
    """
    labels, scores = checked(labels, scores)
    names, index = grouped(videos, len(scores))
    video_labels = one_label_per_video(labels, names, index)
    means = aggregated(index, scores, aggregate)

    result: dict[str, Any] = {
        "frames": _with_counts(labels, scores, threshold),
        "videos": _with_counts(video_labels, means, threshold),
        "methods": {},
        "aggregate": aggregate,
    }
    _, person = grouped(index if people is None else people, len(scores))
    result["frames"]["auc_interval"] = auc_interval(labels, scores, person)
    person = person[np.unique(index, return_index=True)[1]]
    result["videos"]["auc_interval"] = auc_interval(video_labels, means, person)
    smaller = min(result["videos"]["real"], result["videos"]["fake"])
    result["interval"] = {"unit": "person", "level": LEVEL, "few_videos": smaller < FEW_VIDEOS}
    if methods is not None:
        result["methods"] = _per_method(labels, scores, index, means, methods)
    return result


def _with_counts(labels: np.ndarray, scores: np.ndarray, threshold: float | None) -> dict:
    fakes = int(labels.sum())
    counts = {"count": len(labels), "real": len(labels) - fakes, "fake": fakes}
    return counts | frame_metrics(labels, scores, threshold)


def _per_method(
    labels: np.ndarray,
    scores: np.ndarray,
    index: np.ndarray,
    means: np.ndarray,
    methods: ArrayLike,
) -> dict[str, dict]:
    methods = np.asarray(methods).astype(str)
    if methods.shape != labels.shape:
        raise ValueError(
            f"Argument `methods` must name one method per score, {len(labels)} in all. "
            f"Received: methods.shape={methods.shape}"
        )
    table = {}
    for method in np.unique(methods[labels]):
        kept = ~labels | (methods == method)
        videos, first = np.unique(index[kept], return_index=True)
        video_labels = labels[kept][first]
        table[str(method)] = {
            "frame_auc": weighted_auc(labels[kept], scores[kept]),
            "video_auc": weighted_auc(video_labels, means[videos]),
            "frames": int(labels[kept].sum()),
            "videos": int(video_labels.sum()),
        }
    return table
