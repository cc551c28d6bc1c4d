"""Loss terms that read more than the logits."""

from typing import TYPE_CHECKING, Any

from keras_madd.model.labels import batch_size, labels_and_mask, weight_of_labels
from keras_madd.model.loss_terms import LossTerms
from keras_madd.support.tensor import Tensor

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier as Base
else:
    Base = object


class OwnTerms(LossTerms, Base):
    """Mixin of a `FaceClassifier` with loss terms that read other outputs of the network.

    Keras's `train_step` stays as it is. During a step the model returns all outputs of its
    network in place of the logits; `own_terms` makes further terms of them, which are added to
    the compiled loss and reported as `<name>_loss`.
    """

    def own_terms(self, y: Tensor, outputs: dict[str, Tensor], sample_weight: Any) -> dict:
        """Return the weighted terms of a batch, scalars, by their names in `term_trackers`."""
        raise NotImplementedError

    def call(self, pixels: Tensor, training: bool | None = None) -> Any:
        """Return the logits; inside a training step, all outputs of the network."""
        if not self.is_stepping:
            return super().call(pixels, training=training)
        self._check_pixels(pixels)
        return self.run_network(pixels, training)

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Tensor | None = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """Return the compiled loss and, in a training step, the terms besides."""
        if not isinstance(y_pred, dict):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        y, _ = labels_and_mask(y)
        sample_weight = weight_of_labels(sample_weight)
        total = super().compute_loss(x, y, y_pred["logits"], sample_weight, training)
        for name, value in self.own_terms(y, y_pred, sample_weight).items():
            self.term_trackers[name].update_state(value, batch_size(y))
            total = total + self._aggregate_additional_loss(value)
        return total
