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


def log_odds(probability: float) -> float:
    """Returns the log-odds of a probability, which is kept 1e-7 away from 0 and 1 first.

    Raises:
        ValueError: If the probability is not from 0 to 1.
    """
    probability = float(probability)
    if not 0 <= probability <= 1:
        raise ValueError(
            f"Argument `probability` must be from 0 to 1. Received: probability={probability}"
        )
    probability = min(max(probability, LEAST_PROBABILITY), 1 - LEAST_PROBABILITY)
    return math.log(probability / (1 - probability))


def sigmoid(value: float) -> float:
    """Returns the probability that has these log-odds."""
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    exponential = math.exp(value)
    return exponential / (1 + exponential)


def calibrate(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Applies a temperature to probabilities of being fake.

    Args:
        probabilities: (N,) as the network gives them, 0 to 1.
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
    values = [sigmoid(log_odds(value) / temperature) for value in np.asarray(probabilities)]
    return np.array(values, np.float64)


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
