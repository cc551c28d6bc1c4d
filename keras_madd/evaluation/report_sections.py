"""Sections that the reports share: fragments of a page, made of `evaluate_scores` results."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from keras_madd.evaluation.auc_interval import few_videos_note
from keras_madd.visualize import charts, page

CurveSets = Mapping[str, tuple[Sequence[int], Sequence[float]]]

_UNITS = ("frames", "videos")
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


def scores_section(
    results: Mapping[str, dict], scores: CurveSets, video_rule: str = "mean over its frames"
) -> Iterator[str]:
    """Yields tables of all metrics, ROC curves and histograms.

    Args:
        results: Name of a test set to its `evaluate_scores`.
        scores: The same names to the `(labels, scores)` of their frames.
        video_rule: How a video's score is made, in words.
    """
    yield page.heading(
        "How well it separates real from fake",
        f"A video's score is the {video_rule}. Intervals count videos, not frames. A coin has an "
        "AUC of 0.5.",
    )
    if note := few_videos_note(results):
        yield f'<p class="banner" role="note">{page.escape(note)}</p>'
    tables = [_metric_table(name, result) for name, result in results.items()]
    yield from tables if len(tables) == 1 else ['<div class="pair">', *tables, "</div>"]
    yield page.paragraph(
        "AP: average precision. EER: the error rate where as many fakes are missed as real ones "
        "are called fake. TPR at FPR 1% (5%): the share of fakes found where at most 1% (5%) of "
        "the real ones are called fake. Brier: mean squared error of the probability. ECE: "
        "expected calibration error, the mean gap between predicted and true share of fakes."
    )
    yield '<div class="pair">'
    yield page.chart(
        partial(charts.roc_curves, scores),
        "ROC curves",
        "How many fakes are found against how many real faces are called fake, by frame.",
    )
    yield page.chart(
        partial(charts.score_histogram, _score_groups(scores)),
        "Histogram of scores",
        "Scores of the frames. The dotted line is the threshold of the accuracy.",
    )
    yield "</div>"
    yield from manipulations(results)


def manipulations(results: Mapping[str, dict]) -> Iterator[str]:
    """Yields a chart and a table of every manipulation, where they are known."""
    methods = _methods(results)
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


def made_by_section(
    command: str = "",
    seed: int | None = None,
    notes: Mapping[str, str] | None = None,
    peak_memory: int | None = None,
    versions: Mapping[str, str] | None = None,
    seconds: Mapping[str, float] | None = None,
) -> Iterator[str]:
    """Yields what a reader needs to make the report again."""
    rows = []
    if command:
        rows.append(("Command", command))
    if seed is not None:
        rows.append(("Seed", str(seed)))
    rows.extend((notes or {}).items())
    if peak_memory is not None:
        rows.append(("Peak memory", f"{peak_memory / 2**30:.2f} GiB"))
    if versions:
        listed = ", ".join(f"{name} {version}" for name, version in versions.items())
        rows.append(("Versions", listed))
    if rows or seconds:
        yield page.heading("How this was made")
    if rows:
        yield page.facts(rows, code=("Command",))
    if seconds:
        stages = [[name, f"{value:.1f}"] for name, value in seconds.items()]
        stages.append(["all stages", f"{sum(seconds.values()):.1f}"])
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


def _methods(results: Mapping[str, dict]) -> dict[str, dict]:
    """Returns the rows of all sets; a manipulation that is in several is named with its set."""
    names = [name for result in results.values() for name in result["methods"]]
    rows = {}
    for dataset, result in results.items():
        for name, row in result["methods"].items():
            shown = name.replace("_", " ")
            rows[f"{shown}, {dataset}" if names.count(name) > 1 else shown] = row
    return rows


def _metric_table(name: str, result: dict) -> str:
    """Returns one row per metric, by frame and by video: it fits a phone."""
    units = [result[unit] for unit in _UNITS]
    rows = [["items (real + fake)", *(f"{row['real']} + {row['fake']}" for row in units)]]
    for key, title, form in _METRICS:
        if all(key in row for row in units):
            rows.append([title, *(format(row[key], form) for row in units)])
        if key == "auc":
            rows.append(["95% interval", *(_interval_text(row) for row in units)])
    return page.table([name, *(f"by {unit[:-1]}" for unit in _UNITS)], rows)


def _interval_text(metrics: dict) -> str:
    low, high = metrics["auc_interval"]
    return f"{low:.3f} to {high:.3f}"


def _small_print(metrics: dict) -> str:
    return f"95%: {_interval_text(metrics)}"
