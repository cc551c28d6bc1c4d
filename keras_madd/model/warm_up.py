"""The learning rate's warm-up."""

from typing import Any, Self

import keras
from keras import ops

from keras_madd.support.tensor import Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises in a straight line, then follows another schedule.

    Step `s` (from 0) of the first `steps` has `(s + 1) / steps` of the highest learning rate;
    later ones have `after(s - steps)`.

    Args:
        after: The schedule behind the warm-up; it begins at the highest learning rate.
        peak: The highest learning rate.
        steps: Steps of the warm-up; 0 for none.
    """

    def __init__(
        self, after: keras.optimizers.schedules.LearningRateSchedule, peak: float, steps: int
    ):
        super().__init__()
        self.after = after
        self.peak = peak
        self.steps = steps

    def __call__(self, step: Tensor) -> Tensor:
        """Return the learning rate of a step."""
        step = ops.cast(step, "float32")
        rising = self.peak * (step + 1.0) / max(1, self.steps)
        return ops.where(step < self.steps, rising, self.after(ops.maximum(step - self.steps, 0.0)))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        after = keras.optimizers.schedules.serialize(self.after)
        return {"after": after, "peak": self.peak, "steps": self.steps}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build a schedule from what `get_config` returned."""
        after = keras.optimizers.schedules.deserialize(config["after"])
        return cls(**{**config, "after": after})
