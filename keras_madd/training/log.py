"""The figures of a run, for people and for spreadsheets."""

import csv
import io
from pathlib import Path

from keras_madd.support.files import replace_file

LOG = "log.csv"
_SHORT = {
    "loss": "loss",
    "classification_loss": "CE",
    "augmented_classification_loss": "AGDA",
    "region_independence_loss": "RIL",
    "match_loss": "match",
}


def save_log(folder: Path, history: list[dict[str, float]]) -> None:
    """Write log.csv: one line for each finished epoch."""
    text = io.StringIO()
    columns = list(dict.fromkeys(name for figures in history for name in figures))
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    replace_file(folder / LOG, text.getvalue().encode(), overwrite=True)


def loss_note(logs: dict[str, float]) -> str:
    """The loss and its terms in a few words."""
    found = {short: logs[name] for name, short in _SHORT.items() if name in logs}
    if len(found) == 2:  # The loss is its only term.
        del found["CE"]
    return " ".join(f"{short} {value:.3f}" for short, value in found.items())


def epoch_line(figures: dict[str, float], epochs: int, improved: bool) -> str:
    """One line about a finished epoch."""
    return (
        f"epoch {figures['epoch']}/{epochs}: {loss_note(figures)}, "
        f"validation video AUC {figures['val_video_auc']:.4f}, "
        f"frame AUC {figures['val_frame_auc']:.4f}, {figures['seconds']:.0f} s"
        f"{', best' if improved else ''}"
    )
