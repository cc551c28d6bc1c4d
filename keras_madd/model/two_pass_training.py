"""The training step of the method, stated once for every backend.

Keras's own `train_step` stays in charge of differentiation, loss scaling, gradient accumulation,
distribution and updates. Where a step makes one pass, the model returns all its outputs in place
of the logits, and `compute_loss` adds up the terms. Where it makes two, `compute_loss` makes both,
one at a time: see `two_passes`.
"""

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import keras
from keras import ops

from keras_madd.layers import portable_random
from keras_madd.layers.blend_mask_loss import blend_mask_loss
from keras_madd.layers.match_loss import match_loss
from keras_madd.model.config import MADDConfig
from keras_madd.model.first_step import build_before_tracing
from keras_madd.model.labels import (
    batch_size,
    check_labels_fit,
    class_of,
    labels_and_mask,
    weight_of_labels,
)
from keras_madd.model.loss_terms import LossTerms
from keras_madd.model.two_passes import two_passes
from keras_madd.support.tensor import Tensor

TERMS = {
    "classification": "classification_weight",
    "region_independence": "region_independence_weight",
    "augmented_classification": "augmented_classification_weight",
    "match": "match_weight",
    "blend_mask": "blend_mask_weight",
}
_NOT_TAUGHT = (
    "Labels without masks teach nothing to the maps of what looks blended, while the features that "
    "they are drawn from move: give masks (load_dataset(blend_masks=True)), or leave the maps out "
    "(MADD.from_preset(..., blend_mask_weight=0))."
)


class TwoPassTraining(LossTerms):
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

    What one pass computed is freed before the other begins; `two_passes` says how.

    With `agda_attention="detached_prefix"` steps 1 to 4 become: maps from the layers up to the
    attention tap, without gradient, batch-norm averages put back; AGDA; one forward pass over a
    batch in which every image is I or I' by the toss of a coin. Its cross-entropy has the same
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

    def train_step(self, *args: Any) -> Any:
        """Make one update; see the class. Arguments and result are the backend trainer's."""
        build_before_tracing(self, args[-1], training=True)
        return super().train_step(*args)

    def test_step(self, *args: Any) -> Any:
        """Evaluate one batch. Arguments and result are the backend trainer's."""
        build_before_tracing(self, args[-1], training=False)
        return super().test_step(*args)

    def training_outputs(self, pixels: Tensor) -> dict[str, Tensor]:
        """Return what `compute_loss` goes on with: the outputs of the only pass, or the pixels."""
        if self.makes_two_passes:
            return {"pixels": pixels}
        if not self.mixes_batch:
            return self.run_network(pixels, training=True)
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
        outputs = self.run_network(pixels, training=True)
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
        y, mask = labels_and_mask(y)
        sample_weight = weight_of_labels(sample_weight)
        check_labels_fit(y, self.loss, self.config.num_classes)
        if not isinstance(y_pred, dict):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        additional = self.additional_losses(self.losses)
        if self.makes_two_passes:
            total, terms = two_passes(self, x, y, y_pred, sample_weight)
        else:
            terms = (self._mixed_terms if self.mixes_batch else self.first_pass_terms)(
                y, y_pred, sample_weight
            )
            if self.config.blend_mask_weight:
                if mask is None:
                    warnings.warn(_NOT_TAUGHT, stacklevel=2)
                else:
                    terms["blend_mask"] = self.blend_mask_term(mask, y_pred, sample_weight)
            total = self.weighted(terms)
        for name, value in terms.items():
            # Terms are divided by the number of replicas; what is reported is not.
            share = self._aggregate_additional_loss(ops.ones((), "float32"))
            self.term_trackers[name].update_state(
                ops.cast(ops.stop_gradient(value), "float32") / share, batch_size(y)
            )
        return additional + total

    def make_term_trackers(self) -> dict[str, keras.metrics.Metric]:
        """Return one mean for each term that the configuration switches on."""
        on = {"classification": True}
        on["region_independence"] = self.config.trains_region_independence
        on["augmented_classification"] = self.config.trains_on_augmented
        on["blend_mask"] = self.config.blend_mask_weight > 0
        on["match"] = self.config.trains_on_augmented and self.config.match_weight > 0
        return {name: keras.metrics.Mean(f"{name}_loss") for name in TERMS if on[name]}

    @property
    def makes_two_passes(self) -> bool:
        """Whether the AGDA images take a pass of their own."""
        return self.config.trains_on_augmented and not self.mixes_batch

    @property
    def mixes_batch(self) -> bool:
        """Whether one pass goes over a batch of whole and augmented images."""
        config = self.config
        return config.trains_on_augmented and config.agda_attention == "detached_prefix"

    def _mixed_terms(self, y, outputs, sample_weight):
        weight = ops.ones_like(outputs["is_augmented"])
        if sample_weight is not None:
            weight = ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        whole = weight * (1.0 - outputs["is_augmented"])
        augmented = weight * outputs["is_augmented"]
        # Twice the half that each kind has of the batch: the expectation of a whole batch.
        terms = {"classification": self.classification(y, outputs["logits"], 2.0 * whole)}
        if self.config.trains_region_independence:
            terms["region_independence"] = self.region_independence_term(y, outputs, whole)
        terms["augmented_classification"] = self.classification(
            y, outputs["logits"], 2.0 * augmented
        )
        return terms

    def first_pass_terms(
        self, y: Tensor, outputs: dict[str, Tensor], sample_weight: Tensor | None
    ) -> dict[str, Tensor]:
        """Return the terms of the loss that the images' own outputs give."""
        terms = {"classification": self.classification(y, outputs["logits"], sample_weight)}
        if self.config.trains_region_independence:
            terms["region_independence"] = self.region_independence_term(y, outputs, sample_weight)
        return terms

    def weighted(self, terms: dict[str, Tensor]) -> Tensor:
        """Return the sum of the terms, each with its weight."""
        return sum(
            (
                getattr(self.config, TERMS[name]) * ops.cast(value, "float32")
                for name, value in terms.items()
            ),
            ops.zeros((), "float32"),
        )

    def classification(self, y: Tensor, logits: Tensor, sample_weight: Tensor | None) -> Tensor:
        """Return the compiled loss of some logits."""
        return self._compile_loss(y, logits, sample_weight)

    def region_independence_term(
        self, y: Tensor, outputs: dict[str, Tensor], sample_weight: Tensor | None
    ) -> Tensor:
        """Return RIL, this replica's share of it; the centres move."""
        assert self.region_independence is not None
        loss = self.region_independence(
            outputs["regional_features"],
            class_of(y, self.config.num_classes),
            sample_weight,
            training=True,
        )
        return self._aggregate_additional_loss(loss)

    def blend_mask_term(
        self, mask: Tensor, outputs: dict[str, Tensor], sample_weight: Tensor | None
    ) -> Tensor:
        """Return the loss of the maps of what was blended, this replica's share of it."""
        maps = [outputs["blend_map_middle"], outputs["blend_map_final"]]
        return self._aggregate_additional_loss(blend_mask_loss(mask, maps, sample_weight))

    def match_term(self, difference: Tensor, index: Tensor, sample_weight: Tensor | None) -> Tensor:
        """Return the match loss, this replica's share of it."""
        return self._aggregate_additional_loss(match_loss(difference, index, sample_weight))

    def additional_losses(self, losses: list[Tensor]) -> Tensor:
        """Return the sum of losses that layers added, this replica's share of it."""
        shares = (ops.cast(self._aggregate_additional_loss(loss), "float32") for loss in losses)
        return sum(shares, ops.zeros((), "float32"))

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
