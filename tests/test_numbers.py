"""Figures of docs/numbers.md and README.md are those of the files that measurements wrote."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "numbers.md").read_text()
TRAINING = (ROOT / "docs" / "training.md").read_text()
NUMBER = re.compile(r"\d+\.\d+|\d+")


def result(name: str) -> dict:
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text())


def rows(heading: str) -> dict[str, list[str]]:
    """The cells of each row of the table under a heading of the page, by the first cell."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    found = {}
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").replace("*", "").split("|")]
        if line.startswith("|") and cells[0].strip("-"):
            found[cells[0].replace("`", "")] = cells[1:]
    return found


def assert_says(cell: str, *values: float) -> None:
    """Each number of a cell is its value, rounded to as many digits."""
    numbers = NUMBER.findall(cell)
    digits = [len(number.partition(".")[2]) for number in numbers]
    assert numbers == [f"{value:.{places}f}" for value, places in zip(values, digits, strict=True)]


def cells_of(title, names):
    """The cells of each row beside what the result calls it; the table has these rows alone."""
    found = rows(title)
    assert set(found) == set(names)
    return [(found[shown], name) for shown, name in names.items()]


def test_memory_of_a_training_step():
    orders = result("training_memory")["orders"]
    names = {
        "both passes at once, as before": "both at once",
        "one pass at a time": "one at a time",
        "one pass at a time, rematerialised": "rematerialised",
    }
    for cells, name in cells_of("Memory of a training step", names):
        memory, seconds = cells
        assert_says(memory, orders[name]["peak_gb"])
        assert_says(seconds, orders[name]["second_step_seconds"])


def test_a_batch_of_48():
    steps = result("step_memory")["steps"]
    names = {
        "one pass at a time": "float32, batch 48",
        "one pass at a time, rematerialised": "float32, batch 48, rematerialised",
    }
    for (memory,), name in cells_of("A batch of 48", names):
        assert_says(memory, steps[name]["gb"])
    said = re.search(r"\[([\d.]+ GB instead of [\d.]+)\]\(numbers.md#a-batch-of-48\)", TRAINING)[1]
    assert_says(said, *(steps[name]["gb"] for name in reversed(names.values())))


def test_a_training_step():
    steps = result("train_step")["steps"]
    names = {
        "plain backbone": "plain backbone",
        "the same, normalised by Keras's own layer": "the same, normalised by Keras",
        "MADD without AGDA": "MADD without AGDA",
        "the same, --freeze-early": "the same, early frozen",
        "MADD, full_pass": "MADD full pass",
        "MADD, detached_prefix": "MADD detached prefix",
    }
    for cells, name in cells_of("A training step", names):
        seconds, ratio, first = cells
        assert_says(seconds, steps[name]["median_seconds"])
        assert_says(ratio, steps[name]["median_ratio"])
        assert_says(first, steps[name]["first_step_seconds"])


def test_half_precision():
    found = result("precision")["last_third"]
    for (loss, difference), name in cells_of("Half precision", {name: name for name in found}):
        assert_says(loss, found[name]["loss"], found[name]["spread"])
        if name != "float32":
            assert difference.startswith("-") == (found[name]["difference"] < 0)
            assert_says(
                difference, abs(found[name]["difference"]), found[name]["difference_spread"]
            )


def test_each_part_of_the_method():
    arms = result("ablation")["arms"]
    names = {
        "backbone alone": "backbone",
        "+ attention maps and bilinear attention pooling": "attention",
        "+ texture enhancement": "texture",
        "+ texture and RIL": "ril",
        "+ texture and AGDA": "agda",
        "full: + RIL and AGDA": "full",
    }
    for cells, arm in cells_of("Each part of the method", names):
        steps, *aucs, overlap, deletion = cells
        assert steps == f"{arms[arm]['steps']:,}"
        for cell, dataset in zip(aucs, ("unseen_fakes_c23", "unseen_fakes_c40"), strict=True):
            auc = arms[arm]["tests"][dataset]["video_auc"]
            assert_says(cell, auc["mean"], np.std(auc["values"], ddof=1), *auc["interval"])
        for cell, figure in ((overlap, "attention_overlap"), (deletion, "attention_deletion")):
            found = arms[arm][figure]
            assert_says(cell, *([found["mean"], found["std"]] if found else []))


def test_exported_files():
    formats = result("inference")["models"]["madd_mobilenet_v2"]["formats"]
    names = {
        "float16": "float16",
        "dynamic, no calibration": "dynamic",
        "int8": "int8",
        "int8-full": "int8-full",
        "ONNX Runtime, float32": "onnx",
    }
    for cells, name in cells_of("Exported files", names):
        size, seconds, correlation, auc = cells
        if size:
            assert_says(size, formats[name]["size_ratio"])
        assert_says(seconds, formats[name]["threads_1"]["ratio"])
        assert_says(correlation, formats[name]["logit_correlation"])
        assert_says(auc, formats[name]["auc"][1])


def test_time_of_an_export():
    seconds = result("export_time")["seconds"]
    names = {
        "conversion to LiteRT": "conversion",
        "measuring, quantising and trying in 8 bits": "quantisation",
    }
    for (cell,), name in cells_of("Time of an export", names):
        assert_says(cell, seconds[name]["processor"])


def test_live_scoring():
    rate = re.search(r"(\d+) pictures a second on two cores", PAGE)[1]
    assert_says(rate, result("live")["as_fast_as_can_be"]["pictures_per_second"]["median"])


@pytest.mark.parametrize(("quality", "row"), [(23, "unseen_fakes_c23"), (40, "unseen_fakes_c40")])
def test_the_readme_says_of_the_shipped_detector_what_its_card_says(quality, row):
    readme = (ROOT / "README.md").read_text()
    folder = re.search(r"\[model card\]\((.*?)/README\.md\)", readme)[1]
    card = (ROOT / folder / "README.md").read_text()
    measured = re.search(rf"\| {row} \| \d+ \| \d+ \| ([\d.]+) ", card)[1]
    said = re.search(rf"([\d.]+) at CRF {quality}", readme)[1]
    assert_says(said, float(measured))


def test_what_preparing_a_data_set_costs():
    measured = result("prepare")["videos"]
    page = (ROOT / "docs" / "preparing_at_scale.md").read_text().split("## What it costs")[1]
    found = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    assert len(found) == 6
    for _, videos, frames, *cells in found[2:]:
        count, side = frames.split(", ")
        figures = measured[side]
        decode = figures["share"]["decode"]
        seconds = int(videos.replace(" ", "")) * (
            int(count) * decode / figures["decoded_frames_per_core_second"]
            + (1 - decode) / figures["videos_per_core_second"]
        )
        hours, minutes, dollars = cells
        assert_says(hours, seconds / 3600)
        assert_says(minutes.removesuffix(" min"), seconds / 60 / 64)
        assert_says(dollars, 0.05 * seconds / 3600)
    rates = {side: figures["decoded_frames_per_core_second"] for side, figures in measured.items()}
    assert (
        f"decodes {rates['480p']:.0f} frames per second at 480p, {rates['720p']:.0f} at 720p and "
        f"{rates['1080p']:.0f} at 1080p"
    ) in page
    each = measured["1080p"]["videos_per_core_second"]
    times = f"64 \N{MULTIPLICATION SIGN} {each:.2f}"
    assert f"{times} = {64 * each:.0f} videos of 10 s" in page


def test_the_comparison_on_real_faces():
    models = result("comparison")["models"]
    page = (ROOT / "docs" / "rivals.md").read_text()
    table = page.split("### Real faces on two processor cores\n")[1].split("\n## ")[0]
    found = {}
    for line in table.splitlines():
        if line.startswith("| `"):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            found[name.strip("`")] = cells
    assert set(found) == set(models)
    for name, (steps, *areas, milliseconds) in found.items():
        assert int(steps.replace(",", "")) == models[name]["training"]["steps"]
        for cell, test in zip(areas, models[name]["tests"].values(), strict=True):
            area = test["video_auc"]
            assert_says(cell, area["mean"], np.std(area["values"], ddof=1), *area["interval"])
        assert_says(milliseconds, models[name]["litert"]["milliseconds"]["int8"])
    assert list(models["f3net"]["tests"]) == ["unseen_fakes_c23", "unseen_fakes_c40"]
