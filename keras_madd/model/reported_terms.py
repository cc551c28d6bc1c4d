"""Terms of a loss among the figures that `fit` reports."""

from typing import TYPE_CHECKING, Any

import keras

from keras_madd.support.tensor import Tensor

if TYPE_CHECKING:
    from keras import Model as Base
else:
    Base = object


class ReportedTerms(Base):
    """Mixin of a model whose training step returns a dictionary, with `"logits"`, for `y_pred`."""

    term_trackers: dict[str, keras.metrics.Metric]

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None
    ) -> dict[str, Any]:
        """Return the compiled metrics and, in a training step, the terms of the loss."""
        if isinstance(y_pred, dict):
            return super().compute_metrics(x, y, y_pred["logits"], sample_weight)
        results = super().compute_metrics(x, y, y_pred, sample_weight)
        reported = {tracker.name for tracker in self.term_trackers.values()}
        return {name: value for name, value in results.items() if name not in reported}
