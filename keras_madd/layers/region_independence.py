"""RegionIndependence: feature centres and the region independence loss."""

from typing import Any

import keras
from keras import ops

from keras_madd.layers.replicas import sum_over_replicas
from keras_madd.support.errors import check_choice
from keras_madd.support.tensor import Shape, Tensor

REDUCTIONS = ("sum", "mean")


class FeatureCentres(keras.layers.Layer):
    """What both forms of the region independence loss share: centres, alpha, their life.

    Centres and alpha are saved, non-trainable weights. They move only when the layer is called
    with `training=True`, and `end_epoch` multiplies alpha by `alpha_decay`. On several replicas
    centres and loss are those of the global batch, the same on each.

    Subclasses give `centres_for` (the moved centres, with their gradient) and `loss_terms`.
    """

    def __init__(self, alpha: float, alpha_decay: float, **kwargs: Any):
        # Distances of nearly equal vectors need float32, whatever the network computes in.
        super().__init__(autocast=False, **kwargs)
        if not 0 < alpha <= 1:
            raise ValueError(f"`alpha` must be in (0, 1]. Received: alpha={alpha}")
        if not 0 < alpha_decay <= 1:
            raise ValueError(
                f"`alpha_decay` must be in (0, 1]. Received: alpha_decay={alpha_decay}"
            )
        self.initial_alpha = alpha
        self.alpha_decay = alpha_decay

    def build(self, features_shape: Shape) -> None:
        """Create the centres for regional features of shape `(B, M, N)`."""
        self.feature_centres = self._state("feature_centres", features_shape[1:], "zeros")
        self.alpha = self._state("alpha", (), keras.initializers.Constant(self.initial_alpha))

    def call(
        self,
        features: Tensor,
        labels: Tensor,
        sample_weight: Tensor | None = None,
        training: bool = False,
    ) -> Tensor:
        """Return the loss of a batch; while training, move the centres.

        Args:
            features: Regional features V, `(B, M, N)`.
            labels: Class of each image, `(B,)`; 0 is real, anything else is fake.
            sample_weight: Weight of each image, `(B,)`; an image of weight 0 is not there.
            training: Whether the centres move.

        Returns:
            Scalar float32 loss.
        """
        features = ops.cast(features, "float32")
        real = ops.cast(ops.equal(ops.reshape(labels, (-1,)), 0), "float32")
        weight = ops.ones_like(real)
        if sample_weight is not None:
            weight = ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
        centres = self.centres_for(features, real, weight, training)
        if training:
            self.feature_centres.assign(ops.stop_gradient(centres))
        intra, inter = self.loss_terms(features, real, weight, centres)
        return intra + inter

    def end_epoch(self) -> None:
        """Multiply alpha by `alpha_decay`, as after each epoch of the paper's training."""
        self.alpha.assign(self.alpha * self.alpha_decay)

    def compute_output_shape(self, *_: Any, **__: Any) -> Shape:
        """The loss is a scalar."""
        return ()

    def compute_output_spec(self, *_: Any, **__: Any) -> Tensor:
        """The loss is a float32 scalar."""
        return keras.KerasTensor((), "float32")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "alpha": self.initial_alpha,
            "alpha_decay": self.alpha_decay,
        }

    def _state(self, name, shape, initializer):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            trainable=False,
            dtype="float32",
            autocast=False,
            aggregation="mean",
        )


@keras.saving.register_keras_serializable(package="keras_madd")
class RegionIndependence(FeatureCentres):
    """Region independence loss (RIL): each attention map keeps to its own region.

    With `c = c_old - alpha * (c_old - mean_batch V)` (paper, section 3.4)

        L = sum_i sum_j max(|V_ij - c_j|^2 - m_in(y_i), 0)
          + sum_{i != j} max(m_out - |c_i - c_j|^2, 0)

    over the images i and regions j, and over ordered pairs of regions. The first term draws the
    features of a region to its centre, the second holds the centres apart. The centres in the
    loss are those just moved, so the second term has a gradient, of the order of alpha, through
    this batch's V.

    With `alpha=1` the centres are the batch mean; with margins that everything meets the loss
    and its gradient are zero.

    Args:
        alpha: Step of the centres, in (0, 1].
        alpha_decay: Factor on alpha at every `end_epoch`.
        inner_margins: m_in of real and of fake images.
        outer_margin: m_out.
        squared: Whether distances are squared, as in the paper's equation.
        reduction: `"sum"` over the batch, the paper's equation, or `"mean"`, which does not
            depend on the batch size.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        features: Regional features V: BAP of D with the attention maps, `(B, M, N)`.
        labels: `(B,)`, 0 real, anything else fake.
        sample_weight: `(B,)` or `None`.
        training: Whether the centres move.

    Output shape:
        Scalar.

    Reference:
        Zhao et al., CVPR 2021, arXiv 2103.02406.
    """

    def __init__(
        self,
        alpha: float = 0.05,
        alpha_decay: float = 0.9,
        inner_margins: tuple[float, float] = (0.05, 0.1),
        outer_margin: float = 0.2,
        squared: bool = True,
        reduction: str = "sum",
        **kwargs: Any,
    ):
        super().__init__(alpha, alpha_decay, **kwargs)
        check_choice("reduction", reduction, REDUCTIONS)
        self.inner_margins = tuple(inner_margins)
        self.outer_margin = outer_margin
        self.squared = squared
        self.reduction = reduction

    def centres_for(self, features: Tensor, real: Tensor, weight: Tensor, training: bool) -> Tensor:
        """Return the centres of the loss: moved while training, the stored ones otherwise."""
        stored = ops.convert_to_tensor(self.feature_centres)
        if not training:
            return stored
        total = sum_over_replicas(ops.sum(weight))
        mean = sum_over_replicas(ops.sum(features * weight[:, None, None], axis=0))
        # A batch of weight 0 says nothing about the centres.
        mean = ops.where(total > 0, mean / ops.maximum(total, 1e-7), stored)
        return stored - self.alpha * (stored - mean)

    def loss_terms(
        self, features: Tensor, real: Tensor, weight: Tensor, centres: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the intra-class and the inter-class term, two scalars."""
        margin = real * self.inner_margins[0] + (1.0 - real) * self.inner_margins[1]
        distance = self._distance(features - centres)
        intra = ops.sum(ops.relu(distance - margin[:, None]), axis=1) * weight
        intra = sum_over_replicas(ops.sum(intra))
        if self.reduction == "mean":
            intra = intra / ops.maximum(sum_over_replicas(ops.sum(weight)), 1e-7)
        distance = self._distance(centres[:, None] - centres[None])
        pairs = 1.0 - ops.eye(centres.shape[0], dtype="float32")
        return intra, ops.sum(ops.relu(self.outer_margin - distance) * pairs)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "inner_margins": self.inner_margins,
            "outer_margin": self.outer_margin,
            "squared": self.squared,
            "reduction": self.reduction,
        }

    def _distance(self, difference):
        if self.squared:
            return ops.sum(ops.square(difference), axis=-1)
        return euclidean_length(difference, axis=-1)


def euclidean_length(x: Tensor, axis: int | tuple[int, int]) -> Tensor:
    """Euclidean length along `axis`, with gradient 0 where it is 0."""
    squared = ops.sum(ops.square(x), axis=axis)
    positive = squared > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, squared, 1.0)), 0.0)
