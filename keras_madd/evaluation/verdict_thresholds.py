"""Where "fake" begins and "no trace found" ends, so that the words keep what they promise.

Both thresholds are order statistics of validation people, as in split conformal prediction: of
n + 1 people drawn alike, each is equally likely to have the k-th highest score, so that a new one
lies above the k-th of the n with probability (n + 1 - k) / (n + 1), whatever the scores' law.

Reference:
    Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005; Angelopoulos and
    Bates, arXiv 2107.07511, section 1.
"""

import math
from dataclasses import dataclass

import numpy as np

from keras_madd.support.errors import UserError

# Share of fakes in which no trace is found, where nothing else is asked for.
MISSES = 0.1


@dataclass(frozen=True)
class VerdictThresholds:
    """Two thresholds of the calibrated probability, and what they were fitted for.

    Attributes:
        threshold: Fake from here on.
        clear_threshold: No trace found below it; uncertain between the two.
        false_alarms: Largest expected share of unseen real people called fake.
        misses: Largest expected share of unseen fakes in which no trace is found.
        people: Real people that `threshold` rests on.
        fakes: Fake videos that `clear_threshold` rests on.
    """

    threshold: float
    clear_threshold: float
    false_alarms: float
    misses: float
    people: int
    fakes: int


def fit_verdict_thresholds(
    labels: np.ndarray,
    probability: np.ndarray,
    videos: np.ndarray,
    people: np.ndarray,
    false_alarms: float = 0.05,
    misses: float = MISSES,
) -> VerdictThresholds:
    """Fits both thresholds on validation people.

    A video's score is the mean over its frames. A person counts once, with the highest score of
    the person's real videos: one photograph too many called fake is a false alarm.

    Args:
        labels: (N,) bool, true for fake frames.
        probability: (N,) calibrated probabilities.
        videos: (N,) names of the videos.
        people: (N,) names or numbers of the people.
        false_alarms: Above 0 and below 1.
        misses: The same.

    Raises:
        UserError: If there are too few people or fakes to promise so small a share.
    """
    for name, value in (("false_alarms", false_alarms), ("misses", misses)):
        if not 0 < value < 1:
            raise ValueError(f"`{name}` must be above 0 and below 1. Received: {name}={value}")
    scores, first = _means(videos, probability)
    is_fake, person = labels[first].astype(bool), people[first]
    fakes = np.sort(scores[is_fake])
    _, at = np.unique(person[~is_fake], return_inverse=True)
    highest = np.zeros(at.max(initial=-1) + 1)
    np.maximum.at(highest, at, scores[~is_fake])
    highest.sort()
    above = math.ceil((len(highest) + 1) * (1 - false_alarms) - 1e-9)
    below = math.floor((len(fakes) + 1) * misses + 1e-9)
    _check_enough(len(highest), above <= len(highest), "real people", "false_alarms", false_alarms)
    _check_enough(len(fakes), below >= 1, "fake videos", "misses", misses)
    # The least number above the score: a person with the same one is no alarm.
    threshold = min(float(np.nextafter(highest[above - 1], 2.0)), 1.0)
    return VerdictThresholds(
        threshold=threshold,
        clear_threshold=min(float(fakes[below - 1]), threshold),
        false_alarms=false_alarms,
        misses=misses,
        people=len(highest),
        fakes=len(fakes),
    )


def _means(videos: np.ndarray, probability: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean probability of each video, and the place of its first frame."""
    _, first, video = np.unique(videos, return_index=True, return_inverse=True)
    return np.bincount(video, probability) / np.bincount(video), first


def _check_enough(count: int, enough: bool, what: str, name: str, share: float) -> None:
    if not enough:
        needed = math.ceil(1 / share - 1e-9) - 1
        raise UserError(
            f"A share of {share:g} ({name.replace('_', ' ')}) can be promised from {needed} "
            f"{what} on. The validation split has {count}."
        )
