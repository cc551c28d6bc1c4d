"""The page at the end of the quickstart: what a newcomer sees first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_madd.demo.manipulations import UNSEEN
from keras_madd.evaluation.page_content import headline, made_by, manipulation_content
from keras_madd.support.files import replace_file
from keras_madd.support.shipped import CARD, DEFAULT, shipped_folder
from keras_madd.visualize import encode_png, page

_SUMMARY = (
    "Faces were drawn by computer from one public-domain portrait and filmed, half of them "
    "manipulated; a small network was trained on them, chosen by validation people, and tested on "
    "people it had never seen."
)


@dataclass(frozen=True, eq=False)
class Findings:
    """What the page shows.

    Attributes:
        metrics: What `metrics.json` holds.
        results: Name of a test set to its `evaluate_scores`.
        photo: (H, W, 3) uint8 RGB, the photograph with its score drawn on it.
        history: Figures of every epoch.
        commands: What is done to the command that does it.
    """

    metrics: Mapping
    results: Mapping[str, dict]
    photo: np.ndarray
    history: Sequence[Mapping[str, float]]
    commands: Mapping[str, str]


def write_page(path: Path, findings: Findings) -> Path:
    """Write `report.html`, which needs nothing but itself."""
    metrics = findings.metrics
    before, after = metrics["export"]["auc"]
    names = [name for name in findings.history[0] if name not in ("epoch", "seconds")]
    folder = shipped_folder(DEFAULT)
    content = manipulation_content(findings.results) | {
        "tiles": headline(findings.results),
        "title": "keras_madd quickstart",
        "lead": _SUMMARY,
        "warnings": [page.DEMONSTRATION_BANNER],
        "photo": encode_png(findings.photo),
        "unseen": UNSEEN,
        "card": folder and (folder / CARD).as_uri(),
        "history": {name: [row[name] for row in findings.history] for name in names},
        "best_epoch": metrics["best_epoch"] - 1,
        "commands": findings.commands,
        "seconds": metrics["seconds"],
        "facts": made_by(
            metrics["settings"]["command"],
            metrics["settings"]["seed"],
            {"Quantisation": f"frame AUC {before:.4f} in float32, {after:.4f} in 8 bits"},
            metrics["peak_memory_bytes"],
            metrics["versions"],
        ),
    }
    return replace_file(path, page.render("quickstart", **content))
