"""Temperature and threshold, fitted on the validation split and on no other."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_madd.evaluation.metrics import calibration_error
from keras_madd.evaluation.protocol import frames_of
from keras_madd.evaluation.scores import CLEAN, Scores
from keras_madd.evaluation.verdict_thresholds import (
    MISSES,
    VerdictThresholds,
    fit_verdict_thresholds,
)
from keras_madd.inference.calibration import LEAST_PROBABILITY, calibrate
from keras_madd.support.errors import UserError

_TEMPERATURES = (0.05, 20.0)


@dataclass(frozen=True)
class Calibration:
    """What was fitted, and on what.

    Attributes:
        temperature: The log-odds are divided by it.
        threshold: A calibrated probability from here on is called fake, unless a threshold from
            elsewhere is given.
        frames: Number of validation frames.
        log_loss: Of the validation frames before and after.
        ece: Expected calibration error of the same, before and after.
        words: The thresholds of the words, which then replace `threshold`; or None.
    """

    temperature: float
    threshold: float
    frames: int
    log_loss: tuple[float, float]
    ece: tuple[float, float]
    words: VerdictThresholds | None = None

    @property
    def doubt(self) -> str:
        """What speaks against using it; empty where nothing does."""
        if self.threshold in (0, 1):
            verdict = "real" if self.threshold else "fake"
            return (
                f"The fitted threshold of {self.threshold:.0f} calls every face {verdict}: no "
                "better one was found on the validation split."
            )
        least, most = _TEMPERATURES
        if not 1.01 * least < self.temperature < most / 1.01:
            return (
                f"The temperature of {self.temperature:.3g} is an end of the range that is "
                "searched: the scores say little of the validation split."
            )
        return ""


def fit_calibration(
    scores: Scores, false_alarms: float | None = None, misses: float = MISSES
) -> Calibration:
    """Fits the temperature by log loss and the threshold by balanced accuracy, or by false alarms.

    Both classes weigh the same: a validation split with four fakes to a real must not teach that
    most faces are fake. Of equally good thresholds the middle one is taken.

    Args:
        scores: Validation frames; clean rows are used.
        false_alarms: Largest share of unseen real people that may be called fake, as
            `fit_verdict_thresholds`; `None`: the threshold of the best balanced accuracy.
        misses: With `false_alarms`, the largest share of fakes in which no trace is found.

    Raises:
        UserError: If a row is of another split than `"val"`, or a class is missing. Fitting on the
            split that is reported would flatter the report.
    """
    frames = frames_of(scores.where(condition=CLEAN))
    others = sorted(set(frames.split.names.tolist()) - {"val"})
    if others:
        raise UserError(
            "Temperature and threshold are fitted on the validation split only. "
            f"Received: rows of {', '.join(others)}"
        )
    labels = frames.label.astype(bool)
    if labels.all() or not labels.any():
        kind = "fake" if labels.all() else "real"
        raise UserError(
            f"The validation split has one class only ({len(labels)} frames, all {kind}); "
            "temperature and threshold need both."
        )
    temperature = _fit_temperature(labels, frames.probability)
    before, after = frames.probability, calibrate(frames.probability, temperature)
    words = None
    if false_alarms is not None:
        # Names of videos are unique within a data set.
        videos = np.char.add(np.char.add(frames.dataset.texts(), "/"), frames.video.texts())
        words = fit_verdict_thresholds(labels, after, videos, frames.people(), false_alarms, misses)
    return Calibration(
        temperature=temperature,
        threshold=_fit_threshold(labels, after) if words is None else words.threshold,
        words=words,
        frames=len(labels),
        log_loss=(_balanced_log_loss(labels, before), _balanced_log_loss(labels, after)),
        ece=(calibration_error(labels, before), calibration_error(labels, after)),
    )


def save_calibration(model: Path, calibration: Calibration) -> None:
    """Writes temperature and threshold into the `model.json` beside an exported file.

    Raises:
        UserError: If the model has no description, as a Keras model has none.
    """
    from keras_madd.inference.model_description import read_model_json, write_model_json

    if model.suffix not in (".tflite", ".onnx"):
        raise UserError(f"{model} has no model.json; export it, then calibrate the exported file.")
    values = dataclasses.asdict(read_model_json(model))
    del values["sha256"]
    words = calibration.words
    values |= {
        "temperature": calibration.temperature,
        "threshold": calibration.threshold,
        "clear_threshold": None if words is None else words.clear_threshold,
    }
    write_model_json(model, **values)


def _fit_temperature(labels: np.ndarray, probability: np.ndarray) -> float:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_t: _balanced_log_loss(labels, calibrate(probability, np.exp(log_t))),
        bounds=np.log(_TEMPERATURES),
        method="bounded",
        options={"xatol": 1e-6},
    )
    return float(np.exp(found.x))


def _fit_threshold(labels: np.ndarray, probability: np.ndarray) -> float:
    order = np.argsort(probability, kind="stable")
    values, ranked = probability[order], labels[order]
    # Cutting before item i calls items i.. fake.
    missed = np.r_[0, np.cumsum(ranked)] / ranked.sum()
    alarms = 1 - np.r_[0, np.cumsum(~ranked)] / (~ranked).sum()
    between = np.r_[True, values[1:] != values[:-1], True]
    error = np.where(between, missed + alarms, np.inf)
    edges = np.r_[0.0, (values[1:] + values[:-1]) / 2, 1.0]
    best = np.flatnonzero(error <= error.min() + 1e-12)
    return float(edges[best[(len(best) - 1) // 2]])


def _balanced_log_loss(labels: np.ndarray, probability: np.ndarray) -> float:
    clipped = np.clip(probability, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    fakes = -np.log(clipped[labels]).mean()
    reals = -np.log1p(-clipped[~labels]).mean()
    return float((fakes + reals) / 2)
