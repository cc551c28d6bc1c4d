"""The command's own part: flags, mistakes before any work, and what it says."""

import errno
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
from backends import run_script
from synthetic_shards import write_shards

from keras_madd.cli.main import _parser, main
from keras_madd.cli.train import settings_of

PLAIN = ["--preset", "madd_tiny", "--image-size", "16", "--num-attentions", "0"]
SHORT = [
    *PLAIN,
    "--batch-size",
    "4",
    "--augment",
    "none",
    "--epochs",
    "1",
    "--steps-per-epoch",
    "1",
]


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "shards"
    return write_shards(folder, {"train": 4, "val": 2}, size=16)


@pytest.fixture
def eager():
    """Runs steps one by one, so that tests of what surrounds them need not wait for graphs."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def settings(*arguments):
    return settings_of(_parser().parse_args(["train", "--output", "run", *arguments]))


def test_flags_become_settings():
    found = settings(
        *("--data", "a", "--data", "b", "--image-size", "48", "--num-attentions", "2"),
        *("--set", "match_weight=0.1", "--set", "variant=official", "--set", "seed=null"),
        *("--mixed-precision", "--no-tensorboard", "--ema", "0.99"),
    )
    assert [path.rsplit("/", 1)[1] for path in found.data] == ["a", "b"]
    assert found.fields == {
        "match_weight": 0.1,
        "variant": "official",
        "seed": None,
        "input_size": 48,
        "num_attentions": 2,
    }
    assert (found.mixed_precision, found.tensorboard, found.ema) == ("float16", False, 0.99)
    assert settings("--mixed-precision", "bfloat16").mixed_precision == "bfloat16"
    assert settings().mixed_precision == ""
    assert [settings("--devices", each).devices for each in ("all", "2")] == ["all", 2]
    assert settings().devices == 1
    flags = ([], ["--rematerialize"], ["--rematerialize", "--no-rematerialize"])
    assert [settings(*each).rematerialize for each in flags] == [False, True, False]


def test_real_faces_alone_mean_self_blending():
    assert settings("--faces", "photos").self_blend == 1.0
    assert settings("--faces", "photos", "--self-blend", "0.5").self_blend == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --data SHARDS or --faces DIR"),
        (["--data", "nowhere"], "nowhere/dataset.json: no such file"),
        (["--faces", "nowhere"], "There is no folder"),
        (["--data", "a", "--preset", "madd_b9"], "There is no preset 'madd_b9'. There are:"),
        (["--data", "a", "--people", "p.csv"], "--people says who is shown in --faces: give both"),
        (["--data", "a", "--workers", "2"], "--workers and --worker need --coordinator"),
        (["--data", "a", "--coordinator", "h"], "give --workers N and --worker I"),
        (["--data", "a", "--batch-size", "7"], "`batch_size` must be even with balanced"),
    ],
)
def test_mistakes_are_told_before_keras_is_there(tmp_path, capsys, arguments, message):
    assert main(["train", "--output", str(tmp_path / "run"), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_weights_that_are_not_there_leave_no_run(tmp_path, shards, capsys):
    output = tmp_path / "run"
    command = ["train", "--output", str(output), "--data", str(shards), *SHORT]
    assert main([*command, "--backbone-weights", "nope.h5"]) == 2
    assert "There is no nope.h5" in capsys.readouterr().err
    assert not output.exists()


def test_how_to_go_on_needs_no_keras():
    """It is told while somebody waits for Ctrl-C."""
    script = (
        "import sys\n"
        "from keras_madd.cli import training_run\n"
        "from keras_madd.training.settings import TrainSettings\n"
        "training_run._how_to_go_on(TrainSettings(output='none', data=('a',), stage1_epochs=1))\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_mistake_does_not_wait_for_keras(tmp_path):
    script = (
        "import sys\n"
        "from keras_madd.cli.main import main\n"
        f"status = main(['train', '--output', '{tmp_path}/run', '--data', '{tmp_path}'])\n"
        "print(status, [name for name in ('keras', 'tensorflow') if name in sys.modules])"
    )
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert process.stdout.strip() == "2 []", process.stdout + process.stderr


def test_a_folder_with_something_else_is_left_alone(tmp_path, shards, capsys):
    (tmp_path / "thesis.tex").write_text("precious")
    assert main(["train", "--output", str(tmp_path), "--data", str(shards)]) == 2
    assert "is not empty, and holds no training run" in capsys.readouterr().err
    below = tmp_path / "thesis.tex" / "run"
    assert main(["train", "--output", str(below), "--data", "nowhere"]) == 2
    assert "thesis.tex is a file, not a folder" in capsys.readouterr().err


def test_ctrl_c_says_how_to_go_on(tmp_path, shards, capsys, monkeypatch):
    from keras_madd.model.face_classifier import FaceClassifier

    def stopped(*arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr(FaceClassifier, "fit", stopped)
    folder = tmp_path / "run"
    arguments = ["train", "--data", str(shards), "--output", str(folder)]
    assert main([*arguments, *SHORT]) == 130
    told = capsys.readouterr().err
    assert "0 of 1 epochs are finished and on disk" in told
    assert f"keras-madd train --output {folder} --resume" in told


def test_stage_1_trains_the_backbone_that_stage_2_begins_with(
    tmp_path, shards, capsys, monkeypatch, eager
):
    from keras_madd.training import starting_model

    taken = []
    take_weights = starting_model.take_weights

    def spy(model, source, name):
        take_weights(model, source, name)
        taken.append((model, source))

    monkeypatch.setattr(starting_model, "take_weights", spy)
    folder = tmp_path / "run"
    fields = ["--set", "region_independence_weight=0", "--set", "augmented_classification_weight=0"]
    arguments = [*SHORT, "--num-attentions", "2", *fields, "--stage1-epochs", "1"]
    assert main(["train", "--data", str(shards), "--output", str(folder), *arguments]) == 0
    ((model, source),) = taken
    assert (source.config.num_attentions, model.config.num_attentions) == (0, 2)
    shown = capsys.readouterr().out
    assert shown.index("stage 1: the backbone alone") < shown.index("stage 2: the whole network")
    assert shown.count("epoch 1/1") == 2
    assert {path.name for path in folder.iterdir()} == {
        *("best.keras", "last.keras", "log.csv", "run.json", "stage1", "tensorboard")
    }
    stage1 = starting_model.load_face_classifier(folder / "stage1" / "best.keras")
    for left, right in zip(stage1.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)
    assert f"next: keras-madd export {folder / 'best.keras'}" in shown


def test_a_run_with_less_memory_goes_on_with_more(tmp_path, shards, eager):
    from keras_madd.training.checkpoints import load_checkpoint

    run = tmp_path / "run"
    command = ["train", "--output", str(run), "--data", str(shards), *SHORT, "--rematerialize"]
    assert main(command) == 0
    assert load_checkpoint(run).rematerialize
    assert main(["train", "--output", str(run), "--resume", "--no-rematerialize"]) == 0


def test_a_loss_that_is_not_finite_ends_the_run(tmp_path, shards, capsys, eager):
    arguments = ["--data", str(shards), "--output", str(tmp_path / "run"), *SHORT]
    wild = ["--learning-rate", "1e6", "--optimizer", "sgd", "--epochs", "5"]
    assert main(["train", *arguments, *wild, "--no-tensorboard"]) == 2
    assert "epochs were finished before and are safe" in capsys.readouterr().err
    assert not (tmp_path / "run" / "tensorboard").exists()


def test_a_full_disk_is_one_line(tmp_path, shards, capsys, monkeypatch, eager):
    from keras_madd import MADD

    def full(self, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(MADD, "save", full)
    arguments = ["--data", str(shards), "--output", str(tmp_path / "run"), *SHORT]
    assert main(["train", *arguments]) == 2
    told = capsys.readouterr().err
    assert "error: " in told
    assert "No space left on device. The epochs finished before are safe" in told


def test_a_folder_that_is_removed_is_one_line(tmp_path, shards, capsys, monkeypatch, eager):
    from keras_madd import MADD

    def removed(self, path):
        shutil.rmtree(tmp_path / "run")
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))

    monkeypatch.setattr(MADD, "save", removed)
    arguments = ["--data", str(shards), "--output", str(tmp_path / "run"), *SHORT]
    assert main(["train", *arguments, "--no-tensorboard"]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.endswith("last.keras cannot be written: its folder was removed meanwhile.")


def test_sigterm_while_saving_leaves_a_run_to_go_on_with(
    tmp_path, shards, capsys, monkeypatch, eager
):
    from keras_madd import MADD

    def killed(self, path):
        path.write_text("half")
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(MADD, "save", killed)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)  # Whoever runs the tests may ignore it.
    try:
        arguments = ["--data", str(shards), "--output", str(tmp_path / "run"), *SHORT]
        assert main(["train", *arguments, "--no-tensorboard"]) == 143
    finally:
        signal.signal(signal.SIGTERM, before)
    errors = capsys.readouterr().err
    assert errors.splitlines()[-1] == "stopped"
    assert "Go on with: keras-madd train" in errors
    assert os.listdir(tmp_path / "run") == ["run.json"]


@pytest.mark.slow
def test_it_trains_and_goes_on_under_jax(tmp_path, shards):
    flags = [*SHORT, "--steps-per-epoch", "2", "--epochs", "2", "--ema", "0.5", "--no-tensorboard"]
    script = f"""
import json, pathlib, keras, numpy as np
from keras_madd.cli.main import main
from keras_madd.training import checkpoints, finish_epoch
folder = pathlib.Path("{tmp_path}") / "run"
save = finish_epoch.save_checkpoint
def stop_in_the_second_epoch(folder, model, state, keep):
    if state["epoch"] == 2:
        raise KeyboardInterrupt
    save(folder, model, state, keep)
finish_epoch.save_checkpoint = stop_in_the_second_epoch
flags = {flags!r}
statuses = [main(["train", "--output", str(folder), "--data", "{shards}", *flags])]
finish_epoch.save_checkpoint = save
statuses.append(main(["train", "--output", str(folder), "--resume"]))
model = checkpoints.load_checkpoint(folder)
finite = all(np.isfinite(np.asarray(each)).all() for each in model.weights)
steps = int(model.optimizer.iterations)
print(json.dumps([keras.backend.backend(), statuses, steps, finite]))
"""
    assert run_script(script, "jax") == ["jax", [130, 0], 4, True]
