"""FinishEpoch: what happens between two epochs of training."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from keras_madd.model.callbacks import StopOnNonFinite
from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.model.precision import float32_twin
from keras_madd.training.checkpoints import save_best, save_checkpoint
from keras_madd.training.devices import ONE_DEVICE, Devices
from keras_madd.training.log import epoch_line, save_log
from keras_madd.training.settings import TrainSettings
from keras_madd.training.starting_model import copy_averaged_weights
from keras_madd.training.tensorboard import EventWriter
from keras_madd.training.validation import is_better, score_validation

if TYPE_CHECKING:
    import tensorflow as tf


class FinishEpoch(keras.callbacks.Callback):
    """Validates, then makes the epoch count, then tells of it.

    The order is the point: `last.keras` is replaced in one step and holds the whole state, so a
    run that is killed anywhere goes on from the last epoch that was finished. `best.keras`,
    log.csv and the event file come after it and can be made again.

    Args:
        folder: Folder of the run.
        settings: Settings of the run.
        state: See `checkpoints.new_state`; it is kept up to date.
        batches: The validation split.
        finite: Tells when an epoch broke down; such an epoch never counts.
        echo: Called with one line of text after each epoch.
        devices: Of the run. Every worker validates its part; the first one writes.

    Attributes:
        events: An `EventWriter`, or `None`.
    """

    def __init__(
        self,
        folder: Path,
        settings: TrainSettings,
        state: dict[str, Any],
        batches: "tf.data.Dataset",
        finite: StopOnNonFinite,
        echo: Callable[[str], None],
        devices: Devices = ONE_DEVICE,
    ):
        super().__init__()
        self.folder = folder
        self.settings = settings
        self.state = state
        self.batches = batches
        self.finite = finite
        self.events: EventWriter | None = None
        self.echo: Callable[[str], None] = echo
        self.devices = devices
        self.twin: FaceClassifier | None = None
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Validate, save and report."""
        if self.finite.message:
            return
        with self.devices.alone():
            self._finish(epoch, logs or {})

    def _finish(self, epoch: int, logs: dict[str, Any]) -> None:
        twin = self._averaged_twin()
        try:
            scores = score_validation(twin, self.batches, self.devices.exchange)
        except FloatingPointError as error:
            self.finite.message = f"training stopped after epoch {epoch + 1}: {error}."
            self.model.stop_training = True
            return
        figures = {
            "epoch": epoch + 1,
            **{name: float(value) for name, value in logs.items()},
            "learning_rate": float(self.model.optimizer.learning_rate),
            **scores,
            "seconds": round(time.perf_counter() - self._started, 2),
        }
        improved = is_better(figures, self.state["best"])
        self.state["epoch"] = epoch + 1
        self.state["history"].append(figures)
        if improved:
            self.state["best"] = figures
        self._stop_early()
        if not self.devices.is_writer:
            return
        save_checkpoint(self.folder, self.model, self.state, self.settings.keep)
        self.write_results()
        self.echo(epoch_line(figures, self.settings.epochs, improved))
        if self.events is not None:
            self.events.write_epoch(epoch + 1, figures, twin)

    def write_results(self) -> None:
        """Write log.csv, and best.keras where the last epoch is the best."""
        if self.state["best"]["epoch"] == self.state["epoch"]:
            assert self.twin is not None
            save_best(self.folder, self.twin)
        save_log(self.folder, self.state["history"])

    def make_good(self) -> None:
        """Write what a run that was killed may have left out after its last checkpoint."""
        with self.devices.alone():
            self._averaged_twin()
            if self.devices.is_writer:
                self.write_results()

    def _averaged_twin(self) -> FaceClassifier:
        if self.twin is None:
            self.twin = float32_twin(self.model)
        copy_averaged_weights(self.model, self.twin)
        return self.twin

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """End the event file."""
        if self.events is not None:
            self.events.close()

    def _stop_early(self):
        patience = self.settings.patience
        waited = self.state["epoch"] - self.state["best"]["epoch"]
        last = self.state["epoch"] == self.settings.epochs
        if patience is not None and waited >= patience and not last:
            self.state["stopped"] = f"no better epoch in {waited}"
            self.model.stop_training = True
