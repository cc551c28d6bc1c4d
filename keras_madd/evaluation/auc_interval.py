"""An interval for the AUC that knows how few videos it has seen.

Resampling three videos that are all on the right side gives an AUC of 1 every time, and so does
DeLong's variance. A score interval does not: it holds every true AUC under which the observed one
would lie within 1.96 standard errors, and the standard error is that of the true AUC.

The variance under a true AUC is Hanley and McNeil's, as in Newcombe's method 5, times a factor.
With one video per class the factor is 1. As videos accumulate it becomes what the scores tell:
DeLong's variance over Hanley and McNeil's at the observed AUC. Frames of one video are one
observation in both (Obuchowski).

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
# As many videos of the smaller class weigh as much as the assumption that they replace.
_PRIOR_VIDEOS = 10


def auc_interval(
    labels: np.ndarray, scores: np.ndarray, videos: np.ndarray, level: float = LEVEL
) -> list[float]:
    """Return `[low, high]` for the AUC of frames, or of videos, as one sampled videos.

    Args:
        labels: (N,) bool, true for fake; both classes present.
        scores: (N,) float; or (R, N), by R runs of one training: then for the mean of their AUCs.
        videos: (N,) int from 0, the video of each; all frames of a video share a label.
        level: Share of such intervals that hold the true AUC.
    """
    labels = np.asarray(labels, bool)
    above, below = placements(labels, np.asarray(scores))
    auc = float(above.mean())
    fakes = _VideoMeans(above, np.asarray(videos)[labels])
    reals = _VideoMeans(below, np.asarray(videos)[~labels])
    factor, counts = 1.0, (fakes.count, reals.count)
    if 0 < auc < 1:
        observed = fakes.variance(auc) + reals.variance(auc)
        weight = min(counts) - 1
        ratio = observed / _variance(auc, *counts)
        factor = (weight * ratio + _PRIOR_VIDEOS) / (weight + _PRIOR_VIDEOS)
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


class _VideoMeans:
    """The placements of one class, by video."""

    def __init__(self, values: np.ndarray, videos: np.ndarray):
        _, index = np.unique(videos, return_inverse=True)
        self._sums, self._sizes = np.bincount(index, weights=values), np.bincount(index)
        self.count = len(self._sizes)

    def variance(self, auc: float) -> float:
        """Variance of the class's mean, from how its videos differ."""
        if self.count < 2:
            return 0.0
        off = self._sums - self._sizes * auc
        spread = self.count / (self.count - 1) * float(off @ off)
        return spread / float(self._sizes.sum()) ** 2


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
