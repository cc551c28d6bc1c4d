"""Callbacks of the training loop."""

import math

import keras


class CentreStepDecay(keras.callbacks.Callback):
    """Ends each epoch of a `RegionIndependence` layer: alpha takes its next value.

    `MADD.fit` adds it by itself.

    Args:
        region_independence: The layer.
    """

    def __init__(self, region_independence):
        super().__init__()
        self.region_independence = region_independence

    def on_epoch_end(self, epoch, logs=None):
        """Multiply alpha by its decay."""
        self.region_independence.end_epoch()


class StopOnNonFinite(keras.callbacks.Callback):
    """Stops training at the first loss or term that is NaN or infinite, and names it.

    After training `message` tells what happened, or is `None`.
    """

    def __init__(self):
        super().__init__()
        self.message = None

    def on_train_batch_end(self, batch, logs=None):
        """Look at every number that the step reports."""
        bad = [name for name, value in (logs or {}).items() if not math.isfinite(value)]
        if bad and self.message is None:
            self.message = (
                f"training stopped at batch {batch + 1}: {', '.join(bad)} is not finite. "
                "Lower the learning rate, or look for broken images in this batch."
            )
            self.model.stop_training = True
