"""A report that a reader can judge a detector by: one HTML file with everything in it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from keras_madd.evaluation.report_sections import made_by, scores_content
from keras_madd.support.files import replace_file
from keras_madd.visualize import encode_png, page

_PHOTO_SIDE = 1280


@dataclass(frozen=True)
class FaceExamples:
    """Faces to show attention maps over.

    Attributes:
        images: (B, H, W, 3) uint8 RGB.
        maps: (B, h, w, M).
        captions: B short texts, such as `"real, scored 4%"`.
    """

    images: np.ndarray
    maps: np.ndarray
    captions: Sequence[str]


@dataclass(frozen=True)
class Report:
    """What a report shows; a part that is left out leaves its section out.

    Attributes:
        title: Heading of the page.
        results: Name of a test set, such as `"seen manipulations"`, to its `evaluate_scores`. The
            first one makes the headline; the second, where there is one, adds its AUC to it.
        scores: The same names to the `(labels, scores)` of their frames.
        summary: One or two sentences under the title.
        banner: A warning that nobody can miss.
        history: Name to one value per epoch, as `keras.callbacks.History.history`.
        best_epoch: Index from 0 of the epoch that was kept.
        faces: Examples for the attention maps.
        attention_overlap: `mean_attention_overlap` of the test faces.
        photo: (H, W, 3) uint8 RGB, a photograph with scores drawn on it.
        photo_caption: What the photograph is and where it is from.
        seconds: Stage to seconds of wall clock.
        peak_memory: Peak resident memory in bytes.
        command: The command that made the report.
        seed: Its seed.
        versions: Package to version.
        notes: More facts, name to text.
    """

    title: str
    results: Mapping[str, dict]
    scores: Mapping[str, tuple[Sequence[int], Sequence[float]]]
    summary: str = ""
    banner: str = ""
    history: Mapping[str, Sequence[float]] | None = None
    best_epoch: int | None = None
    faces: FaceExamples | None = None
    attention_overlap: float | None = None
    photo: np.ndarray | None = None
    photo_caption: str = ""
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_memory: int | None = None
    command: str = ""
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)


def write_report(path: str | os.PathLike, report: Report) -> Path:
    """Writes a self-contained `report.html`; an unfinished one never appears under its name.

    Args:
        path: The file to write; an existing one is replaced.
        report: What it shows.

    Returns:
        The path.

    Raises:
        ValueError: If `results` is empty or its names are not those of `scores`.
    """
    if not report.results or list(report.results) != list(report.scores):
        raise ValueError(
            "Arguments `results` and `scores` must name the same test sets, at least one. "
            f"Received: results={list(report.results)}, scores={list(report.scores)}"
        )
    content = {
        "title": report.title,
        "lead": report.summary,
        "warnings": [report.banner] if report.banner else [],
        "report": report,
        "photo": None if report.photo is None else encode_png(_at_most(report.photo, _PHOTO_SIDE)),
        "facts": made_by(
            report.command, report.seed, report.notes, report.peak_memory, report.versions
        ),
    }
    content |= scores_content(report.results, report.scores)
    return replace_file(path, page.render("report", **content))


def _at_most(image: np.ndarray, side: int) -> np.ndarray:
    scale = side / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
