import json
import subprocess
import sys
from pathlib import Path

import pytest


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
    stages = dict.fromkeys(line.split(":")[0] for line in process.stderr.strip().splitlines())
    assert list(stages) == ["faces", "training", "evaluation", "export", "photograph"]
    names = {path.name for path in output.iterdir()}
    assert names == {
        "data",
        "metrics.json",
        "model.json",
        "model.keras",
        "model.tflite",
        "photo_scored.png",
        "report.html",
    }
    metrics = json.loads((output / "metrics.json").read_text())
    for name in ("frame_auc", "video_auc", "unseen_manipulation_auc"):
        assert 0 <= metrics[name] <= 1
    assert metrics["settings"]["seed"] == 3
    assert metrics["litert_max_probability_difference"] < 1e-3
    assert len(metrics["photo"]) == 1
    report = (output / "report.html").read_text()
    assert "detects nothing in the wild" in report
    assert f"{metrics['frame_auc']:.3f}" in report

    again = quickstart("--output", output, "--quick")
    assert again.returncode == 2
    assert "--overwrite" in again.stderr


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
