"""The training step of the method, stated once for every backend.

Keras's own `train_step` stays in charge of differentiation, loss scaling, gradient accumulation,
distribution and updates. During a training step the model returns all its outputs in place of the
logits, and `compute_loss` makes the second pass and adds up the terms.
"""

import contextlib
import contextvars
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from keras_madd.layers import portable_random
from keras_madd.layers.region_independence import euclidean_length
from keras_madd.layers.replicas import sum_over_replicas
from keras_madd.model.config import MADDConfig
from keras_madd.model.labels import check_labels_fit, class_of
from keras_madd.support.tensor import Tensor

# The model whose training step is being traced or run, in this thread.
_STEPPING: contextvars.ContextVar["TwoPassTraining | None"] = contextvars.ContextVar(
    "keras_madd_stepping", default=None
)

TERMS = {
    "classification": "classification_weight",
    "region_independence": "region_independence_weight",
    "augmented_classification": "augmented_classification_weight",
    "match": "match_weight",
}

if TYPE_CHECKING:
    from keras import Model as Base
else:
    Base = object


class TwoPassTraining(Base):
    """Mixin of `MADD`: the custom `train_step` with RIL and AGDA.

    One step, for images I with labels y:

    1. Forward pass over I: logits, attention maps A, regional features V.
    2. RIL of V; the feature centres move.
    3. AGDA: I' from I, guided by one map of A, without gradient.
    4. Forward pass over I', in training mode. Its batch-norm averages are put back, so that the
       averages describe whole faces, as at inference, and move once per step; with
       `update_state_in_second_pass` they and the centres move twice, as in the released code.
    5. Loss: the weighted sum of cross-entropy of I, RIL, cross-entropy of I', and match loss;
       one update.

    With `agda_attention="detached_prefix"` steps 1 to 4 become: maps from the layers up to the
    attention tap, without gradient and without state; AGDA; one forward pass over a batch in
    which every image is I or I' by the toss of a coin. Its cross-entropy has the same
    expectation; RIL is taken over the images that stayed whole. What differs from the full pass:
    gradients are noisier, batch-norm statistics are of the mixed batch, and the reported accuracy
    is that of the mixed batch.

    On several replicas of `tf.distribute`, and on several devices of `keras.distribution` with
    JAX, the step is the one that a single device makes with the whole batch: centres, RIL, match
    loss, AGDA's draws, dropout and stochastic depth are those of the global batch. With
    `tf.distribute` these are not equal:

    - batch-norm statistics, which are of each replica's part of the batch, unless the layers are
      frozen or the configuration has `synchronized_batch_norm`;
    - cross-entropy of a batch that does not divide by the number of replicas, such as the last of
      an epoch: Keras gives the mean of every replica the same weight. Drop the remainder;
    - clipped gradients: Keras clips each replica's gradient before it adds them up;
    - the last digits, because sums are made in another order.
    """

    config: MADDConfig
    network: keras.Model
    prefix: keras.Model | None
    region_independence: keras.layers.Layer | None
    augmentation: keras.layers.Layer | None
    term_trackers: dict[str, keras.metrics.Metric]

    def train_step(self, *args: Any) -> Any:
        """Make one update; see the class. Arguments and result are the backend trainer's."""
        token = _STEPPING.set(self)
        try:
            return super().train_step(*args)
        finally:
            _STEPPING.reset(token)

    @property
    def is_stepping(self) -> bool:
        """Whether the current call belongs to this model's training step."""
        return _STEPPING.get() is self

    def training_outputs(self, pixels: Tensor) -> dict[str, Tensor]:
        """Return the network's outputs for the first (or only) training pass."""
        if not self.mixes_batch:
            return self.network(pixels, training=True)
        assert self.prefix is not None
        assert self.augmentation is not None
        with self._kept_averages():
            maps = ops.stop_gradient(self.prefix(pixels, training=True))
        augmented, _ = self.augmentation(pixels, maps)
        shape = (ops.shape(augmented)[0],)
        is_augmented = portable_random.uniform(shape, self.augmentation.seed_generator) < 0.5
        pixels = ops.where(
            is_augmented[:, None, None, None], augmented, ops.cast(pixels, augmented.dtype)
        )
        outputs = self.network(pixels, training=True)
        return {**outputs, "is_augmented": ops.cast(is_augmented, "float32")}

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Tensor | None = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """Return the loss: the two-pass sum in a training step, else the compiled loss."""
        check_labels_fit(y, self.loss, self.config.num_classes)
        if not isinstance(y_pred, dict):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        terms = self._mixed_terms if self.mixes_batch else self._two_pass_terms
        total = self._additional_losses()
        for name, value in terms(x, y, y_pred, sample_weight).items():
            total = total + getattr(self.config, TERMS[name]) * value
            tracker = self.term_trackers[name]
            # Terms are divided by the number of replicas; what is reported is not.
            tracker.update_state(value / self._aggregate_additional_loss(ops.ones(())))
        return total

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None
    ) -> dict[str, Any]:
        """Return the compiled metrics and, in a training step, the terms of the loss."""
        if isinstance(y_pred, dict):
            return super().compute_metrics(x, y, y_pred["logits"], sample_weight)
        results = super().compute_metrics(x, y, y_pred, sample_weight)
        reported = {tracker.name for tracker in self.term_trackers.values()}
        return {name: value for name, value in results.items() if name not in reported}

    def make_term_trackers(self) -> dict[str, keras.metrics.Metric]:
        """Return one mean for each term that the configuration switches on."""
        on = {"classification": True}
        on["region_independence"] = self.config.trains_region_independence
        on["augmented_classification"] = self.config.trains_on_augmented
        on["match"] = self.config.trains_on_augmented and self.config.match_weight > 0
        return {name: keras.metrics.Mean(f"{name}_loss") for name in TERMS if on[name]}

    @property
    def mixes_batch(self) -> bool:
        """Whether one pass goes over a batch of whole and augmented images."""
        config = self.config
        return config.trains_on_augmented and config.agda_attention == "detached_prefix"

    def _two_pass_terms(self, x, y, first, sample_weight):
        config = self.config
        terms = {"classification": self._classification(y, first["logits"], sample_weight)}
        if config.trains_region_independence:
            terms["region_independence"] = self._region_independence(y, first, sample_weight)
        if not config.trains_on_augmented:
            return terms
        assert self.augmentation is not None
        augmented, index = self.augmentation(x, first["attention_maps"])
        keep = contextlib.nullcontext if config.update_state_in_second_pass else self._kept_averages
        with keep():
            second = self.network(augmented, training=True)
        if config.update_state_in_second_pass and config.trains_region_independence:
            self._region_independence(y, second, sample_weight)
        terms["augmented_classification"] = self._classification(y, second["logits"], sample_weight)
        if config.match_weight > 0:
            difference = second["regional_features"] - first["regional_features"]
            terms["match"] = self._aggregate_additional_loss(match_loss(difference, index))
        return terms

    def _mixed_terms(self, x, y, outputs, sample_weight):
        weight = ops.ones_like(outputs["is_augmented"])
        if sample_weight is not None:
            weight = ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        whole = weight * (1.0 - outputs["is_augmented"])
        augmented = weight * outputs["is_augmented"]
        # Twice the half that each kind has of the batch: the expectation of a whole batch.
        terms = {"classification": self._classification(y, outputs["logits"], 2.0 * whole)}
        if self.config.trains_region_independence:
            terms["region_independence"] = self._region_independence(y, outputs, whole)
        terms["augmented_classification"] = self._classification(
            y, outputs["logits"], 2.0 * augmented
        )
        return terms

    def _classification(self, y, logits, sample_weight):
        return self._compile_loss(y, logits, sample_weight)

    def _region_independence(self, y, outputs, sample_weight):
        assert self.region_independence is not None
        loss = self.region_independence(
            outputs["regional_features"],
            class_of(y, self.config.num_classes),
            sample_weight,
            training=True,
        )
        return self._aggregate_additional_loss(loss)

    def _additional_losses(self):
        return sum((self._aggregate_additional_loss(loss) for loss in self.losses), ops.zeros(()))

    @contextlib.contextmanager
    def _kept_averages(self) -> Iterator[None]:
        """Put the batch-norm averages back as they were, whatever ran in between."""
        averages = [
            average
            for layer in self._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization)
            for average in (layer.moving_mean, layer.moving_variance)
        ]
        before = [ops.copy(average) for average in averages]
        try:
            yield
        finally:
            for average, value in zip(averages, before, strict=True):
                average.assign(value)


def match_loss(difference: Tensor, index: Tensor) -> Tensor:
    """Mean length of the regional features' change over the maps that were not dropped.

    Args:
        difference: V of the AGDA images minus V of the images, `(B, M, N)`.
        index: Map that guided each image, `(B,)`.

    Returns:
        Scalar: the mean over `(B, M)`, in which the dropped map counts as 0, as in the code
        released with arXiv 2103.02406. On several replicas it is that of the global batch.
    """
    kept = 1.0 - ops.one_hot(index, difference.shape[1], dtype=difference.dtype)
    total = sum_over_replicas(ops.sum(euclidean_length(difference, axis=-1) * kept))
    return total / ops.maximum(sum_over_replicas(ops.sum(ops.ones_like(kept))), 1.0)
