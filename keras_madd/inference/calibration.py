"""From the network's probability to the one that is shown, and to a verdict.

The arithmetic, in IEEE double precision, which the phone's twin repeats;
`tests/golden/calibration.json` holds the vectors that both are tested with, to 1e-12:

    p'  = min(max(p, 1e-7), 1 - 1e-7)
    z   = ln(p' / (1 - p'))                           the log-odds
    z'  = z / temperature
    p'' = 1 / (1 + exp(-z'))    where z' >= 0
          e / (1 + e)           elsewhere, with e = exp(z')

    fake              where p'' >= threshold
    no trace found    where p'' < clear_threshold, in a model that has one
    uncertain         else, in such a model; real in any other
"""

import math

import numpy as np

LEAST_PROBABILITY = 1e-7

FAKE, REAL = "fake", "real"
UNCERTAIN, NO_TRACE = "uncertain", "no trace found"


def log_odds(probability: np.ndarray | float) -> np.ndarray:
    """Returns the log-odds of probabilities, kept 1e-7 away from 0 and 1 first; NaN stays NaN."""
    kept = np.clip(np.asarray(probability, np.float64), LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return np.log(kept / (1 - kept))


def sigmoid(value: np.ndarray | float) -> np.ndarray:
    """Returns the probabilities that have these log-odds."""
    exponential = np.exp(-np.abs(value))
    return np.where(np.asarray(value) >= 0, 1, exponential) / (1 + exponential)


def calibrate(probability: np.ndarray, temperature: float) -> np.ndarray:
    """Applies a temperature to probabilities of being fake.

    Args:
        probability: (N,) as the network gives them, 0 to 1.
        temperature: Above 0. Above 1 it draws the probabilities towards 0.5; at 1 they stay.

    Returns:
        float64 (N,).

    Raises:
        ValueError: If the temperature is not a positive number or a probability is none.
    """
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(
            f"Argument `temperature` must be a number above 0. Received: temperature={temperature}"
        )
    check_probability(probability)
    return sigmoid(log_odds(probability) / temperature)


def uncalibrated(probability: float, temperature: float) -> float:
    """Returns the p whose `sigmoid(logit(p) / temperature)` is `probability`."""
    if temperature == 1.0 or probability in (0, 1):
        return float(probability)
    return float(sigmoid(log_odds(probability) * temperature))


def check_probability(probability: np.ndarray | float) -> None:
    """Raises ValueError where a probability is not from 0 to 1, or NaN."""
    probability = np.asarray(probability)
    wrong = probability[~((probability >= 0) & (probability <= 1))]
    if wrong.size:
        raise ValueError(
            f"Argument `probability` must be from 0 to 1. Received: probability={wrong[0]}"
        )


def verdict_of(probability: float, threshold: float, clear_threshold: float | None = None) -> str:
    """Puts a calibrated probability into words.

    Args:
        probability: Calibrated, 0 to 1.
        threshold: Fake from here on.
        clear_threshold: Below it no trace was found; `None` in models that were not fitted for
            these words, and call everything below `threshold` real.

    Returns:
        `"fake"`, `"uncertain"` or `"no trace found"`; or `"fake"` or `"real"`.
    """
    if probability >= threshold:
        return FAKE
    if clear_threshold is None:
        return REAL
    return NO_TRACE if probability < clear_threshold else UNCERTAIN
