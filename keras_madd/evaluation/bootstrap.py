"""The area under the ROC curve with weights, and its bootstrap interval over videos."""

import numpy as np


class RankedScores:
    """Scores sorted once, so that the AUC under many weightings is cheap.

    Args:
        labels: (N,) bool, true for fake.
        scores: (N,) float.
    """

    def __init__(self, labels: np.ndarray, scores: np.ndarray):
        self._order = np.argsort(scores, kind="stable")
        ranked = scores[self._order]
        self._labels = labels[self._order]
        self._starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])

    def auc(self, weights: np.ndarray) -> float:
        """Returns the probability that a fake outranks a real, a tie counting one half.

        Args:
            weights: (N,), how often each item counts; both classes need some weight.
        """
        weights = weights[self._order].astype(np.float64)
        fakes = np.add.reduceat(weights * self._labels, self._starts)
        reals = np.add.reduceat(weights * ~self._labels, self._starts)
        below = np.cumsum(reals) - reals / 2
        return float(fakes @ below / (fakes.sum() * reals.sum()))


def weighted_auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """Returns the area under the ROC curve of (N,) scores, ties counting one half."""
    return RankedScores(np.asarray(labels, bool), np.asarray(scores)).auc(np.ones(len(scores)))


def auc_intervals(
    frame_labels: np.ndarray,
    frame_scores: np.ndarray,
    frame_videos: np.ndarray,
    video_labels: np.ndarray,
    video_means: np.ndarray,
    resamples: int,
    seed: int,
    level: float = 0.95,
) -> tuple[list[float], list[float]]:
    """Returns the percentile intervals of the frame AUC and of the video AUC.

    Videos are drawn with replacement within each class, so that every resample has both.

    Args:
        frame_labels: (N,) bool.
        frame_scores: (N,) float.
        frame_videos: (N,) int, each frame's row in the next two.
        video_labels: (V,) bool.
        video_means: (V,) float.
        resamples: Number of draws.
        seed: Seed of the draws.
        level: Share of the resamples inside the interval.
    """
    rng = np.random.default_rng(seed)
    frames = RankedScores(frame_labels, frame_scores)
    videos = RankedScores(video_labels, video_means)
    classes = [np.flatnonzero(video_labels), np.flatnonzero(~video_labels)]
    values = np.empty((resamples, 2))
    for row in values:
        drawn = np.concatenate([rng.choice(group, len(group)) for group in classes])
        counts = np.bincount(drawn, minlength=len(video_labels))
        row[:] = frames.auc(counts[frame_videos]), videos.auc(counts)
    tail = (1 - level) / 2
    low, high = np.quantile(values, [tail, 1 - tail], axis=0)
    return [float(low[0]), float(high[0])], [float(low[1]), float(high[1])]
