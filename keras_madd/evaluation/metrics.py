"""Metrics on frames and on videos, with intervals that respect what was sampled: videos."""

from collections.abc import Sequence

import numpy as np

from keras_madd.evaluation.bootstrap import auc_intervals, weighted_auc
from keras_madd.evaluation.checks import (
    checked,
    checked_scores,
    grouped,
    one_label_per_video,
)

CALIBRATION_BINS = 15


def frame_metrics(labels: Sequence[int], scores: Sequence[float]) -> dict[str, float]:
    """Measures scores against labels, each item counting once.

    Args:
        labels: (N,), 0 for real and 1 for fake; both must occur.
        scores: (N,), probability of being fake, 0 to 1.

    Returns:
        A dictionary of floats: `auc` (ties count one half), `ap` (average precision, fake is the
        positive class), `eer` (the rate at which the straight-line ROC has as many misses as false
        alarms), `acc` (a score of 0.5 or more is called fake), `log_loss` (natural logarithm),
        `brier` and `ece` (expected calibration error of the probability, 15 bins of equal width).

    Raises:
        ValueError: If lengths differ, a score is not a number from 0 to 1, a label is neither 0
            nor 1, or only one class is present.
    """
    labels, scores = checked(labels, scores)
    # Here, not at the top: scoring a photograph must not wait for scikit-learn.
    from sklearn.metrics import average_precision_score, log_loss

    return {
        "auc": weighted_auc(labels, scores),
        "ap": float(average_precision_score(labels, scores)),
        "eer": equal_error_rate(labels, scores),
        "acc": float(np.mean((scores >= 0.5) == labels)),
        "log_loss": float(log_loss(labels, scores)),
        "brier": float(np.mean((scores - labels) ** 2)),
        "ece": calibration_error(labels, scores),
    }


def equal_error_rate(labels: np.ndarray, scores: np.ndarray) -> float:
    """Returns the error rate where the ROC, joined by straight lines, has misses = false alarms."""
    from sklearn.metrics import roc_curve

    false_alarms, hits, _ = roc_curve(labels, scores)
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


def video_scores(videos: Sequence[str], scores: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Averages the scores of each video's frames.

    Args:
        videos: (N,), the name of the video each frame is from.
        scores: (N,), probability of being fake, 0 to 1.

    Returns:
        `(names, means)`: the (V,) sorted names and the (V,) mean scores.

    Raises:
        ValueError: If lengths differ or a score is not a number from 0 to 1.
    """
    scores = checked_scores(scores)
    names, index = grouped(videos, len(scores))
    return names, np.bincount(index, weights=scores) / np.bincount(index)


def evaluate_scores(
    labels: Sequence[int],
    scores: Sequence[float],
    videos: Sequence[str],
    methods: Sequence[str] | None = None,
    bootstrap: int = 1000,
    seed: int = 0,
) -> dict:
    """Evaluates frame scores by the usual protocol; the result can be written as JSON.

    A video's score is the mean over its frames. The intervals come from drawing videos, never
    frames, with replacement within each class: frames of one video are not independent.

    Args:
        labels: (N,), 0 for real and 1 for fake; all frames of a video share one.
        scores: (N,), probability of being fake, 0 to 1.
        videos: (N,), the name of the video each frame is from.
        methods: (N,), the manipulation that made each fake; ignored where the label is 0.
        bootstrap: Number of resamples for the 95 % intervals; 0 leaves them out.
        seed: Seed of the resampling.

    Returns:
        `{"frames": {...}, "videos": {...}, "methods": {...}, "bootstrap": {...}}`. The first two
        hold `frame_metrics`, `count`, `real`, `fake` and `auc_interval` `[low, high]`; `methods`
        maps each manipulation to `frame_auc`, `video_auc`, `frames` and `videos`, its fakes
        against all reals.

    Raises:
        ValueError: As `frame_metrics`; also if one video has frames of both classes.
    """
    labels, scores = checked(labels, scores)
    names, index = grouped(videos, len(scores))
    video_labels = one_label_per_video(labels, names, index)
    means = np.bincount(index, weights=scores) / np.bincount(index)

    result = {
        "frames": _with_counts(labels, scores),
        "videos": _with_counts(video_labels, means),
        "methods": {},
    }
    if bootstrap:
        intervals = auc_intervals(labels, scores, index, video_labels, means, bootstrap, seed)
        result["frames"]["auc_interval"], result["videos"]["auc_interval"] = intervals
        result["bootstrap"] = {
            "unit": "video",
            "resamples": int(bootstrap),
            "level": 0.95,
            "seed": int(seed),
        }
    if methods is not None:
        result["methods"] = _per_method(labels, scores, index, methods)
    return result


def mean_attention_overlap(maps: np.ndarray) -> float:
    """Measures how much the attention maps of one image look at the same places.

    The cosine between every two maps of an image, averaged over pairs and images: 1 when all maps
    are alike up to scale, 0 when none share a pixel. The region independence loss and
    attention-guided augmentation are there to lower it (sections 3.3 and 3.4 of the paper).

    Args:
        maps: (B, h, w, M), non-negative, M of 2 or more. A map that is zero everywhere overlaps
            with nothing.

    Returns:
        The mean cosine, 0 to 1.

    Raises:
        ValueError: If the shape does not fit or a value is negative or not finite.
    """
    maps = np.asarray(maps, dtype=np.float64)
    if maps.ndim != 4 or maps.shape[-1] < 2 or maps.size == 0:
        raise ValueError(
            "Argument `maps` must have shape (B, h, w, M) with M of 2 or more. "
            f"Received: maps.shape={maps.shape}"
        )
    if not np.isfinite(maps).all() or maps.min() < 0:
        raise ValueError(
            "Argument `maps` must hold finite values of 0 or more. "
            f"Received: min={np.min(maps)}, max={np.max(maps)}"
        )
    batch, height, width, count = maps.shape
    flat = maps.reshape(batch, height * width, count)
    norms = np.linalg.norm(flat, axis=1, keepdims=True)
    unit = np.divide(flat, norms, out=np.zeros_like(flat), where=norms > 0)
    cosines = np.einsum("bpi,bpj->bij", unit, unit)
    pairs = np.triu_indices(count, k=1)
    return float(cosines[:, pairs[0], pairs[1]].mean())


def _with_counts(labels: np.ndarray, scores: np.ndarray) -> dict:
    fakes = int(labels.sum())
    counts = {"count": len(labels), "real": len(labels) - fakes, "fake": fakes}
    return counts | frame_metrics(labels, scores)


def _per_method(
    labels: np.ndarray, scores: np.ndarray, index: np.ndarray, methods: Sequence[str]
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
        _, video = np.unique(index[kept], return_inverse=True)
        sizes = np.bincount(video)
        means = np.bincount(video, weights=scores[kept]) / sizes
        video_labels = np.bincount(video, weights=labels[kept]) > 0
        table[str(method)] = {
            "frame_auc": weighted_auc(labels[kept], scores[kept]),
            "video_auc": weighted_auc(video_labels, means),
            "frames": int(labels[kept].sum()),
            "videos": int(video_labels.sum()),
        }
    return table
