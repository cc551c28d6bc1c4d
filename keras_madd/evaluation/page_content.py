"""What pages on a detector's scores have in common: content for `scores.html`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras_madd.evaluation.auc_interval import few_videos_note
from keras_madd.visualize import charts

CurveSets = Mapping[str, tuple[Sequence[int], Sequence[float]]]

# Key of `frame_metrics`, title, format.
_METRICS = (
    ("auc", "AUC", ".3f"),
    ("ap", "AP", ".3f"),
    ("eer", "EER", ".1%"),
    ("tpr_at_fpr_1", "TPR at FPR 1%", ".1%"),
    ("tpr_at_fpr_5", "TPR at FPR 5%", ".1%"),
    ("acc", "accuracy at 0.5", ".1%"),
    ("acc_at_threshold", "accuracy at the threshold", ".1%"),
    ("log_loss", "log loss", ".3f"),
    ("brier", "Brier", ".3f"),
    ("ece", "ECE", ".3f"),
)


def scores_content(results: Mapping[str, dict], scores: CurveSets) -> dict[str, Any]:
    """Returns the tiles of the first set, tables of all metrics, and what is drawn.

    Args:
        results: Name of a test set to its `evaluate_scores`.
        scores: The same names to the `(labels, scores)` of their frames.
    """
    return manipulation_content(results) | {
        "tiles": headline(results),
        "few_videos": few_videos_note(results),
        "metrics": {name: _metric_rows(result) for name, result in results.items()},
        "curves": scores,
        "groups": _score_groups(scores),
    }


def manipulation_content(results: Mapping[str, dict]) -> dict[str, Any]:
    """Returns what is shown of every manipulation, where they are known."""
    methods = _methods(results)
    aucs = {name: row["frame_auc"] for name, row in methods.items()}
    return {"charts": charts, "methods": methods, "frame_aucs": aucs}


def made_by(
    command: str = "",
    seed: int | None = None,
    notes: Mapping[str, str] | None = None,
    peak_memory: int | None = None,
    versions: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Returns what a reader needs to make the report again."""
    listed = ", ".join(f"{name} {version}" for name, version in (versions or {}).items())
    facts = {
        "Command": command,
        "Seed": "" if seed is None else str(seed),
        **(notes or {}),
        "Peak memory": "" if peak_memory is None else f"{peak_memory / 2**30:.2f} GiB",
        "Versions": listed,
    }
    return {name: text for name, text in facts.items() if text}


def headline(results: Mapping[str, dict]) -> list[tuple[str, str, str]]:
    """Returns the tiles of the first set, with the AUC of the second."""
    (_, seen), *others = results.items()
    frames, videos = seen["frames"], seen["videos"]
    tiles = [
        ("Frame AUC", f"{frames['auc']:.3f}", _small_print(frames)),
        ("Video AUC", f"{videos['auc']:.3f}", _small_print(videos)),
    ]
    for name, result in others[:1]:
        label = f"Frame AUC, {name}"
        tiles.append((label, f"{result['frames']['auc']:.3f}", _small_print(result["frames"])))
    tiles.append(("Equal error rate", f"{frames['eer']:.1%}", "of frames"))
    tiles.append(("Accuracy at 0.5", f"{frames['acc']:.1%}", "of frames"))
    return tiles


def _score_groups(scores: CurveSets) -> dict[str, np.ndarray]:
    """Returns the scores of the first set's reals, then of each set's fakes."""
    (_, (labels, values)), *_ = scores.items()
    groups = {"real": np.asarray(values)[np.asarray(labels) == 0]}
    for name, (labels, values) in scores.items():
        label = f"fake, {name}" if len(scores) > 1 else "fake"
        groups[label] = np.asarray(values)[np.asarray(labels) == 1]
    return groups


def _methods(results: Mapping[str, dict]) -> dict[str, dict]:
    """Returns the rows of all sets; a manipulation that is in several is named with its set."""
    names = [name for result in results.values() for name in result["methods"]]
    rows = {}
    for dataset, result in results.items():
        for name, row in result["methods"].items():
            shown = name.replace("_", " ")
            rows[f"{shown}, {dataset}" if names.count(name) > 1 else shown] = row
    return rows


def _metric_rows(result: dict) -> list[tuple[str, ...]]:
    """Returns one row per metric, by frame and by video: they fit a phone."""
    units = [result["frames"], result["videos"]]
    rows = [("items (real + fake)", *(f"{row['real']} + {row['fake']}" for row in units))]
    for key, title, form in _METRICS:
        if all(key in row for row in units):
            rows.append((title, *(format(row[key], form) for row in units)))
        if key == "auc":
            rows.append(("95% interval", *(_interval_text(row) for row in units)))
    return rows


def _interval_text(metrics: dict) -> str:
    low, high = metrics["auc_interval"]
    return f"{low:.3f} to {high:.3f}"


def _small_print(metrics: dict) -> str:
    return f"95%: {_interval_text(metrics)}"
