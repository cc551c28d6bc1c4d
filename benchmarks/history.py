"""Draw what the benchmarks found, run by run: `docs/history.png`.

    python benchmarks/history.py

`results/history.jsonl` has one line for each run whose result was written to `results/`, with the
commit and the few figures below; `record.py` adds it. A test compares the last lines with the
results, and the chart with the lines.
"""

import argparse
import datetime
import hashlib
import json
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
HISTORY, CHART = RESULTS / "history.jsonl", ROOT / "docs" / "history.png"
# Benchmark; what its panel says; each curve with the way to its figure in the result.
FIGURES = {
    "train_step": (
        "step, ratio to the plain backbone",
        {
            "full pass": ("steps", "MADD full pass", "median_ratio"),
            "detached prefix": ("steps", "MADD detached prefix", "median_ratio"),
        },
    ),
    "training_memory": (
        "memory of a step, B4, GB",
        {
            "one pass at a time": ("orders", "one at a time", "peak_gb"),
            "rematerialised": ("orders", "rematerialised", "peak_gb"),
        },
    ),
    "inference": (
        "file in 8 bits, ratio to float32",
        {
            "time": ("models", "madd_mobilenet_v2", "formats", "int8", "threads_1", "ratio"),
            "size": ("models", "madd_mobilenet_v2", "formats", "int8", "size_ratio"),
        },
    ),
    "export_time": (
        "export in 8 bits, processor seconds",
        {
            "conversion": ("seconds", "conversion", "processor"),
            "8 bits": ("seconds", "quantisation", "processor"),
        },
    ),
    "live": (
        "live, pictures a second",
        {"median": ("as_fast_as_can_be", "pictures_per_second", "median")},
    ),
    "web": (
        "page, 720p camera, pictures a second",
        {"median": ("page", "frames_per_second", "median")},
    ),
    "prepare": (
        "preparing, faces a core and second",
        {"480p": ("videos", "480p", "faces_per_core_second")},
    ),
}


def figures_of(name: str, record: dict) -> dict[str, float]:
    """Return the figures of a result that are drawn, by their curves; without those it lacks."""
    found = {}
    for curve, way in FIGURES[name][1].items():
        value = record
        for key in way:
            value = value.get(key, {})
        if value != {}:
            found[curve] = value
    return found


def remember(path: Path, record: dict) -> None:
    """Add a line for a result, where it is one of those that are kept and has what is drawn."""
    if path.parent.resolve() != RESULTS or path.stem not in FIGURES:
        return
    if not (figures := figures_of(path.stem, record)):
        return
    line = {
        "benchmark": path.stem,
        "date": datetime.date.today().isoformat(),
        "version": record["versions"]["keras_madd"],
        "commit": record["commit"],
        "figures": figures,
    }
    with HISTORY.open("a") as file:
        file.write(json.dumps(line) + "\n")


def lines() -> list[dict]:
    """Return the history, the oldest run first."""
    return [json.loads(line) for line in HISTORY.read_text().splitlines()]


def digest(runs: list[dict]) -> str:
    """Return what the chart carries of the lines that it was drawn from."""
    return "history " + hashlib.sha256(json.dumps(runs).encode()).hexdigest()


def draw(runs: list[dict], path: Path) -> None:
    """Draw one panel for each benchmark that has a run."""
    from keras_madd.visualize.figure import DPI, Chart

    names = [name for name in FIGURES if any(run["benchmark"] == name for run in runs)]
    rows = -(-len(names) // 2)
    chart = Chart("light", (7.2, 2.2 * rows), (rows, 2))
    for index, name in enumerate(names):
        title, curves = FIGURES[name]
        axes = chart.panel(y="", index=index)
        axes.set_title(title, fontsize=9, color=chart.colors.ink, loc="left")
        own = [run for run in runs if run["benchmark"] == name]
        for number, curve in enumerate(curves):
            points = [(x, run["figures"].get(curve)) for x, run in enumerate(own)]
            drawn = [point for point in points if point[1] is not None]
            axes.plot(*zip(*drawn, strict=True), "o-", label=curve, color=chart.series(number))
        axes.set_ylim(0, 1.25 * max(max(run["figures"].values()) for run in own))
        axes.set_xlim(-0.5, len(own) - 0.5)
        marks = [f"{run['version']}\n{run['commit'][:7]}" for run in own]
        axes.set_xticks(range(len(own)), marks, fontsize=7)
        chart.legend(axes, size=7, loc="lower right")
    chart.figure.tight_layout()
    chart.figure.savefig(path, dpi=DPI, metadata={"Description": digest(runs)})


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    draw(lines(), CHART)
