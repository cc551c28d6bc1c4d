"""The command from end to end on small networks, and its parts."""

import json
import subprocess
from dataclasses import asdict

import numpy as np
import pytest
from exported_model import tiny_model
from synthetic_shards import write_shards

from keras_madd.cli.main import main
from keras_madd.comparison import arms, budget, detectors
from keras_madd.comparison.comparison_report import in_short
from keras_madd.comparison.export_cost import ExportCost, export_cost
from keras_madd.comparison.model_settings import changes_of, models_of, settings_of_models
from keras_madd.comparison.step_cost import StepCost, step_cost
from keras_madd.inference.model_description import sha256_of
from keras_madd.support.errors import UserError
from keras_madd.training import TrainSettings
from keras_madd.training.shards_data import ShardsData

COST = StepCost(seconds=0.5, clock="processor", peak_bytes=3_000_000_000, weights=1234)
SMALL = [
    *("--models", "madd_tiny,f3net", "--image-size", "32", "--batch-size", "4", "--epochs", "1"),
    *("--augment", "none", "--set", "f3net.backbone=tiny", "--set", "madd_tiny.num_attentions=0"),
    *("--set", "f3net.learning_rate=0.002"),
]


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison") / "shards"
    return write_shards(folder, {"train": 8, "val": 8, "test": 3}, size=32)


@pytest.fixture
def measured(monkeypatch):
    """Steps that take no process of their own to measure."""
    asked = []

    def cost(settings):
        asked.append(settings)
        return COST

    monkeypatch.setattr(budget, "step_cost", cost)
    return asked


def test_two_detectors_and_the_report(shards, tmp_path, measured, monkeypatch, capfd):
    out = tmp_path / "out"
    command = ["compare", "--data", str(shards), "--output", str(out), "--seeds", "1", *SMALL]
    command += ["--budget", "1", "--json", "-"]
    assert main(command) == 0
    shown = capfd.readouterr()
    content = json.loads(shown.out)
    assert content == json.loads((out / "comparison.json").read_text())
    assert "report: " in shown.err
    first, second = content["models"]["madd_tiny"], content["models"]["f3net"]
    # One second of steps of half a second.
    assert [each["training"]["steps"] for each in (first, second)] == [2, 2]
    assert second["settings"] == {"backbone": "tiny", "learning_rate": 0.002, "steps_per_epoch": 2}
    for each in (first, second):
        found = each["tests"]["synthetic"]
        low, high = found["video_auc"]["interval"]
        assert 0 <= low <= found["video_auc"]["mean"] <= high <= 1
        assert found["methods"]["texture"] == found["video_auc"]
        assert set(each["litert"]["milliseconds"]) == {"float32", "int8"}
        assert each["litert"]["bytes"]["int8"] < each["litert"]["bytes"]["float32"]
        assert each["litert"]["problem"] == ""
    (pair,) = content["pairs"]
    assert pair["models"] == ["madd_tiny", "f3net"]
    difference = np.subtract(*(each["video_auc"]["mean"] for each in (first, second)))
    assert pair["difference"] == pytest.approx(difference)
    assert pair["holm_p"] == pair["delong_p"]
    page = (out / "comparison.html").read_text()
    assert "One seed: a difference may be the chance" in page
    assert "Each was trained with one seed for 1 s of training steps, processor time" in page

    assert main([*command[:-2], "--learning-rate", "0.5"]) == 2
    assert "these differ: learning_rate: 0.001, now 0.5" in capfd.readouterr().err

    def no_training(*_, **__):
        raise AssertionError("a finished run was trained again")

    monkeypatch.setattr(arms, "train", no_training)
    monkeypatch.setattr(detectors, "export_cost", lambda *_: _no_file())
    measured.clear()
    assert main(command[:-2]) == 0
    assert not measured
    again = json.loads((out / "comparison.json").read_text())
    assert again["pairs"] == content["pairs"]
    assert "f3net was not exported in 8 bits: too odd" in (out / "comparison.html").read_text()
    # A model more is trained beside those that are there.
    with pytest.raises(AssertionError, match="trained again"):
        main([*command[:-2], "--models", "madd_tiny,f3net,sstnet", *_small_sstnet()])


def _no_file():
    from keras_madd.comparison.export_cost import ExportCost

    return ExportCost(sha256="", bytes={}, problem="too odd")


def _small_sstnet():
    fields = {"backbone": "tiny", "residual_filters": 4, "slim_width": 0.03, "slim_blocks": 1}
    return [word for key, value in fields.items() for word in ("--set", f"sstnet.{key}={value}")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "madd_b9"], "There is no preset 'madd_b9'. There are:"),
        (["--models", "f3net,f3net"], "Each model may be named once"),
        (["--models", "f3net", "--set", "xception.dropout=0"], "must be one of f3net. Received: x"),
        (["--data", "nowhere"], "nowhere/dataset.json: no such file"),
        (["--workers", "2"], "compare runs on one host"),
        (["--json", __file__], "exists; --overwrite replaces it"),
        (["--budget", "9", "--steps-per-epoch", "2"], "leave --steps-per-epoch out"),
        (["--models", "f3net", "--set", "f3net.learning_rate=-1"], "f3net: `learning_rate` must"),
        (["--models", "f3net", "--set", "f3net.num_attentions=4"], "f3net: Unknown configuration"),
        (["--models", "madd_tiny", "--image-size", "64"], "madd_tiny: "),
    ],
)
def test_mistakes_are_told_before_any_work(shards, tmp_path, arguments, message, capsys):
    out = tmp_path / "out"
    command = ["compare", "--output", str(out), "--data", str(shards)]
    assert main([*command, *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_no_test_split_and_a_folder_of_something_else(shards, tmp_path, capsys):
    other = write_shards(tmp_path / "other", {"train": 1, "val": 1})
    assert main(["compare", "--output", str(tmp_path / "out"), "--data", str(other)]) == 2
    assert "has no test split, on which what was trained" in capsys.readouterr().err
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("precious")
    command = ["compare", "--data", str(shards), "--output", str(tmp_path / "thesis"), *SMALL]
    assert main(command) == 2
    assert "is not empty, and holds no runs of this command" in capsys.readouterr().err
    command[4] += "/thesis.tex/below"
    assert main(command) == 2
    assert "thesis.tex is a file, not a folder" in capsys.readouterr().err


def test_what_is_one_models_own():
    shared, own = changes_of({"dropout": 0.1, "f3net.branches": "fad"}, ["f3net", "sstnet"])
    assert (shared, own) == ({"dropout": 0.1}, {"f3net": {"branches": "fad"}})
    chosen = {"f3net": {"branches": "fad", "learning_rate": 0.5}}
    found = settings_of_models(TrainSettings("out", fields=shared), ["f3net", "sstnet"], chosen)
    assert found["f3net"].fields == {"dropout": 0.1, "branches": "fad"}
    assert (found["f3net"].learning_rate, found["sstnet"].learning_rate) == (0.5, 1e-3)
    assert found["sstnet"].preset == "sstnet"
    assert models_of("f3net, sstnet") == ["f3net", "sstnet"]


@pytest.mark.slow
def test_a_step_is_measured():
    fields = {"num_attentions": 0, "input_size": 32}
    small = TrainSettings("out", preset="madd_tiny", fields=fields, batch_size=8)
    found = step_cost(small)
    assert found.clock == "processor"
    assert 0 < found.seconds < 60
    # Weights and activations of so small a network, and TensorFlow's own tracing.
    assert 1e6 < found.peak_bytes < 4e9
    from keras_madd import MADD

    assert found.weights == MADD.from_preset("madd_tiny", **fields).network.count_params()
    assert set(asdict(found)) == {"seconds", "clock", "peak_bytes", "weights"}


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [(1, "Traceback\nkeras_madd.Error: wrong", "keras_madd.Error: wrong"), (-9, "", "was killed")],
)
def test_a_step_that_cannot_be_is_one_line(monkeypatch, status, said, reason):
    ended = subprocess.CompletedProcess([], status, "", said)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(UserError, match=f"with 32 faces cannot be measured: .*{reason}"):
        step_cost(TrainSettings("out"))


def test_steps_and_faces_are_those_of_each_training(shards):
    data = ShardsData.open(TrainSettings(data=[str(shards)], output="x", batch_size=4))
    epoch = data.batches_per_epoch()
    for changes, steps in (
        ({}, epoch),
        ({"stage1_epochs": 1}, 2 * epoch),
        ({"steps_per_epoch": 3}, 3),
    ):
        settings = TrainSettings(
            **{"data": [str(shards)], "output": "x", "batch_size": 4} | changes
        )
        assert budget.steps_in_all(settings.replace(epochs=1), data) == steps
    made = detectors._training(
        TrainSettings(
            data=[str(shards)],
            output="x",
            batch_size=4,
            epochs=1,
            steps_per_epoch=5,
            preset="sstnet",
            fields={"clip_frames": 3},
        ),
        COST,
        data,
    )
    assert (made["steps"], made["faces"]) == (5, 60)
    one = {"steps": 5, "faces": 60, "clock": "processor"}
    content = {"seeds": [0], "budget": None, "models": {"a": {"training": one}}}
    assert "on 60 faces in 5 steps" in in_short(content)
    content["models"]["b"] = {"training": one | {"faces": 20}}
    assert "the table has the faces and steps" in in_short(content)


def test_a_file_that_failed_is_made_again(tmp_path, monkeypatch):
    """By a later version, it may not fail; and clips have no 8-bit file, with a reason."""
    model = tmp_path / "model.keras"
    tiny_model().save(model)
    before = ExportCost(sha256_of(model), {}, problem="of an earlier version")
    (tmp_path / "export.json").write_text(json.dumps(asdict(before)))
    asked = []

    def no_faces(size, split):
        asked.append(split)
        raise UserError("none")

    assert export_cost(model, tmp_path, no_faces).problem == "none"
    assert asked == ["train"]
