"""Old names, which go with version 0.3: `keras-madd evaluate` writes the report now."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_madd.evaluation.evaluation_report import write_evaluation_report
from keras_madd.evaluation.evaluation_result import EvaluationResult
from keras_madd.evaluation.protocol import Protocol


class Report:
    """What `write_report` took; of it, results, scores, banner and how it was made are shown."""

    def __init__(
        self,
        title: str,
        results: Mapping[str, dict],
        scores: Mapping[str, tuple[Sequence[int], Sequence[float]]],
        **rest: Any,
    ):
        self.title, self.results, self.scores, self.rest = title, results, scores, rest


def write_report(path: str | os.PathLike, report: Report) -> Path:
    """Write the report of an evaluation from its results and frame scores.

    Raises:
        ValueError: If `results` is empty or its names are not those of `scores`.
    """
    if not report.results or list(report.results) != list(report.scores):
        raise ValueError(
            "Arguments `results` and `scores` must name the same test sets, at least one. "
            f"Received: results={list(report.results)}, scores={list(report.scores)}"
        )
    rest = report.rest
    evaluation = EvaluationResult(
        results=report.results,
        one_class={},
        rules=Protocol().describe(),
        threshold=(None, "not fitted"),
        warnings=tuple(filter(None, [rest.get("banner")])),
        command=rest.get("command", ""),
        seed=rest.get("seed") or 0,
        versions=rest.get("versions", {}),
        seconds=rest.get("seconds", {}),
    )
    return write_evaluation_report(path, report.title, evaluation, report.scores)
