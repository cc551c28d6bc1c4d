"""Callbacks of the training loop."""

import math
import threading
from collections.abc import Callable
from typing import Any

import keras
import numpy as np


class CentreStepDecay(keras.callbacks.Callback):
    """Ends each epoch of a `RegionIndependence` layer: alpha takes its next value.

    `MADD.fit` adds it by itself.
    """

    def __init__(self, region_independence: keras.layers.Layer):
        super().__init__()
        self.region_independence = region_independence

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Multiply alpha by its decay."""
        self.region_independence.end_epoch()


class StopOnNonFinite(keras.callbacks.Callback):
    """Stops training at the first loss or term that is NaN or infinite, and names it.

    After training `message` tells what happened, or is `None`. Metrics may be NaN: an AUC is,
    until it has seen both classes.
    """

    # Keras then fetches the figures beside the training, which does not wait for them.
    async_safe = True

    def __init__(self):
        super().__init__()
        self.message: str | None = None
        self._batch = math.inf
        self._lock = threading.Lock()

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Forget what happened in a training before."""
        self.message, self._batch = None, math.inf

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Look at every loss that the step reports."""
        bad = [
            name
            for name, value in (logs or {}).items()
            if (name == "loss" or name.endswith("_loss")) and not np.isfinite(value).all()
        ]
        if not bad:
            return
        with self._lock:
            if self.message is not None and batch >= self._batch:
                return
            self._batch = batch
            self.message = (
                f"training stopped at batch {batch + 1}: {', '.join(bad)} is not finite. "
                "Lower the learning rate, or look for broken images in this batch."
            )
            self.model.stop_training = True


class BatchProgress(keras.callbacks.Callback):
    """Tells a progress display how many batches of the whole training are done.

    Args:
        advance: Called as `advance(done, total, logs)` after batches, beside the training: `done`
            rises, but not always by one; `total` is `None` where the length of an epoch is not
            known.
        epochs: Epochs of the training.
    """

    # Keras then fetches the figures beside the training, which does not wait for them.
    async_safe = True

    def __init__(self, advance: Callable[[int, int | None, dict], object], epochs: int):
        super().__init__()
        self.advance = advance
        self.epochs = epochs
        self._before = 0
        self._done = 0
        self._lock = threading.Lock()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Count on from the batches of the epochs before."""
        self._before = self._done

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Tell of a batch; `batch` is its number in the epoch."""
        steps = self.params.get("steps")
        with self._lock:
            done = self._before + batch + 1
            if done > self._done:
                self._done = done
                self.advance(done, steps and steps * self.epochs, logs or {})
