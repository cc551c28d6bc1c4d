"""The page that a reader judges an evaluation by: one HTML file with everything in it."""

import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from keras_madd.evaluation.corruptions import CORRUPTIONS, SEVERITIES
from keras_madd.evaluation.outcome import Outcome
from keras_madd.evaluation.report_sections import (
    CurveSets,
    headline,
    made_by_section,
    scores_section,
)
from keras_madd.evaluation.why import Faces, Why
from keras_madd.support.files import replace_file
from keras_madd.visualize import charts, evaluation_charts, page


def write_evaluation_report(
    path: str | os.PathLike, title: str, outcome: Outcome, scores: CurveSets
) -> Path:
    """Writes a self-contained `report.html`; an unfinished one never appears under its name.

    Args:
        path: The file to write; an existing one is replaced.
        title: Heading of the page.
        outcome: What was found.
        scores: Data set to the `(labels, scores)` of its frames, for the curves.
    """
    return replace_file(path, page.page(title, list(_body(title, outcome, scores))).encode())


def _body(title: str, outcome: Outcome, scores: CurveSets) -> Iterator[str]:
    yield f"<header><h1>{page.escape(title)}</h1>"
    tested = ", ".join(
        f"{name} ({result['videos']['real']} real and {result['videos']['fake']} fake videos)"
        for name, result in outcome.results.items()
    )
    yield f'<p class="lead">Tested on {page.escape(tested)}.</p></header>'
    for warning in outcome.warnings:
        yield f'<p class="banner" role="note">{page.escape(warning)}</p>'
    yield page.cards(headline(outcome.results))
    if len(outcome.results) > 1:
        yield from _cross_dataset(outcome)
    yield from scores_section(outcome.results, scores, outcome.rules["score of a video"])
    yield from _errors_and_calibration(outcome, scores)
    if outcome.one_class:
        yield from _one_class(outcome)
    if outcome.comparison:
        yield from _comparison(outcome)
    for dataset, conditions in outcome.corruptions.items():
        yield from _corruptions(dataset, conditions, outcome)
    for dataset, why in outcome.why.items():
        yield from _why(dataset, why, len(outcome.why) > 1)
    yield from made_by_section(
        outcome.command,
        outcome.seed,
        _notes(outcome),
        versions=outcome.versions,
        seconds=outcome.seconds,
    )


def _cross_dataset(outcome: Outcome) -> Iterator[str]:
    yield page.heading("From one data set to the next", "The same model on each data set.")
    rows = []
    for name, result in outcome.results.items():
        cells = []
        for unit in ("frames", "videos"):
            cells.append(f"{result[unit]['auc']:.3f}")
            low, high = result[unit]["auc_interval"]
            cells.append(f"{low:.3f} to {high:.3f}")
        cells.append(f"{result['videos']['eer']:.1%}")
        rows.append([name, *cells])
    yield page.table(
        ["data set", "frame AUC", "95% interval", "video AUC", "95% interval", "video EER"], rows
    )


def _errors_and_calibration(outcome: Outcome, scores: CurveSets) -> Iterator[str]:
    value, origin = outcome.threshold
    text = f"Threshold: {0.5 if value is None else value:.3f}, {origin}."
    if outcome.temperature is not None:
        text += f" Temperature: {outcome.temperature:.3f}."
    yield page.heading("Errors and calibration", text)
    yield '<div class="pair">'
    yield page.chart(
        partial(evaluation_charts.det_curves, scores),
        "Detection error trade-off",
        "Missed fakes against false alarms, by frame; lower and further left is better.",
    )
    yield page.chart(
        partial(evaluation_charts.calibration_diagram, scores),
        "Calibration diagram",
        "Of the frames given a probability, how many are fake. Dots grow with the frames.",
    )
    yield "</div>"
    if outcome.calibration is not None:
        fitted = outcome.calibration
        yield page.table(
            ["validation split", "before", "after"],
            [
                ["log loss, classes weighing alike", *(f"{each:.4f}" for each in fitted.log_loss)],
                ["ECE", *(f"{each:.4f}" for each in fitted.ece)],
            ],
        )
        yield page.paragraph(
            f"Temperature {fitted.temperature:.3f} and threshold {fitted.threshold:.3f} were "
            f"fitted on {fitted.frames} frames of the validation split, before the test split was "
            "scored."
        )
        if fitted.words is not None:
            words = fitted.words
            yield page.paragraph(
                f"Words: fake from {words.threshold:.3f}, no trace found below "
                f"{words.clear_threshold:.3f}, uncertain between them. At most "
                f"{words.false_alarms:.0%} of unseen real people are expected to be called fake "
                f"(fitted on {words.people}), and no trace to be found in at most "
                f"{words.misses:.0%} of such fakes (fitted on {words.fakes})."
            )


def _one_class(outcome: Outcome) -> Iterator[str]:
    yield page.heading("Data with one class", "An AUC needs both; this is what can be said.")
    yield page.table(
        ["data set", "class", "frames", "videos", "mean score", "called fake"],
        [
            [
                name,
                each["label"],
                str(each["frames"]),
                str(each["videos"]),
                f"{each['mean_score']:.3f}",
                f"{each['called_fake']:.1%}",
            ]
            for name, each in outcome.one_class.items()
        ],
    )


def _comparison(outcome: Outcome) -> Iterator[str]:
    yield page.heading(
        "Against another model",
        f"Video AUC of this model and of {outcome.compared_with}, on the videos that both scored. "
        "The interval comes from drawing the same videos for both.",
    )
    yield page.table(
        ["data set", "videos", "this", "other", "difference", "95% interval", "p", "DeLong p"],
        [
            [
                name,
                str(each.videos),
                f"{each.auc[0]:.3f}",
                f"{each.auc[1]:.3f}",
                f"{each.difference:+.3f}",
                f"{each.interval[0]:+.3f} to {each.interval[1]:+.3f}",
                f"{each.bootstrap_p:.3f}",
                f"{each.delong_p:.3f}",
            ]
            for name, each in outcome.comparison.items()
        ],
    )


def _corruptions(dataset: str, conditions: Mapping[str, dict], outcome: Outcome) -> Iterator[str]:
    curves = {}
    for name in CORRUPTIONS:
        values = [conditions.get(f"{name} {severity}") for severity in SEVERITIES]
        if all(values):
            curves[name] = [value["video_auc"] for value in values]
    clean = conditions["clean"]["video_auc"]
    yield page.heading(
        f"Corrupted pictures: {dataset}",
        "Video AUC under the perturbations of DeeperForensics-1.0, severity 1 to 5; 0 is clean. "
        "They are applied to the face crops.",
    )
    draw = partial(evaluation_charts.corruption_curves, clean, curves)
    yield page.chart(draw, "Video AUC against severity for each corruption", wide=True)
    rows = [
        [name, *(f"{value:.3f}" for value in values), f"{sum(values) / len(values) - clean:+.3f}"]
        for name, values in curves.items()
    ]
    head = ["corruption", *(f"severity {each}" for each in SEVERITIES), "mean less clean"]
    yield page.table(head, rows)
    yield page.paragraph(f"Clean, on the same videos: {clean:.3f}.")


def _why(dataset: str, why: Why, named: bool) -> Iterator[str]:
    of = f": {dataset}" if named else ""
    if why.example_maps is not None:
        yield page.heading(
            f"Where it looks{of}",
            "Brighter is more attention; each map is drawn from its own lowest to highest value.",
        )
        yield _maps(why.examples, why.example_maps, "Attention maps over sample faces")
        if why.overlap is not None:
            yield page.paragraph(
                f"Mean cosine between the maps of one face, {why.sampled} faces: {why.overlap:.3f} "
                "(0: no shared place, 1: all maps alike)."
            )
        yield page.heading(f"The same face over time{of}", "The video with the highest score.")
        yield _maps(why.over_time, why.over_time_maps, "Attention maps of one video over time")
        yield from _hiding(why, of)
    if len(why.wrong.crops):
        yield page.heading(
            f"Most wrong{of}", "On the wrong side of the threshold by most; one frame per video."
        )
        yield _gallery(why.wrong, "The most wrong frames")
    else:
        yield page.heading(f"Most wrong{of}", "No frame is on the wrong side of the threshold.")
    yield page.heading(f"Most uncertain{of}", "Nearest to the threshold; one frame per video.")
    yield _gallery(why.uncertain, "The most uncertain frames")


def _hiding(why: Why, of: str) -> Iterator[str]:
    areas = why.hiding.summary()
    yield page.heading(
        f"Do the marked places move the score?{of}",
        "Cells of the face are blurred (left) or shown on a blurred face (right), the most "
        "attended first, last, or at random. If the maps mark what matters, the solid line rises "
        "first on the left and falls first on the right.",
    )
    curves = (why.hiding.shares, why.hiding.deletion, why.hiding.insertion)
    draw = partial(evaluation_charts.hiding_chart, *curves)
    yield page.chart(draw, "Deletion and insertion curves", wide=True)
    occlusion = "not defined" if why.occlusion != why.occlusion else f"{why.occlusion:+.2f}"
    yield page.paragraph(
        f"Area of attended first over random: {areas['deletion']:.2f} hidden (above 1 means that "
        f"the maps mark what matters), {areas['insertion']:.2f} shown (below 1 means that). Rank "
        f"correlation of attention with the effect of hiding one cell at a time: {occlusion}."
    )


def _maps(faces: Faces, maps, alt: str) -> str:
    captions = [caption.replace("\n", ", ") for caption in faces.captions]
    return page.chart(partial(charts.attention_grid, faces.crops, maps, captions), alt, wide=True)


def _gallery(faces: Faces, alt: str) -> str:
    draw = partial(evaluation_charts.face_gallery, faces.crops, faces.captions)
    return page.chart(draw, alt, wide=True)


def _notes(outcome: Outcome) -> dict[str, str]:
    notes = {name.capitalize(): text for name, text in outcome.rules.items()}
    for name, value in outcome.model.items():
        notes[f"Model {name}"] = value
    for name, facts in outcome.data.items():
        notes[f"Data: {name}"] = ", ".join(f"{key} {value}" for key, value in facts.items())
    return notes
