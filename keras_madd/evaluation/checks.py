"""What labels, scores and names of videos must be before they are measured."""

import numpy as np
from numpy.typing import ArrayLike


def checked_scores(scores: ArrayLike) -> np.ndarray:
    """Returns (N,) scores as float64, or says which one is no probability."""
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim != 1 or scores.size == 0:
        raise ValueError(
            "Argument `scores` must be one-dimensional and not empty. "
            f"Received: scores.shape={scores.shape}"
        )
    bad = ~((scores >= 0) & (scores <= 1))  # true for NaN as well
    if bad.any():
        raise ValueError(
            f"Argument `scores` must hold probabilities from 0 to 1; {int(bad.sum())} of "
            f"{scores.size} are not. Received: scores[{int(bad.argmax())}]={scores[bad.argmax()]}"
        )
    return scores


def checked(labels: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Returns labels as bool and scores as float64, both (N,), both classes present."""
    scores = checked_scores(scores)
    labels = np.asarray(labels)
    if labels.shape != scores.shape:
        raise ValueError(
            "Arguments `labels` and `scores` must have the same length. "
            f"Received: labels.shape={labels.shape}, scores.shape={scores.shape}"
        )
    values = np.unique(labels)
    if not np.isin(values, (0, 1)).all():
        raise ValueError(
            "Argument `labels` must hold 0 (real) and 1 (fake) only. "
            f"Received: labels with values {values[:5].tolist()}"
        )
    if len(values) < 2:
        raise ValueError(
            "Argument `labels` must hold both real (0) and fake (1) items: one class alone has "
            f"no AUC. Received: {labels.size} labels, all {values[0]}"
        )
    return labels.astype(bool), scores


def grouped(videos: ArrayLike, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the sorted names of the videos and each frame's index into them."""
    videos = np.asarray(videos)
    if videos.shape != (length,):
        raise ValueError(
            f"Argument `videos` must name one video per score, {length} in all. "
            f"Received: videos.shape={videos.shape}"
        )
    return np.unique(videos, return_inverse=True)


def one_label_per_video(labels: np.ndarray, names: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Returns the videos' labels as bool, or names videos that have both."""
    share = np.bincount(index, weights=labels) / np.bincount(index)
    mixed = (share > 0) & (share < 1)
    if mixed.any():
        raise ValueError(
            "Argument `videos` must not mix real and fake frames under one name. "
            f"Received: videos={names[mixed][:3].tolist()} with both labels"
        )
    return share.astype(bool)
