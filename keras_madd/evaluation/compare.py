"""Whether one model is better than another on the same videos."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from keras_madd.evaluation.auc_interval import placements
from keras_madd.evaluation.bootstrap import (
    GroupedAUC,
    percentile_interval,
    video_resamples,
    weighted_auc,
)
from keras_madd.evaluation.metrics import aggregated
from keras_madd.evaluation.protocol import Protocol, frames_of
from keras_madd.evaluation.scores import CLEAN, Scores
from keras_madd.support.errors import UserError


@dataclass(frozen=True)
class Comparison:
    """The video AUC of two models on the videos that both have scored.

    Attributes:
        videos: Number of videos.
        auc: Of the first and of the second model.
        difference: First less second.
        interval: 95 % interval of the difference, from drawing videos, the same for both.
        bootstrap_p: Two-sided p-value of the bootstrap.
        delong_p: Two-sided p-value of DeLong's test.
    """

    videos: int
    auc: tuple[float, float]
    difference: float
    interval: tuple[float, float]
    bootstrap_p: float
    delong_p: float


def compare_models(first: Scores, second: Scores, protocol: Protocol) -> dict[str, Comparison]:
    """Compares two models per data set, on the videos that both have scored.

    Args:
        first: Scores of one model; its clean rows are used.
        second: Scores of the other one.
        protocol: The rules.

    Returns:
        Name of each data set that both have, to its comparison.

    Raises:
        UserError: If they share no data set with both classes, or disagree on a label.
    """
    tables = [frames_of(table.where(condition=CLEAN)) for table in (first, second)]
    shared = [str(name) for name in tables[0].dataset.names if name in tables[1].dataset.names]
    results = {}
    for dataset in shared:
        videos = [_videos(table.where(dataset=dataset), protocol) for table in tables]
        names = sorted(set(videos[0]) & set(videos[1]))
        labels = np.array([videos[0][name][0] for name in names], bool)
        differing = [name for name in names if videos[0][name][0] != videos[1][name][0]]
        if differing:
            raise UserError(
                f"The two tables disagree on the label of {len(differing)} videos of {dataset}, "
                f"such as {differing[0]}."
            )
        if 0 < labels.sum() < len(labels):
            one, other = (np.array([video[name][1] for name in names]) for video in videos)
            results[dataset] = _compared(labels, one, other, protocol)
    if not results:
        raise UserError(
            "The two tables share no data set with real and fake videos. "
            f"Received: {', '.join(tables[0].dataset.names)} and "
            f"{', '.join(tables[1].dataset.names)}"
        )
    return results


def delong_test(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """DeLong's test for the difference of two AUCs on the same items.

    Args:
        labels: (V,) bool, both classes present.
        first: (V,) scores of one model.
        second: (V,) scores of the other one.

    Returns:
        `(variance, p)`: of the difference of the AUCs, and the two-sided p-value; 1.0 where the
        difference is 0.

    Reference:
        DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988); by mid-ranks as in Sun and Xu,
        IEEE Signal Processing Letters 21 (2014).
    """
    labels = np.asarray(labels, bool)
    over_fakes, over_reals = zip(
        *(placements(labels, np.asarray(scores)) for scores in (first, second)), strict=True
    )
    aucs = [above.mean() for above in over_fakes]
    difference = aucs[0] - aucs[1]
    variance = _variance(over_fakes[0] - over_fakes[1]) + _variance(over_reals[0] - over_reals[1])
    if difference == 0:
        return variance, 1.0
    if variance == 0:
        return variance, 0.0
    return variance, float(2 * norm.sf(abs(difference) / np.sqrt(variance)))


def _variance(values: np.ndarray) -> float:
    """Returns the variance of the mean of (N,) values."""
    return float(values.var(ddof=1) / len(values)) if len(values) > 1 else 0.0


def _compared(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, protocol: Protocol
) -> Comparison:
    count = len(labels)
    curves = [GroupedAUC(labels, scores, np.arange(count), count) for scores in (first, second)]
    draws = video_resamples(labels, max(protocol.bootstrap, 100), protocol.seed)
    differences = np.concatenate([curves[0].auc(each) - curves[1].auc(each) for each in draws])
    aucs = weighted_auc(labels, first), weighted_auc(labels, second)
    low, high = percentile_interval(differences)
    # The share of resamples on the other side of zero, counted once more so that p is never 0.
    side = min(float(np.mean(differences <= 0)), float(np.mean(differences >= 0)))
    p = min(1.0, 2 * (side * len(differences) + 1) / (len(differences) + 1))
    return Comparison(
        videos=count,
        auc=aucs,
        difference=aucs[0] - aucs[1],
        interval=(low, high),
        bootstrap_p=p,
        delong_p=delong_test(labels, first, second)[1],
    )


def _videos(frames: Scores, protocol: Protocol) -> dict[str, tuple[int, float]]:
    values = aggregated(frames.video.codes, frames.probability, protocol.aggregate)
    first = np.unique(frames.video.codes, return_index=True)[1]
    return {
        str(name): (int(label), float(value))
        for name, label, value in zip(frames.video.names, frames.label[first], values, strict=True)
    }
