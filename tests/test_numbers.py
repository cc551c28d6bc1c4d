"""Figures of docs/numbers.md are those of the benchmarks' files."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"


def rows(heading: str) -> dict[str, list[float]]:
    """The numbers of each row of the table under a heading of the page, by the first cell."""
    page = (ROOT / "docs" / "numbers.md").read_text()
    section = page.split(f"## {heading}\n")[1].split("\n## ")[0]
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(r"[\d.]+", cells[-1]):
            found[cells[0].replace("`", "")] = [float(cell) for cell in cells[1:]]
    return found


def test_memory_of_a_training_step():
    orders = json.loads((RESULTS / "training_memory.json").read_text())["orders"]
    assert rows("Memory of a training step") == {
        "both passes at once, as before": [round(orders["both at once"]["peak_gb"], 1)],
        "one pass at a time": [round(orders["one at a time"]["peak_gb"], 1)],
    }


def test_a_training_step():
    steps = json.loads((RESULTS / "train_step.json").read_text())["steps"]
    names = {
        "plain backbone": "plain backbone",
        "MADD without AGDA": "MADD without AGDA",
        "MADD, full_pass": "MADD full pass",
        "MADD, detached_prefix": "MADD detached prefix",
    }
    assert rows("A training step") == {
        shown: [round(steps[name]["median_seconds"], 2), round(steps[name]["median_ratio"], 2)]
        for shown, name in names.items()
    }
