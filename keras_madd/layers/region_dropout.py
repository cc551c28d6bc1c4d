"""RegionDropout: forgets whole attention maps while training."""

from typing import Any

import keras
from keras import ops

from keras_madd.layers.portable_dropout import PortableDropout
from keras_madd.support.tensor import Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class RegionDropout(keras.layers.Layer):
    """Drops whole regions: a region's local features and its attention map together.

    While training each region of each image is zeroed with probability `rate` and the others are
    scaled by `1 / (1 - rate)`. At rate 0, and outside training, nothing changes.

    Args:
        rate: Probability in [0, 1).
        seed: Seed of the random choices.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        local_features: `(B, M, C)`.
        attention_maps: `(B, h, w, M)`.
        training: Whether regions are dropped.

    Output shape:
        The pair of the inputs' shapes.

    Reference:
        The code released with arXiv 2103.02406.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed = seed
        self.dropout = PortableDropout(rate, seed=seed, dtype="float32")

    def call(
        self, local_features: Tensor, attention_maps: Tensor, training: bool | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return both inputs without the dropped regions."""
        kept = self.dropout(
            ops.ones_like(local_features[:, :, 0], dtype="float32"), training=training
        )
        local_features = local_features * ops.cast(kept, local_features.dtype)[:, :, None]
        return (
            local_features,
            attention_maps * ops.cast(kept, attention_maps.dtype)[:, None, None, :],
        )

    def compute_output_spec(
        self, local_features: Tensor, attention_maps: Tensor, training: bool | None = None
    ) -> tuple[Tensor, Tensor]:
        """Both inputs keep shape and dtype."""
        return (
            keras.KerasTensor(local_features.shape, local_features.dtype),
            keras.KerasTensor(attention_maps.shape, attention_maps.dtype),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
