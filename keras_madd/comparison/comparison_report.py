"""What a comparison found: a page for people, and lines for a terminal."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_madd.comparison.arms import as_cell, auc_cell, mean_and_spread
from keras_madd.evaluation.page_content import made_by
from keras_madd.support.files import replace_file
from keras_madd.support.progress import in_words
from keras_madd.visualize import charts, page

JSON_FILE, REPORT_FILE = "comparison.json", "comparison.html"


def write_comparison_report(folder: Path, content: Mapping[str, Any]) -> Path:
    """Write `comparison.html` into a folder; an existing one is replaced."""
    models = content["models"]
    tests = next(iter(models.values()))["tests"]
    shown = {
        "title": f"{len(models)} detectors on the same faces",
        "lead": in_short(content),
        "warnings": _warnings(content),
        "models": models,
        "datasets": list(tests),
        "aucs": {dataset: _intervals(models, dataset) for dataset in tests},
        "pairs": content["pairs"],
        "cell": lambda values: as_cell(mean_and_spread(values)),
        "in_words": in_words,
        "charts": charts,
        "seconds": content["seconds"],
        "facts": made_by(
            content["command"],
            content["settings"]["seed"],
            {"Seeds": ", ".join(map(str, content["seeds"]))} | _data_facts(content["data"]),
            versions=content["versions"],
        ),
    }
    return replace_file(folder / REPORT_FILE, page.render("comparison", **shown), overwrite=True)


def in_short(content: Mapping[str, Any]) -> str:
    """Return in a sentence how the models were trained."""
    seeds = len(content["seeds"])
    models = list(content["models"].values())
    first = models[0]["training"]
    times = f"with {seeds} seeds" if seeds > 1 else "with one seed"
    told = {(each["training"]["faces"], each["training"]["steps"]) for each in models}
    if content["budget"] is None and len(told) > 1:
        return f"Each was trained {times} for as many epochs; the table has the faces and steps."
    if content["budget"] is None:
        return f"Each was trained {times} on {first['faces']:,} faces in {first['steps']:,} steps."
    return (
        f"Each was trained {times} for {in_words(content['budget'])} of training steps, "
        f"{first['clock']} time, so that slower networks made fewer of them."
    )


def as_text(content: Mapping[str, Any]) -> str:
    """Return the main table as Markdown."""
    models = content["models"]
    datasets = list(next(iter(models.values()))["tests"])
    head = ["model", *(f"video AUC, {name}" for name in datasets), "weights, million"]
    head += ["multiplications, billion", "ms float", "ms int8", "memory of a step, GB"]
    lines = [in_short(content), "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name, each in models.items():
        cells = [name]
        cells += [auc_cell(each["tests"][dataset]["video_auc"]) for dataset in datasets]
        times = each["litert"]["milliseconds"]
        peak = each["step_peak_bytes"]
        cells += [
            f"{each['weights'] / 1e6:.1f}",
            _number(each["litert"]["multiplications"], ".2f"),
            _number(times.get("float32"), ".1f"),
            _number(times.get("int8"), ".1f"),
            _number(peak and peak / 1e9, ".2f"),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _intervals(models: Mapping[str, dict], dataset: str) -> dict[str, tuple[float, float, float]]:
    found = {}
    for name, each in models.items():
        auc = each["tests"][dataset]["video_auc"]
        found[name] = (auc["mean"], *auc["interval"])
    return found


def _warnings(content: Mapping[str, Any]) -> list[str]:
    warnings = []
    if len(content["seeds"]) == 1:
        warnings.append(
            "One seed: a difference may be the chance of one training, which no interval here "
            "covers."
        )
    for name, each in content["models"].items():
        if problem := each["litert"]["problem"]:
            warnings.append(f"{name} was not exported in 8 bits: {problem}")
    return warnings


def _data_facts(data: Mapping[str, dict]) -> dict[str, str]:
    return {
        f"Data: {folder}": ", ".join(
            filter(
                None,
                [
                    each["dataset"],
                    each["compression"],
                    *(f"{crops:,} crops for {split}" for split, crops in each["crops"].items()),
                    f"SHA-256 of dataset.json {each['sha256']}",
                ],
            )
        )
        for folder, each in data.items()
    }


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
