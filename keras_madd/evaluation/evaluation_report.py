"""The page that a reader judges an evaluation by: one HTML file with everything in it."""

import os
from pathlib import Path

from keras_madd.evaluation.corruptions import CORRUPTIONS, SEVERITIES
from keras_madd.evaluation.evaluation_result import EvaluationResult
from keras_madd.evaluation.page_content import CurveSets, made_by, scores_content
from keras_madd.support.files import replace_file
from keras_madd.visualize import evaluation_charts, page


def write_evaluation_report(
    path: str | os.PathLike, title: str, evaluation: EvaluationResult, scores: CurveSets
) -> Path:
    """Writes a self-contained `report.html`; an unfinished one never appears under its name.

    Args:
        path: The file to write; an existing one is replaced.
        title: Heading of the page.
        evaluation: What was found.
        scores: Data set to the `(labels, scores)` of its frames, for the curves.
    """
    tested = ", ".join(
        f"{name} ({result['videos']['real']} real and {result['videos']['fake']} fake videos)"
        for name, result in evaluation.results.items()
    )
    content = {
        "title": title,
        "lead": f"Tested on {tested}.",
        "warnings": evaluation.warnings,
        "evaluation": evaluation,
        "corruptions": {
            name: found
            for name, each in evaluation.corruptions.items()
            if (found := _curves(each))["curves"]
        },
        "evaluation_charts": evaluation_charts,
        "facts": made_by(
            evaluation.command, evaluation.seed, _notes(evaluation), versions=evaluation.versions
        ),
    }
    content |= scores_content(evaluation.results, scores)
    return replace_file(path, page.render("evaluation", **content))


def _curves(conditions: dict[str, dict]) -> dict:
    """Returns the clean video AUC, and that of each corruption that was done at all severities."""
    curves = {}
    for name in CORRUPTIONS:
        values = [conditions.get(f"{name} {severity}") for severity in SEVERITIES]
        done = [value["video_auc"] for value in values if value]
        if len(done) == len(values):
            curves[name] = done
    clean = conditions.get("clean")
    return {"clean": clean and clean["video_auc"], "curves": curves if clean else {}}


def _notes(evaluation: EvaluationResult) -> dict[str, str]:
    notes = {name.capitalize(): text for name, text in evaluation.rules.items()}
    notes |= {f"Model {name}": value for name, value in evaluation.model.items()}
    for name, facts in evaluation.data.items():
        notes[f"Data: {name}"] = ", ".join(f"{key} {value}" for key, value in facts.items())
    return notes
