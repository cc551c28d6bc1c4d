import csv
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from keras_madd.cli import main
from keras_madd.cli.train import settings_of
from keras_madd.demo.quickstart import Settings, commands, prepare_settings, train_settings


def quickstart(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "keras_madd.cli.main", "quickstart", *map(str, arguments)],
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_the_main_job(tmp_path):
    output = tmp_path / "results"
    process = quickstart("--output", output, "--quick", "--epochs", "2", "--seed", "3")
    assert process.returncode == 0, process.stderr
    # Progress and nothing else: no word of any native library.
    stages = list(dict.fromkeys(line.split(":")[0] for line in process.stderr.splitlines()))
    assert stages[:3] == ["draw", "prepare", "train"]
    assert stages[-1] == "score"
    assert {"conversion", "verification", "scores, folder", "reasons"} < set(stages)
    names = {path.name for path in output.iterdir()}
    assert names == {
        "data",
        "evaluation",
        "metrics.json",
        "model.json",
        "model.report.html",
        "model.report.json",
        "model.tflite",
        "photo_scored.png",
        "report.html",
        "run",
        "shards",
    }
    metrics = json.loads((output / "metrics.json").read_text())
    for name in ("frame_auc", "video_auc", "unseen_manipulation_auc"):
        assert 0 <= metrics[name] <= 1
    assert metrics["settings"]["seed"] == 3
    epochs = list(csv.DictReader((output / "run/log.csv").open()))
    scores = {int(row["epoch"]): float(row["val_video_auc"]) for row in epochs}
    assert scores[metrics["best_epoch"]] == max(scores.values())
    assert metrics["export"]["logit_correlation"] > 0.9
    assert len(metrics["photo"]) == 1
    report = (output / "report.html").read_text()
    assert "detects nothing in the wild" in report
    assert f"{metrics['frame_auc']:.3f}" in report
    for address in re.findall(r'href="([^"]*)"', report):
        if address.startswith("file:"):
            assert Path(unquote(urlsplit(address).path)).is_file()
        elif not address.startswith("data:"):
            assert (output / address).is_file()
    # What a reader is told to look at lies where it is told to be.
    told = "".join(path.read_text() for path in output.glob("*/report.html"))
    assert ".partial" not in told + report + (output / "model.report.html").read_text()

    again = quickstart("--output", output, "--quick")
    assert again.returncode == 2
    assert "--overwrite" in again.stderr


def test_the_commands_on_the_page_do_what_was_done():
    settings = Settings(epochs=3, seed=7)
    typed = {name: line.split()[0:2] for name, line in commands(settings).items()}
    assert [verb for _, verb in typed.values()] == [name.lower() for name in typed]
    parsed = {
        name: main._parser().parse_args(shlex.split(line)[1:])
        for name, line in commands(settings).items()
    }
    assert settings_of(parsed["Train"]) == train_settings(settings)
    wanted = prepare_settings(settings).to_json()
    given = vars(parsed["Prepare"])
    same = set(wanted) & set(given) - {"methods"}
    assert {name: given[name] for name in same} == {name: wanted[name] for name in same}
    assert {"size", "frames_per_video", "real_boxes", "seed", "dataset"} <= same
    for name in ("Export", "Evaluate"):
        assert parsed[name].seed == settings.seed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--epochs", "0"], "--epochs: must be a whole number from 1 "),
        (["--seed", "-1"], "--seed: must be a whole number from 0 "),
    ],
)
def test_mistakes_are_told_before_work_starts(tmp_path, arguments, message):
    process = quickstart("--output", tmp_path / "results", *arguments)
    assert process.returncode == 2
    assert message in process.stderr
    assert list(Path(tmp_path).iterdir()) == []


def test_a_back_end_that_cannot_export_is_told_before_work_starts(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    process = quickstart("--output", tmp_path / "results", "--quick")
    assert (process.returncode, "draw" in process.stderr) == (2, False)
    assert "set KERAS_BACKEND=tensorflow. Received: KERAS_BACKEND=jax" in process.stderr
    assert list(tmp_path.iterdir()) == []
