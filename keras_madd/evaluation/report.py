"""A report that a reader can judge a detector by: one HTML file with everything in it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from keras_madd.files import replace_file
from keras_madd.visualize import charts, encode_png, page

DEMONSTRATION_BANNER = (
    "This model is a demonstration trained on synthetic faces; it detects nothing in the wild."
)
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
    document = page.page(report.title, list(_body(report)))
    return replace_file(path, document.encode())


def _body(report: Report) -> Iterator[str]:
    yield f"<header><h1>{page.escape(report.title)}</h1>"
    if report.summary:
        yield f'<p class="lead">{page.escape(report.summary)}</p>'
    yield "</header>"
    if report.banner:
        yield f'<p class="banner" role="note">{page.escape(report.banner)}</p>'
    yield page.cards(_headline(report.results))
    yield from _scores(report)
    if report.faces is not None:
        yield from _attention(report)
    if report.photo is not None:
        yield page.heading("A real photograph")
        yield page.picture(
            encode_png(_at_most(report.photo, _PHOTO_SIDE)),
            "A photograph with each face's box, score and attention",
            report.photo_caption,
        )
    if report.history:
        yield page.heading(
            "Training",
            "Each quantity per epoch."
            + (
                " The dotted line is the epoch that was kept."
                if report.best_epoch is not None
                else ""
            ),
        )
        draw = partial(charts.loss_curves, report.history, report.best_epoch)
        yield page.chart(draw, "Loss and other quantities per epoch")
    yield from _made_by(report)


def _headline(results: Mapping[str, dict]) -> list[tuple[str, str, str]]:
    (_, seen), *others = results.items()
    frames, videos = seen["frames"], seen["videos"]
    tiles = [
        ("Frame AUC", f"{frames['auc']:.3f}", _interval_text(frames)),
        ("Video AUC", f"{videos['auc']:.3f}", _interval_text(videos)),
    ]
    for name, result in others[:1]:
        label = f"Frame AUC, {name}"
        tiles.append((label, f"{result['frames']['auc']:.3f}", _interval_text(result["frames"])))
    tiles.append(("Equal error rate", f"{frames['eer']:.1%}", "of frames"))
    tiles.append(("Accuracy at 0.5", f"{frames['acc']:.1%}", "of frames"))
    return tiles


def _scores(report: Report) -> Iterator[str]:
    head = ["items", "AUC", "95% interval", "AP", "EER", "accuracy", "log loss", "Brier", "ECE"]
    yield page.heading(
        "How well it separates real from fake",
        "A video's score is the mean over its frames. Intervals come from drawing videos, not "
        "frames, with replacement. A coin has an AUC of 0.5.",
    )
    for unit in ("frames", "videos"):
        rows = [[name, *_metric_cells(result[unit])] for name, result in report.results.items()]
        yield page.table([f"by {unit[:-1]}", *head], rows)
    yield page.paragraph(
        "AP: average precision. EER: the error rate where as many fakes are missed as real ones "
        "are called fake. Brier: mean squared error of the probability. ECE: expected calibration "
        "error, the mean gap between predicted and true share of fakes."
    )
    yield '<div class="pair">'
    yield page.chart(
        partial(charts.roc_curves, report.scores),
        "ROC curves",
        "How many fakes are found against how many real faces are called fake, by frame.",
    )
    yield page.chart(
        partial(charts.score_histogram, _score_groups(report.scores)),
        "Histogram of scores",
        "Scores of the frames. The dotted line is the threshold of the accuracy.",
    )
    yield "</div>"
    methods = {}
    for result in report.results.values():
        methods |= {name.replace("_", " "): row for name, row in result["methods"].items()}
    if methods:
        yield page.heading("By manipulation", "Fakes of one kind against all real ones.")
        yield '<div class="pair">'
        aucs = {name: row["frame_auc"] for name, row in methods.items()}
        yield page.chart(partial(charts.method_chart, aucs), "Frame AUC of each manipulation")
        yield page.table(
            ["manipulation", "frame AUC", "video AUC", "frames", "videos"],
            [
                [
                    name,
                    f"{row['frame_auc']:.3f}",
                    f"{row['video_auc']:.3f}",
                    str(row["frames"]),
                    str(row["videos"]),
                ]
                for name, row in methods.items()
            ],
        )
        yield "</div>"


def _attention(report: Report) -> Iterator[str]:
    yield page.heading(
        "Where it looks",
        "Brighter is more attention; each map is drawn from its own lowest to highest value.",
    )
    caption = ""
    if report.attention_overlap is not None:
        caption = (
            "Mean cosine between the maps of one face, over the test faces: "
            f"{report.attention_overlap:.3f} (0: no shared place, 1: all maps alike)."
        )
    faces = report.faces
    draw = partial(charts.attention_grid, faces.images, faces.maps, faces.captions)
    yield page.chart(draw, "Attention maps over sample faces", caption, wide=True)


def _made_by(report: Report) -> Iterator[str]:
    rows = []
    if report.command:
        rows.append(("Command", report.command))
    if report.seed is not None:
        rows.append(("Seed", str(report.seed)))
    rows.extend(report.notes.items())
    if report.peak_memory is not None:
        rows.append(("Peak memory", f"{report.peak_memory / 2**30:.2f} GiB"))
    if report.versions:
        versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
        rows.append(("Versions", versions))
    if rows or report.seconds:
        yield page.heading("How this was made")
    if rows:
        yield page.facts(rows, code=("Command",))
    if report.seconds:
        stages = [[name, f"{seconds:.1f}"] for name, seconds in report.seconds.items()]
        stages.append(["all stages", f"{sum(report.seconds.values()):.1f}"])
        yield page.table(["stage", "seconds"], stages)


def _score_groups(
    scores: Mapping[str, tuple[Sequence[int], Sequence[float]]],
) -> dict[str, np.ndarray]:
    """Returns the scores of the first set's reals, then of each set's fakes."""
    (_, (labels, values)), *_ = scores.items()
    groups = {"real": np.asarray(values)[np.asarray(labels) == 0]}
    for name, (labels, values) in scores.items():
        label = f"fake, {name}" if len(scores) > 1 else "fake"
        groups[label] = np.asarray(values)[np.asarray(labels) == 1]
    return groups


def _metric_cells(metrics: dict) -> list[str]:
    cells = [str(metrics["count"]), f"{metrics['auc']:.3f}"]
    interval = metrics.get("auc_interval")
    cells.append(f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else "")
    cells += [f"{metrics['ap']:.3f}", f"{metrics['eer']:.1%}", f"{metrics['acc']:.1%}"]
    return cells + [f"{metrics[key]:.3f}" for key in ("log_loss", "brier", "ece")]


def _interval_text(metrics: dict) -> str:
    interval = metrics.get("auc_interval")
    return f"95%: {interval[0]:.3f} to {interval[1]:.3f}" if interval else ""


def _at_most(image: np.ndarray, side: int) -> np.ndarray:
    scale = side / max(image.shape[:2])
    if scale >= 1:
        return image
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
