"""The area under the ROC curve with weights, and draws of people to compare two models with."""

from collections.abc import Iterator

import numpy as np

# Above this number of distinct scores the bootstrap ranks them in this many bins of equal size;
# an AUC then moves by less than 1e-4, far less than the interval is wide.
MAX_BINS = 20_000
_RESAMPLES_AT_ONCE = 50


class GroupedAUC:
    """The AUC of scores that come in groups (videos), under many weightings of the groups.

    Args:
        labels: (N,) bool, true for fake.
        scores: (N,) float.
        groups: (N,) int, the group of each score.
        group_count: Number of groups G.
        max_bins: Number of ranks that are told apart.
    """

    def __init__(
        self,
        labels: np.ndarray,
        scores: np.ndarray,
        groups: np.ndarray,
        group_count: int,
        max_bins: int = MAX_BINS,
    ):
        from scipy.sparse import csr_array

        ranks = dense_ranks(scores)
        if ranks.max() >= max_bins:
            # Equal scores stay together: the bin follows from how many scores lie below.
            below = np.cumsum(np.bincount(ranks)) - np.bincount(ranks)
            ranks = below[ranks] * max_bins // len(scores)
        shape = (int(ranks.max()) + 1, group_count)

        def counts(chosen: np.ndarray) -> csr_array:
            ones = np.ones(int(chosen.sum()))
            return csr_array((ones, (ranks[chosen], groups[chosen])), shape=shape)

        self._fakes, self._reals = counts(labels), counts(~labels)

    def auc(self, weights: np.ndarray) -> np.ndarray:
        """Returns the chance that a fake outranks a real, a tie counting one half.

        Args:
            weights: (G, R), how often each group counts, for R weightings; both classes need some
                weight in each.

        Returns:
            (R,) float64.
        """
        fakes, reals = self._fakes @ weights, self._reals @ weights
        below = np.cumsum(reals, axis=0) - reals / 2
        return (fakes * below).sum(0) / (fakes.sum(0) * reals.sum(0))


def dense_ranks(values: np.ndarray) -> np.ndarray:
    """Returns (N,) int ranks from 0, equal values sharing one."""
    return np.unique(values, return_inverse=True)[1]


def weighted_auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Returns the area under the ROC curve of (N,) scores, ties counting one half."""
    labels, ranks = np.asarray(labels, bool), dense_ranks(np.asarray(scores))
    fakes = np.bincount(ranks, weights=labels)
    reals = np.bincount(ranks, weights=~labels)
    below = np.cumsum(reals) - reals / 2
    return float(fakes @ below / (fakes.sum() * reals.sum()))


def people_resamples(
    labels: np.ndarray, people: np.ndarray, resamples: int, seed: int
) -> Iterator[np.ndarray]:
    """Yields how often each video is drawn, (V, R) float64, some resamples at a time.

    People are drawn with replacement, each with all that shows them, within those of whom there are
    fakes alone, reals alone and both, so that every resample has both classes.

    Args:
        labels: (V,) bool, both classes present.
        people: (V,) int, whom each video shows.
        resamples: Number of draws in all.
        seed: Seed of the draws.
    """
    rng = np.random.default_rng(seed)
    _, person = np.unique(people, return_inverse=True)
    count = int(person.max()) + 1
    fake, real = (np.bincount(person, each, count) > 0 for each in (labels, ~labels))
    alike = [np.flatnonzero(each) for each in (fake & ~real, real & ~fake, fake & real)]
    for start in range(0, resamples, _RESAMPLES_AT_ONCE):
        counts = np.empty((len(labels), min(_RESAMPLES_AT_ONCE, resamples - start)))
        for column in counts.T:
            drawn = np.concatenate([rng.choice(each, len(each)) for each in alike if len(each)])
            column[:] = np.bincount(drawn, minlength=count)[person]
        yield counts


def percentile_interval(values: np.ndarray) -> list[float]:
    """Returns `[low, high]`, the middle 95 % of (R,) resampled values."""
    return np.quantile(values, [0.025, 0.975]).tolist()
