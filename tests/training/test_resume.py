"""A run that is stopped, however, ends as if it had never been."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from backends import BACKEND
from synthetic_shards import write_shards

from keras_madd.cli.main import main
from keras_madd.demo import sample_photo_path
from keras_madd.support.errors import UserError
from keras_madd.support.held_folder import held_folder
from keras_madd.training import TrainSettings, finished_epochs, train
from keras_madd.training.checkpoints import load_checkpoint

pytestmark = pytest.mark.slow

EPOCHS = 6
# Two batches make an update and seven an epoch: an epoch ends while gradients wait.
FLAGS = [
    *("--preset", "madd_tiny", "--image-size", "32", "--num-attentions", "2"),
    *("--set", "region_dropout=0.25", "--set", "global_dropout=0.25"),
    *("--epochs", str(EPOCHS), "--batch-size", "8", "--gradient-accumulation", "2"),
    *("--ema", "0.8", "--sampling", "paired", "--augment", "light", "--learning-rate", "0.01"),
]
SETTINGS = {
    "preset": "madd_tiny",
    "fields": {
        "region_dropout": 0.25,
        "global_dropout": 0.25,
        "input_size": 32,
        "num_attentions": 2,
    },
    "epochs": EPOCHS,
    "batch_size": 8,
    "gradient_accumulation": 2,
    "ema": 0.8,
    "sampling": "paired",
    "augment": "light",
    "learning_rate": 0.01,
}


def quiet(line):
    pass


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "shards"
    return write_shards(folder, {"train": 14, "val": 6}, size=40, context=1.15, strength=40)


@pytest.fixture(scope="module")
def straight(shards, tmp_path_factory):
    """The run that nothing stops."""
    folder = tmp_path_factory.mktemp("straight") / "run"
    assert main(["train", "--data", str(shards), "--output", str(folder), *FLAGS]) == 0
    return folder


def assert_same_run(folder, straight):
    """Every weight, every state of optimizer and generators, and every figure is the same."""
    ours, theirs = load_checkpoint(folder), load_checkpoint(straight)
    assert len(ours.optimizer.variables) == len(theirs.optimizer.variables) > 0
    for part in ("variables", "non_trainable_variables"):
        for left, right in zip(getattr(ours, part), getattr(theirs, part), strict=True):
            np.testing.assert_array_equal(np.asarray(left), np.asarray(right), left.path)
    for left, right in zip(ours.optimizer.variables, theirs.optimizer.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(left), np.asarray(right), left.path)
    best = [
        keras.saving.load_model(each / "best.keras").get_weights() for each in (folder, straight)
    ]
    for left, right in zip(*best, strict=True):
        np.testing.assert_array_equal(left, right)
    assert figures(folder) == figures(straight)


def figures(folder):
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(1, EPOCHS + 1))
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def test_it_learns_and_what_it_learnt_is_exported_and_scores(straight, capsys):
    assert (
        float(max(figures(straight), key=lambda row: row["val_video_auc"])["val_video_auc"]) > 0.8
    )
    exported = straight / "model.tflite"
    assert main(["export", str(straight / "best.keras"), "--output", str(exported)]) == 0
    assert main(["score", str(sample_photo_path()), "--model", str(exported)]) == 0
    assert "fake" in capsys.readouterr().out
    description = json.loads((straight / "model.json").read_text())
    assert (description["detector"], description["training_data"]) == ("short", "synthetic")


def test_nothing_here_is_trivially_equal(straight):
    """The run's epochs differ, and its average is not its last weights."""
    rows = figures(straight)
    assert len({row["loss"] for row in rows}) == EPOCHS
    last = load_checkpoint(straight)
    averaged = [keras.Variable(weight) for weight in last.trainable_variables]
    last.optimizer.finalize_variable_values(averaged)
    pairs = zip(last.trainable_variables, averaged, strict=True)
    assert any(np.abs(np.asarray(a) - np.asarray(b)).max() > 0 for a, b in pairs)


def test_killed_at_any_moment_it_goes_on_to_the_same_weights(shards, straight, tmp_path):
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "keras_madd.cli.main", "train", "--data", str(shards)]
    process = subprocess.Popen(
        [*command, "--output", str(folder), *FLAGS],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "KERAS_BACKEND": BACKEND},
    )
    while finished_epochs(folder) < 2 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert 2 <= finished_epochs(folder) < EPOCHS
    assert main(["train", "--output", str(folder), "--resume"]) == 0
    assert_same_run(folder, straight)


def test_a_finished_run_is_told_again_and_left_alone(straight, capsys):
    before = (straight / "last.keras").read_bytes()
    assert main(["train", "--output", str(straight), "--resume"]) == 0
    assert "best epoch" in capsys.readouterr().out
    assert (straight / "last.keras").read_bytes() == before
    assert len(list((straight / "tensorboard").iterdir())) == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"epochs": 9, "ema": 0.5},
            "epochs: 6, now 9; ema: 0.8, now 0.5",
        ),
        ({"fields": {"input_size": 32}}, r"fields: {.*num_attentions.*}, now"),
        ({"data": "other"}, "dataset.json is not what it was"),
    ],
)
def test_going_on_with_something_else_is_refused(shards, straight, tmp_path, changes, message):
    changes = dict(changes)
    if changes.get("data"):
        changes["data"] = write_shards(tmp_path / "other", {"train": 14, "val": 6}, size=40, seed=1)
    values = {"output": straight, "data": shards, **SETTINGS, **changes}
    with pytest.raises(UserError, match=message):
        train(TrainSettings(**values), resume=True, echo=quiet)


def test_data_may_move(shards, straight, tmp_path):
    moved = tmp_path / "moved"
    moved.symlink_to(shards)
    result = train(TrainSettings(output=straight, data=moved, **SETTINGS), resume=True, echo=quiet)
    assert len(result.history) == EPOCHS


def test_a_run_is_not_begun_again_over_itself(shards, straight):
    with pytest.raises(UserError, match="holds a training run"):
        train(TrainSettings(output=straight, data=shards, **SETTINGS), echo=quiet)


def test_a_run_goes_on_without_the_file_that_it_began_from(shards, straight, tmp_path):
    begun = shutil.copyfile(straight / "best.keras", tmp_path / "begun.keras")
    settings = TrainSettings(
        data=shards, output=tmp_path / "run", init=begun, epochs=1, batch_size=8, tensorboard=False
    )
    once = train(settings, echo=quiet)
    os.remove(begun)
    assert train(settings, resume=True, echo=quiet).history == once.history


@pytest.mark.parametrize("begun", [False, True])
def test_two_runs_at_once_are_refused(shards, straight, tmp_path, begun):
    folder = tmp_path / "run"
    if begun:
        shutil.copytree(straight, folder)
    folder.mkdir(exist_ok=True)
    before = sorted(folder.iterdir())
    settings = TrainSettings(data=[shards], output=folder, **SETTINGS)
    with held_folder(folder), pytest.raises(UserError, match="Another run is at work in"):
        train(settings, resume=begun, echo=quiet)
    assert sorted(folder.iterdir()) == before


def test_a_damaged_checkpoint_is_told(shards, tmp_path, straight):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.json").write_bytes((straight / "run.json").read_bytes())
    (folder / "last.keras").write_bytes((straight / "last.keras").read_bytes()[:1000])
    with pytest.raises(UserError, match=r"last.keras is no checkpoint of a training run"):
        train(TrainSettings(output=folder, data=shards, **SETTINGS), resume=True, echo=quiet)
