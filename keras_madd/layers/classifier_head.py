"""ClassifierHead: local and global features in, logits out."""

from typing import Any

import keras
from keras import ops

from keras_madd.support.tensor import Shape, Tensor

# Added to the variance of P's elements, which is about 1e-5 over faces.
_EPSILON = 1e-6
# The averages begin at a variance of 1, five orders above P's, and have to have forgotten it before
# the first validation.
_MOMENTUM = 0.9


@keras.saving.register_keras_serializable(package="keras_madd")
class ClassifierHead(keras.layers.Layer):
    """One linear layer over the textural matrix P and the global feature G (the paper's text).

    Args:
        num_classes: Number of logits.
        standardize_local: Whether the elements of P are standardised over the batch first: its
            vectors have unit length and turn so little from face to face that a linear layer
            hardly hears them beside G.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        local_features: P, `(B, M, C)`.
        global_features: G, `(B, C_L)`.

    Output shape:
        `(B, num_classes)`, float32.
    """

    def __init__(self, num_classes: int, standardize_local: bool = False, **kwargs: Any):
        super().__init__(autocast=False, **kwargs)
        self.num_classes = num_classes
        self.standardize_local = standardize_local
        if standardize_local:
            self.standardization = keras.layers.BatchNormalization(
                momentum=_MOMENTUM,
                epsilon=_EPSILON,
                center=False,
                scale=False,
                dtype="float32",
                name="standardization",
            )
        self.logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")

    def build(self, local_features_shape: Shape, global_features_shape: Shape) -> None:
        """Create the weights."""
        width = local_features_shape[1] * local_features_shape[2]
        if self.standardize_local:
            self.standardization.build((None, width))
        self.logits.build((None, width + global_features_shape[-1]))

    def call(
        self, local_features: Tensor, global_features: Tensor, training: bool | None = None
    ) -> Tensor:
        """Return the logits."""
        local = flatten_regions(local_features)
        if self.standardize_local:
            local = self.standardization(local, training=training)
        return self.logits(ops.concatenate([local, ops.cast(global_features, "float32")], axis=-1))

    @property
    def classifier(self) -> keras.layers.Dense:
        """The last layer."""
        return self.logits

    def compute_output_spec(self, local_features: Tensor, global_features: Tensor) -> Tensor:
        """`(B, num_classes)`, float32 whatever the compute dtype."""
        return keras.KerasTensor((global_features.shape[0], self.num_classes), "float32")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "standardize_local": self.standardize_local,
        }


def flatten_regions(local_features: Tensor) -> Tensor:
    """`(B, M, C)` -> `(B, M * C)`, float32, regions outermost."""
    regions, channels = local_features.shape[1:]
    return ops.reshape(ops.cast(local_features, "float32"), (-1, regions * channels))
