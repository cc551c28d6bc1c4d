"""What models share whose training step adds up a loss of several terms."""

import contextvars
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from keras_madd.support.tensor import Tensor

if TYPE_CHECKING:
    from keras import Model as Base
else:
    Base = object

# The model whose training step is being traced or run, in this thread, and the values of its
# optimizer's variables, where they are not in the variables.
_STEPPING: contextvars.ContextVar[tuple[Any, list[Tensor] | None]] = contextvars.ContextVar(
    "keras_madd_stepping", default=(None, None)
)


class LossTerms(Base):
    """Mixin of a model whose training step returns a dictionary, with `"logits"`, for `y_pred`."""

    term_trackers: dict[str, keras.metrics.Metric]

    def train_step(self, *args: Any) -> Any:
        """Make one update; arguments and result are the backend trainer's."""
        optimizer_values = args[0][2] if keras.backend.backend() == "jax" else None
        token = _STEPPING.set((self, optimizer_values))
        try:
            return super().train_step(*args)
        finally:
            _STEPPING.reset(token)

    @property
    def is_stepping(self) -> bool:
        """Whether the current call belongs to this model's training step."""
        return _STEPPING.get()[0] is self

    def loss_scale(self) -> Tensor:
        """Return what the optimizer multiplies the loss of this step by, a scalar."""
        values = _STEPPING.get()[1]
        if self.optimizer is None:
            return ops.ones((), "float32")
        if values is None:
            return self.optimizer.scale_loss(ops.ones((), "float32"))
        mapping = zip(self.optimizer.variables, values, strict=True)
        with keras.StatelessScope(list(mapping)):
            return self.optimizer.scale_loss(ops.ones((), "float32"))

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None
    ) -> dict[str, Any]:
        """Return the compiled metrics and, in a training step, the terms of the loss."""
        if isinstance(y_pred, dict):
            return super().compute_metrics(x, y, y_pred["logits"], sample_weight)
        results = super().compute_metrics(x, y, y_pred, sample_weight)
        reported = {tracker.name for tracker in self.term_trackers.values()}
        return {name: value for name, value in results.items() if name not in reported}
