"""What stands on the disk at every moment between two epochs."""

import errno

import keras
import numpy as np
import pytest

from keras_madd import MADD
from keras_madd.model.callbacks import StopOnNonFinite
from keras_madd.support.errors import UserError
from keras_madd.training import TrainSettings, checkpoints, finish_epoch
from keras_madd.training.checkpoints import load_checkpoint, new_state, read_state
from keras_madd.training.finish_epoch import FinishEpoch
from keras_madd.training.schedule import make_optimizer


def figures(auc, log_loss=0.5):
    return {
        "val_video_auc": auc,
        "val_frame_auc": 0.5,
        "val_accuracy": 0.5,
        "val_log_loss": log_loss,
    }


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run whose validation gives what the test says."""
    settings = TrainSettings(output=tmp_path, epochs=9, patience=2, keep=2)
    model = MADD.from_preset("madd_tiny", input_size=32, num_attentions=0, seed=0)
    model.compile(make_optimizer(settings, 4))
    model.optimizer.build(model.trainable_variables)
    finish = FinishEpoch(tmp_path, settings, new_state(), None, StopOnNonFinite(), str)
    finish.set_model(model)
    finish.scores = iter(())
    monkeypatch.setattr(finish_epoch, "score_validation", lambda *_: next(finish.scores))

    def epochs(*scores):
        finish.scores = iter(scores)
        for epoch, _ in enumerate(scores, start=finish.state["epoch"]):
            model.network.get_layer("head").bias.assign([0.0, float(epoch + 1)])
            finish.on_epoch_begin(epoch)
            finish.on_epoch_end(epoch, {"loss": 1.0})

    finish.epochs = epochs
    return finish


def bias(path):
    model = keras.saving.load_model(path, compile=False)
    return float(np.asarray(model.network.get_layer("head").bias)[1])


def test_the_best_epoch_and_the_last_ones_stay(run):
    run.epochs(figures(0.6), figures(0.9), figures(0.8))
    assert bias(run.folder / "best.keras") == 2.0
    assert bias(run.folder / "last.keras") == 3.0
    kept = sorted(path.name for path in run.folder.glob("epoch-*.keras"))
    assert kept == ["epoch-0002.keras", "epoch-0003.keras"]
    assert read_state(run.folder)["best"]["epoch"] == 2
    assert run.state["stopped"] == ""


def test_the_last_ones_stay_past_four_digits_too(run):
    run.state["epoch"] = 9998
    run.epochs(figures(0.6), figures(0.7), figures(0.8))
    kept = {path.name for path in run.folder.glob("epoch-*.keras")}
    assert kept == {"epoch-10000.keras", "epoch-10001.keras"}


def test_patience_ends_the_run(run):
    run.epochs(figures(0.9), figures(0.8), figures(0.9))
    assert run.model.stop_training
    assert read_state(run.folder)["stopped"] == "no better epoch in 2"


def test_between_equal_areas_the_log_loss_decides(run):
    run.epochs(figures(1.0, 0.5), figures(1.0, 0.4), figures(1.0, 0.45))
    assert run.state["best"]["epoch"] == 2


def test_stopped_before_its_checkpoint_an_epoch_does_not_count(run, monkeypatch):
    run.epochs(figures(0.6))
    before = (run.folder / "last.keras").read_bytes()

    def stopped(self, *arguments, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr(MADD, "save", stopped)
    with pytest.raises(KeyboardInterrupt):
        run.epochs(figures(0.9))
    assert (run.folder / "last.keras").read_bytes() == before
    assert bias(run.folder / "best.keras") == 1.0
    assert not [path for path in run.folder.iterdir() if path.name.startswith(".")]


def test_stopped_after_its_checkpoint_the_rest_is_made_good(run, monkeypatch):
    run.epochs(figures(0.6))
    save_best = finish_epoch.save_best

    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(finish_epoch, "save_best", stopped)
    with pytest.raises(KeyboardInterrupt):
        run.epochs(figures(0.9))
    assert (bias(run.folder / "best.keras"), bias(run.folder / "last.keras")) == (1.0, 2.0)
    assert len((run.folder / "log.csv").read_text().splitlines()) == 2

    monkeypatch.setattr(finish_epoch, "save_best", save_best)
    again = FinishEpoch(
        run.folder, run.settings, read_state(run.folder), None, StopOnNonFinite(), print
    )
    again.set_model(load_checkpoint(run.folder))
    again.make_good()
    assert bias(run.folder / "best.keras") == 2.0
    assert [line.split(",")[0] for line in (run.folder / "log.csv").read_text().splitlines()] == [
        *("epoch", "1", "2")
    ]


def test_a_full_disk_is_told_and_harms_nothing(run, monkeypatch):
    run.epochs(figures(0.6))

    def full(self, path):
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(MADD, "save", full)
    message = r"last.keras cannot be written: No space left on device.*go on with --resume"
    with pytest.raises(UserError, match=message):
        run.epochs(figures(0.9))
    assert read_state(run.folder)["epoch"] == 1
    assert bias(run.folder / "last.keras") == 1.0
    assert not [path for path in run.folder.iterdir() if path.name.startswith(".")]


def test_an_epoch_that_broke_down_does_not_count(run):
    run.epochs(figures(0.6))
    run.finite.message = "training stopped"
    run.epochs(figures(0.9))
    assert read_state(run.folder)["epoch"] == 1


def test_an_optimizer_that_does_not_fit_is_an_error_and_not_a_new_start(run, monkeypatch):
    run.epochs(figures(0.6))
    load = keras.optimizers.AdamW.load_own_variables

    def one_less(self, store):
        load(self, {str(index): store[str(index)] for index in range(len(store.keys()) - 1)})

    monkeypatch.setattr(keras.optimizers.AdamW, "load_own_variables", one_less)
    with pytest.raises(UserError, match=r"last.keras cannot be loaded"):
        load_checkpoint(run.folder)


def test_hard_links_are_not_needed(run, monkeypatch):
    def refused(*paths):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(checkpoints.os, "link", refused)
    run.epochs(figures(0.6))
    last = (run.folder / "last.keras").read_bytes()
    assert (run.folder / "epoch-0001.keras").read_bytes() == last
