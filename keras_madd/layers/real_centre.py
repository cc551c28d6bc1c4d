"""RealCentre: a loss that draws real faces together and keeps fakes away."""

from typing import Any

import keras
from keras import ops

from keras_madd.layers.region_independence import FeatureCentres
from keras_madd.layers.replicas import sum_over_replicas
from keras_madd.support.tensor import Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class RealCentre(FeatureCentres):
    """Loss that draws real faces to one centre and keeps fakes away from it.

    With `c = c_old + alpha * (mean of the batch's real features - c_old)`, without gradient,

        L =   mean over real i of max(|f_i - c|^2 - m_in, 0)
            + mean over fake i of max(m_out - |f_i - c|^2, 0).

    Each class has its own mean, so that a batch of mostly fakes weighs them no more. With
    `alpha=1` the centre is the batch's; a batch without real faces leaves it where it is; with
    margins that every face meets, the loss and its gradient are 0. The paper gives the aim; the
    moving centre and the two means are chosen here.

    Args:
        alpha: Step of the centre, in (0, 1].
        alpha_decay: Factor on alpha at every `end_epoch`.
        inner_margin: m_in, the squared distance within which real faces are left alone.
        outer_margin: m_out, the squared distance beyond which fakes are.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        features: `(B, 1, N)`.
        labels: `(B,)`, 0 real, anything else fake.
        sample_weight: `(B,)` or `None`.
        training: Whether the centre moves.

    Output shape:
        Scalar.

    Reference:
        Masi et al., Two-branch Recurrent Network, ECCV 2020, arXiv 2008.03412.
    """

    def __init__(
        self,
        alpha: float = 0.05,
        alpha_decay: float = 1.0,
        inner_margin: float = 0.5,
        outer_margin: float = 2.0,
        **kwargs: Any,
    ):
        super().__init__(alpha, alpha_decay, **kwargs)
        if not 0 <= inner_margin <= outer_margin:
            raise ValueError(
                "`inner_margin` must be from 0 to `outer_margin`. "
                f"Received: inner_margin={inner_margin}, outer_margin={outer_margin}"
            )
        self.inner_margin = inner_margin
        self.outer_margin = outer_margin

    def centres_for(self, features: Tensor, real: Tensor, weight: Tensor, training: bool) -> Tensor:
        """Return the centre of the loss: moved while training, the stored one otherwise."""
        stored = ops.convert_to_tensor(self.feature_centres)
        if not training:
            return stored
        share = weight * real
        total = sum_over_replicas(ops.sum(share))
        mean = sum_over_replicas(ops.sum(features * share[:, None, None], axis=0))
        mean = ops.where(total > 0, mean / ops.maximum(total, 1e-7), stored)
        return ops.stop_gradient(stored + self.alpha * (mean - stored))

    def loss_terms(
        self, features: Tensor, real: Tensor, weight: Tensor, centres: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the term of the real faces and that of the fakes, two scalars."""
        distance = ops.sum(ops.square(features - centres), axis=(1, 2))
        return (
            _mean(ops.relu(distance - self.inner_margin), weight * real),
            _mean(ops.relu(self.outer_margin - distance), weight * (1.0 - real)),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "inner_margin": self.inner_margin,
            "outer_margin": self.outer_margin,
        }


def _mean(values, weight):
    total = sum_over_replicas(ops.sum(weight))
    return sum_over_replicas(ops.sum(values * weight)) / ops.maximum(total, 1e-7)
