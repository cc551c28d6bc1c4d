"""The figures of a model card, filled into what its author wrote."""

import string
from typing import TYPE_CHECKING

import numpy as np

from keras_madd.evaluation.evaluation_result import EvaluationResult
from keras_madd.evaluation.metrics import video_scores
from keras_madd.evaluation.scores import Scores
from keras_madd.inference.calibration import verdict_of
from keras_madd.inference.model_description import ModelDescription
from keras_madd.support.errors import UserError

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier


def model_card(
    template: str,
    *,
    name: str,
    model: "FaceClassifier",
    description: ModelDescription,
    evaluation: EvaluationResult,
    scores: Scores,
    size: int,
) -> str:
    """Fill a template of a model card.

    Args:
        template: Markdown with `$name`, `$weights` (their number), `$megabytes`, `$input_size`,
            `$backbone`, `$temperature`, `$threshold`, `$clear_threshold`, `$results` (a table),
            `$methods` (a table), `$words` (a table of verdicts on the test videos) and `$export`
            (what 8 bits cost); `$$` is a dollar.
        name: Of the preset.
        model: The trained model.
        description: Of its exported file.
        evaluation: What was measured on people that nothing was fitted on.
        scores: The calibrated scores behind it.
        size: Of the folder in bytes.

    Raises:
        UserError: If the template asks for something else.
    """
    export = description.metrics["export"]
    before, after = export["auc"]
    values = {
        "name": name,
        "weights": f"{model.network.count_params():,}",
        "megabytes": f"{size / 1e6:.1f}",
        "input_size": str(description.input_size[0]),
        "backbone": getattr(model.config, "backbone", model.config.architecture),
        "temperature": f"{description.temperature:.3f}",
        "threshold": f"{description.threshold:.3f}",
        "clear_threshold": f"{description.clear_threshold:.3f}",
        "results": _results(evaluation),
        "methods": _methods(evaluation),
        "words": _words(scores, description),
        "export": (
            f"frame AUC {before:.4f} in float32, {after:.4f} in 8 bits; log-odds correlate "
            f"{export['logit_correlation']:.4f} on {export['images']} pictures"
        ),
    }
    try:
        return string.Template(template).substitute(values)
    except (KeyError, ValueError) as error:
        raise UserError(f"The card's template asks for what is not known: {error}") from None


def _results(evaluation: EvaluationResult) -> str:
    rows = []
    for name, result in evaluation.results.items():
        cells = [name, str(result["videos"]["real"]), str(result["videos"]["fake"])]
        for unit in ("videos", "frames"):
            low, high = result[unit]["auc_interval"]
            cells.append(f"{result[unit]['auc']:.3f} ({low:.3f} to {high:.3f})")
        rows.append(cells)
    return _table(["test set", "real videos", "fake videos", "video AUC", "frame AUC"], rows)


def _methods(evaluation: EvaluationResult) -> str:
    rows = [
        [name, method, f"{found['video_auc']:.3f}", f"{found['frame_auc']:.3f}"]
        for name, result in evaluation.results.items()
        for method, found in sorted(result["methods"].items())
    ]
    return _table(["test set", "manipulation", "video AUC", "frame AUC"], rows)


def _words(scores: Scores, description: ModelDescription) -> str:
    """Share of the test videos that get each word, real ones first."""
    words = ("fake", "uncertain", "no trace found")
    rows = []
    for dataset in map(str, scores.dataset.names):
        table = scores.where(dataset=dataset, split="test")
        for method in sorted(set(map(str, table.method.names)), key=lambda each: each != "real"):
            some = table.where(method=method)
            _, means = video_scores(some.video.texts(), some.probability)
            said = np.array(
                [verdict_of(p, description.threshold, description.clear_threshold) for p in means]
            )
            shares = [f"{np.mean(said == word):.1%}" for word in words]
            rows.append([dataset, method, str(len(said)), *shares])
    return _table(["test set", "videos of", "videos", *words], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
