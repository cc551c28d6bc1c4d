"""An interval for the AUC that knows how few people it has seen.

Resampling three videos that are all on the right side gives an AUC of 1 every time, and so does
DeLong's variance. A score interval does not: it holds every true AUC under which the observed one
would lie within 1.96 standard errors, and the standard error is that of the true AUC.

The variance under a true AUC is Hanley and McNeil's, as in Newcombe's method 5, times a factor.
With one person per class the factor is 1. As people accumulate it becomes what the scores tell:
DeLong's variance over Hanley and McNeil's at the observed AUC. All frames of one person, of however
many videos, real and fake, are one observation in both (Obuchowski).

`benchmarks/auc_interval.py` simulates the coverage.

References:
    Newcombe, Statistics in Medicine 25 (2006), 559-573.
    Hanley and McNeil, Radiology 143 (1982).
    DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988).
    Obuchowski, Biometrics 53 (1997).
"""

from collections.abc import Mapping

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm, rankdata

LEVEL = 0.95
# Fewer videos of a class than this tell little, and reports say so.
FEW_VIDEOS = 10
# As many people of the smaller class weigh as much as the assumption that they replace.
_PRIOR_PEOPLE = 10


def auc_interval(
    labels: np.ndarray, scores: np.ndarray, people: np.ndarray, level: float = LEVEL
) -> list[float]:
    """Return `[low, high]` for the AUC of frames, or of videos, as one sampled people.

    Args:
        labels: (N,) bool, true for fake; both classes present.
        scores: (N,) float; or (R, N), by R runs of one training: then for the mean of their AUCs.
        people: (N,) int, whom each shows; where nobody is known, its video stands for one.
        level: Share of such intervals that hold the true AUC.
    """
    labels, people = np.asarray(labels, bool), np.asarray(people)
    above, below = placements(labels, np.asarray(scores))
    auc = float(above.mean())
    factor = 1.0
    counts = people_of_each_class(labels, people)
    if 0 < auc < 1:
        observed = variance_over_people(labels, above, below, people)
        weight = min(counts) - 1
        ratio = observed / _variance(auc, *counts)
        factor = (weight * ratio + _PRIOR_PEOPLE) / (weight + _PRIOR_PEOPLE)
    errors = norm.ppf((1 + level) / 2)

    def outside(true: float) -> float:
        return (true - auc) ** 2 - errors**2 * factor * _variance(true, *counts)

    return [_end(outside, auc, 0.0), _end(outside, auc, 1.0)]


def few_videos_note(results: Mapping[str, dict]) -> str:
    """Return a sentence on the test sets that are too small to tell anything, or ''.

    Args:
        results: Name of a test set to its `evaluate_scores`.
    """
    small = [
        f"{name} has {result['videos']['real']} real and {result['videos']['fake']} fake videos"
        for name, result in results.items()
        if result["interval"]["few_videos"]
    ]
    if not small:
        return ""
    return (
        f"Too few videos to tell how good the detector is: {', '.join(small)}. From "
        f"{FEW_VIDEOS} of each class on intervals begin to say something."
    )


def placements(labels: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of reals below each fake, and of fakes above each real, ties one half.

    The mean of either is the AUC.

    Args:
        labels: (N,) bool, both classes present.
        scores: (N,) float; or (R, N), by R runs: then the mean of the runs' shares, since the mean
            of their AUCs is an average over fakes and over reals as each AUC is.
    """
    scores, fakes = np.atleast_2d(scores), int(labels.sum())
    ranks, reals = rankdata(scores, axis=1), len(labels) - fakes
    above = (ranks[:, labels] - rankdata(scores[:, labels], axis=1)) / reals
    below = 1 - (ranks[:, ~labels] - rankdata(scores[:, ~labels], axis=1)) / fakes
    return above.mean(0), below.mean(0)


def people_of_each_class(labels: np.ndarray, people: np.ndarray) -> tuple[int, int]:
    """Return how many people the fakes show, and how many the reals.

    Args:
        labels: (N,) bool.
        people: (N,) int.
    """
    return len(np.unique(people[labels])), len(np.unique(people[~labels]))


def variance_over_people(
    labels: np.ndarray, above: np.ndarray, below: np.ndarray, people: np.ndarray
) -> float:
    """Return the variance of an AUC, from how people differ; of a class with one it tells nothing.

    Args:
        labels: (N,) bool, true for fake; F of them.
        above: (F,) placements of the fakes; or the difference of two models' for that of the AUCs.
        below: (N - F,) the same of the reals.
        people: (N,) int, whom each shows; some are shown by reals and fakes.
    """
    _, index = np.unique(people, return_inverse=True)
    count = int(index.max()) + 1
    off = [
        np.bincount(index[chosen], values - values.mean(), count) / len(values)
        for chosen, values in ((labels, above), (~labels, below))
    ]
    variance = sum(
        shown / (shown - 1) * float(each @ each)
        for shown, each in zip(people_of_each_class(labels, index), off, strict=True)
        if shown > 1
    )
    if count > 1:
        variance += 2 * count / (count - 1) * float(off[0] @ off[1])
    return max(0.0, variance)


def _variance(auc: float, fakes: int, reals: int) -> float:
    """Hanley and McNeil's variance, with Newcombe's symmetric count in both of its terms."""
    count = (fakes + reals) / 2 - 1
    terms = 1 + count * (1 - auc) / (2 - auc) + count * auc / (1 + auc)
    return auc * (1 - auc) * terms / (fakes * reals)


def _end(outside, auc: float, limit: float) -> float:
    """Where the interval ends between the observed AUC, which is inside, and 0 or 1."""
    if auc == limit:
        return limit
    # The variance is 0 at both ends: the limit itself is outside.
    inside = auc if 0 < auc < 1 else abs(auc - 1e-9)
    return float(brentq(outside, inside, limit))
