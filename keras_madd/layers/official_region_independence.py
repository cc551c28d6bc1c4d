"""OfficialRegionIndependence: the region independence loss of the released code."""

from typing import Any

import keras
from keras import ops

from keras_madd.layers.region_independence import FeatureCentres, euclidean_length
from keras_madd.layers.replicas import sum_over_replicas
from keras_madd.support.tensor import Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class OfficialRegionIndependence(FeatureCentres):
    """Region independence loss as the authors' released code computes it.

    Where it departs from `RegionIndependence`: distances are not squared; an image has one
    distance over all its regions, `d_i = |V_i - c|` over the M x N matrix, with the hinge
    `max(d_i * sign(m) - m, 0)`, so that a negative margin pushes fakes at least `|m|` away from
    the centres; the pair term goes over unordered pairs and is divided by `M * alpha`; the batch
    is averaged; and the centres follow real images only,
    `c = c_old + alpha * mean_batch((V - c_old) * [y = 0])`.

    Outside training the loss uses the centres that the batch would give, and keeps the old ones.

    Args:
        alpha: Step of the centres, in (0, 1].
        alpha_decay: Factor on alpha at every `end_epoch`.
        inner_margins: m of real and of fake images.
        outer_margin: Distance that centres should keep.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        features: Regional features V, `(B, M, N)`: BAP of the spatially standardised D.
        labels: `(B,)`, 0 real, anything else fake.
        sample_weight: `(B,)` or `None`.
        training: Whether the centres are kept.

    Output shape:
        Scalar.

    Reference:
        The code released with arXiv 2103.02406.
    """

    def __init__(
        self,
        alpha: float = 0.05,
        alpha_decay: float = 0.9,
        inner_margins: tuple[float, float] = (0.2, -0.8),
        outer_margin: float = 0.8,
        **kwargs: Any,
    ):
        super().__init__(alpha, alpha_decay, **kwargs)
        self.inner_margins = tuple(inner_margins)
        self.outer_margin = outer_margin

    def centres_for(self, features: Tensor, real: Tensor, weight: Tensor, training: bool) -> Tensor:
        """Return the centres moved by the real images of the batch."""
        stored = ops.convert_to_tensor(self.feature_centres)
        drawn = (features - stored) * (real * weight)[:, None, None]
        total = ops.maximum(sum_over_replicas(ops.sum(weight)), 1e-7)
        return stored + self.alpha * sum_over_replicas(ops.sum(drawn, axis=0)) / total

    def loss_terms(
        self, features: Tensor, real: Tensor, weight: Tensor, centres: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the intra-class and the inter-class term, two scalars."""
        margin = real * self.inner_margins[0] + (1.0 - real) * self.inner_margins[1]
        distance = euclidean_length(features - centres, axis=(1, 2))
        hinge = ops.relu(distance * ops.sign(margin) - margin)
        total = ops.maximum(sum_over_replicas(ops.sum(weight)), 1e-7)
        intra = sum_over_replicas(ops.sum(hinge * weight)) / total
        num_regions = centres.shape[0]
        distance = euclidean_length(centres[:, None] - centres[None], axis=-1)
        pairs = ops.triu(ops.ones((num_regions, num_regions), "float32"), k=1)
        inter = ops.sum(ops.relu(self.outer_margin - distance) * pairs)
        # After some hundred epochs alpha has all but decayed away.
        alpha = ops.maximum(ops.convert_to_tensor(self.alpha), 1e-6)
        return intra, inter / (num_regions * alpha)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "inner_margins": self.inner_margins,
            "outer_margin": self.outer_margin,
        }
