"""Whether one model is better than another on the same videos."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from keras_madd.evaluation.auc_interval import (
    people_of_each_class,
    placements,
    variance_over_people,
)
from keras_madd.evaluation.bootstrap import GroupedAUC, people_resamples, percentile_interval
from keras_madd.evaluation.protocol import Protocol
from keras_madd.evaluation.scores import Scores
from keras_madd.evaluation.video_runs import VideoRuns, shared_videos, videos_of
from keras_madd.support.errors import UserError


@dataclass(frozen=True)
class Comparison:
    """The video AUC of two models on the videos that both have scored; of runs, their mean.

    Attributes:
        videos: Number of videos.
        auc: Of the first and of the second model.
        difference: First less second.
        interval: 95 % interval of the difference, from drawing people, the same for both.
        bootstrap_p: Two-sided p-value of the bootstrap.
        delong_p: Two-sided p-value of DeLong's test.
    """

    videos: int
    auc: tuple[float, float]
    difference: float
    interval: tuple[float, float]
    bootstrap_p: float
    delong_p: float


def compare_models(
    first: Scores | Sequence[Scores], second: Scores | Sequence[Scores], protocol: Protocol
) -> dict[str, Comparison]:
    """Compares two models per data set, on the videos that both have scored.

    Args:
        first: Scores of one model, its clean rows are used; or those of several runs of one
            training, of which the mean AUC is compared.
        second: Scores of the other one, or of its runs.
        protocol: The rules.

    Returns:
        Name of each data set that both have, to its comparison.

    Raises:
        UserError: If they share no data set with both classes, or disagree on a label.
    """
    runs = [[each] if isinstance(each, Scores) else each for each in (first, second)]
    one, other = (videos_of(each, protocol) for each in runs)
    return compare_videos(one, other, protocol)


def compare_videos(
    first: Mapping[str, VideoRuns], second: Mapping[str, VideoRuns], protocol: Protocol
) -> dict[str, Comparison]:
    """Does what `compare_models` does, with data set to videos of each model, from `videos_of`."""
    results = {}
    for dataset in (name for name in first if name in second):
        pair = shared_videos(dataset, first[dataset], second[dataset])
        if pair[0].has_both_classes:
            results[dataset] = _compared(*pair, protocol)
    if not results:
        raise _none_shared(first, second)
    return results


def check_shared_sets(first: Collection[str], second: Collection[str]) -> None:
    """Raises `compare_models`'s UserError where two lists of data sets have no name in common."""
    if not set(first) & set(second):
        raise _none_shared(first, second)


def delong_test(
    labels: np.ndarray, first: np.ndarray, second: np.ndarray, people: np.ndarray | None = None
) -> tuple[float, float]:
    """DeLong's test for the difference of two AUCs on the same items.

    Args:
        labels: (V,) bool, both classes present.
        first: (V,) scores of one model, or (R, V) of R runs of one training.
        second: The same of the other one.
        people: (V,) int, whom each item shows, as one observation; `None`: each somebody else.

    Returns:
        `(variance, p)`: of the difference of the AUCs, and the two-sided p-value; 1.0 where the
        difference is 0, or one person of a class says nothing of how others vary. Where nothing
        varies, as between a perfect order and none, it is twice the chance of a perfect order.

    Reference:
        DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988); by mid-ranks as in Sun and Xu,
        IEEE Signal Processing Letters 21 (2014). People as in Obuchowski, Biometrics 53 (1997).
    """
    labels = np.asarray(labels, bool)
    people = np.arange(len(labels)) if people is None else people
    over_fakes, over_reals = zip(
        *(placements(labels, np.asarray(scores)) for scores in (first, second)), strict=True
    )
    aucs = [above.mean() for above in over_fakes]
    difference = aucs[0] - aucs[1]
    apart = (over_fakes[0] - over_fakes[1], over_reals[0] - over_reals[1])
    variance = variance_over_people(labels, *apart, people)
    fakes, reals = people_of_each_class(labels, people)
    if difference == 0 or min(fakes, reals) < 2:
        return variance, 1.0
    if variance == 0:
        return variance, 2 / math.comb(fakes + reals, fakes)
    return variance, float(2 * norm.sf(abs(difference) / np.sqrt(variance)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusts p-values for being several, so that all hold at once.

    Args:
        p_values: K of them, of any tests.

    Returns:
        K adjusted ones, in the same order.

    Reference:
        Holm, Scandinavian Journal of Statistics 6 (1979).
    """
    values = np.asarray(p_values, float)
    order = np.argsort(values, kind="stable")
    raised = np.maximum.accumulate(values[order] * np.arange(len(values), 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(raised, 1)
    return adjusted.tolist()


def _none_shared(first: Iterable[str], second: Iterable[str]) -> UserError:
    return UserError(
        "The two tables share no data set with real and fake videos of the same names. "
        f"Received: {', '.join(first)} in one and {', '.join(second)} in the other"
    )


def _compared(first: VideoRuns, second: VideoRuns, protocol: Protocol) -> Comparison:
    labels, people = first.labels, first.people
    models = [_mean_auc(each) for each in (first, second)]
    draws = people_resamples(labels, people, max(protocol.bootstrap, 100), protocol.seed)
    differences = np.concatenate([models[0](each) - models[1](each) for each in draws])
    aucs = first.auc()["mean"], second.auc()["mean"]
    low, high = percentile_interval(differences)
    # The share of resamples on the other side of zero, counted once more so that p is never 0.
    side = min(float(np.mean(differences <= 0)), float(np.mean(differences >= 0)))
    p = min(1.0, 2 * (side * len(differences) + 1) / (len(differences) + 1))
    return Comparison(
        videos=len(labels),
        auc=aucs,
        difference=aucs[0] - aucs[1],
        interval=(low, high),
        bootstrap_p=p,
        delong_p=delong_test(labels, first.values, second.values, people)[1],
    )


def _mean_auc(runs: VideoRuns) -> Callable[[np.ndarray], np.ndarray]:
    """Returns the mean AUC of the runs as a function of (V, R) weights of the videos."""
    count = len(runs.labels)
    curves = [GroupedAUC(runs.labels, each, np.arange(count), count) for each in runs.values]
    return lambda weights: np.mean([curve.auc(weights) for curve in curves], axis=0)
