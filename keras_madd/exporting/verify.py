"""Whether an exported file computes what the model does."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_madd.evaluation.bootstrap import weighted_auc
from keras_madd.evaluation.metrics import calibration_error
from keras_madd.exporting.samples import Samples
from keras_madd.inference.calibration import log_odds, uncalibrated
from keras_madd.inference.model_description import read_model_json
from keras_madd.inference.onnx_runner import ONNXRunner
from keras_madd.inference.runner import LiteRTRunner

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier

_SMALLEST = float(np.finfo(np.float32).tiny)


def compare_export(
    model: "FaceClassifier", path: str | os.PathLike, pixels: np.ndarray
) -> dict[str, float]:
    """Compares an exported file, run by LiteRT or ONNX Runtime, with the float model.

    Args:
        model: The detector the file was exported from.
        path: The `.tflite` or `.onnx` file, its description beside it.
        pixels: (B, H, W, 3), of clips (B, T, H, W, 3), RGB pixels 0 to 255.

    Returns:
        `images`, their number; `max_probability_difference` and `mean_probability_difference`,
        absolute; `max_attention_difference`, the largest one of the maps over the maps' largest
        value (of class activation and blending at least 1), 0.0 where there are none. A NaN in the
        file's outputs shows as NaN.

    Raises:
        UserError: If the file cannot be run.
    """
    figures = verify_export(model, path, Samples(pixels, None, "")).figures
    names = ("images", "max_probability_difference", "mean_probability_difference")
    kept = {name: figures[name] for name in names}
    return kept | {"max_attention_difference": figures.get("max_attention_difference", 0.0)}


@dataclass(frozen=True, eq=False)
class Verification:
    """A file's answers beside the float model's.

    Attributes:
        reference, exported: (N,) probabilities of being fake, uncalibrated.
        labels: (N,), 0 real and 1 fake, or None.
        figures: What `agreement_figures` measures.
    """

    reference: np.ndarray
    exported: np.ndarray
    labels: np.ndarray | None
    figures: dict[str, Any]


def verify_export(
    model: "FaceClassifier",
    path: str | os.PathLike,
    samples: Samples,
    threads: int | None = None,
) -> Verification:
    """Scores face crops with the float model under Keras and with an exported file.

    Args:
        model: The detector the file was exported from.
        path: The `.tflite` or `.onnx` file, its description beside it.
        samples: The face crops; without labels there is no AUC and no calibration error.
        threads: Of LiteRT.

    Raises:
        UserError: If the file cannot be run.
    """
    from keras_madd.model.precision import in_float32

    model = in_float32(model)
    runner = ONNXRunner(path) if Path(path).suffix == ".onnx" else LiteRTRunner(path, threads)
    exported, maps = runner.run(samples.images)
    reference = model.fake_probability(samples.images)
    description = read_model_json(path)
    figures = agreement_figures(
        reference,
        exported,
        samples.labels,
        description.temperature,
        description.threshold,
        description.clear_threshold,
    )
    if maps is not None:
        expected = model.heat_maps(samples.images)
        # Class activation is a share of a logit, the map of blending a probability, and both may be
        # 0 everywhere: at least 1 is their scale.
        least = _SMALLEST if model.heat_map_output == "attention_maps" else 1.0
        scale = max(float(np.abs(expected).max()), least)
        figures["max_attention_difference"] = float(np.abs(maps - expected).max()) / scale
    return Verification(reference, np.asarray(exported, "float64"), samples.labels, figures)


def agreement_figures(
    reference: np.ndarray,
    exported: np.ndarray,
    labels: np.ndarray | None,
    temperature: float = 1.0,
    threshold: float = 0.5,
    clear_threshold: float | None = None,
) -> dict[str, Any]:
    """Measures what an export changed.

    Args:
        reference: (N,) probabilities of the float model.
        exported: (N,) probabilities of the file.
        labels: (N,), or None.
        temperature: What the log-odds are divided by before the verdict.
        threshold: Least calibrated probability that is called fake.
        clear_threshold: Below it no trace was found, where there is such a word.

    Returns:
        `images`; `max_probability_difference` and `mean_probability_difference`; of the log-odds
        `logit_correlation` (None where either is constant) and `logit_rms_difference`; `agreement`,
        the share of equal verdicts; and with labels of both classes `auc` and `ece`, `[before,
        after]`, and `auc_drop`, else None under each. A NaN in the file's outputs shows as NaN.
    """
    exported = np.asarray(exported, "float64")
    difference = np.abs(exported - reference)
    before, after = log_odds(reference), log_odds(exported)
    words = [
        uncalibrated(each, temperature) for each in (threshold, clear_threshold) if each is not None
    ]
    same = [(reference >= least) == (exported >= least) for least in words]
    varies = before.std() > 0 and after.std() > 0
    figures: dict[str, Any] = {
        "images": len(exported),
        "max_probability_difference": float(difference.max()),
        "mean_probability_difference": float(difference.mean()),
        "logit_correlation": float(np.corrcoef(before, after)[0, 1]) if varies else None,
        "logit_rms_difference": float(np.sqrt(np.mean((before - after) ** 2))),
        "agreement": float(np.mean(np.all(same, axis=0))),
        "auc": None,
        "ece": None,
        "auc_drop": None,
    }
    if labels is not None and 0 < np.sum(labels) < len(labels) and np.isfinite(exported).all():
        aucs = [weighted_auc(np.asarray(labels) == 1, each) for each in (reference, exported)]
        figures["auc"] = aucs
        figures["ece"] = [calibration_error(labels, each) for each in (reference, exported)]
        figures["auc_drop"] = aucs[0] - aucs[1]
    return figures


def sample_pictures(size: tuple[int, int], count: int = 8, seed: int = 0) -> np.ndarray:
    """Returns generated pictures, smooth and rough parts mixed, for a check without data.

    They show whether a file computes the same function, not how accurate it is on faces.

    Args:
        size: (height, width).
        count: Number of pictures.
        seed: Seed of the generator.

    Returns:
        (count, height, width, 3) uint8.
    """
    rng = np.random.default_rng(seed)
    height, width = size
    total = np.zeros((count, height, width, 3))
    for cells in (2, 5, 16, 64):
        coarse = rng.normal(0, 1, (count, cells, cells, 3))
        rows = np.minimum(np.arange(height) * cells // height, cells - 1)
        columns = np.minimum(np.arange(width) * cells // width, cells - 1)
        total += coarse[:, rows][:, :, columns] / np.log2(2 * cells)
    return np.clip(total * 55 + 120, 0, 255).astype(np.uint8)
