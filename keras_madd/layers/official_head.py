"""OfficialHead: the two-branch classifier of the released code."""

from typing import Any

import keras
from keras import ops

from keras_madd.layers.classifier_head import flatten_regions
from keras_madd.support.tensor import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class OfficialHead(keras.layers.Layer):
    """The head of the released code: two projections, then a two-layer classifier.

    P, flattened region by region, goes through dense, hard-swish, dense, hard-swish; G through
    dense, hard-swish; both together through dense, hard-swish, dense. Layers are named after
    their indices in the released checkpoints.

    Args:
        num_classes: Number of logits.
        width: Units of the hidden layers.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        local_features: P, `(B, M, C)`.
        global_features: G, `(B, C_L)`.

    Output shape:
        `(B, num_classes)`, float32.
    """

    def __init__(self, num_classes: int, width: int = 256, **kwargs: Any):
        super().__init__(autocast=False, **kwargs)
        self.num_classes = num_classes
        self.width = width

    def build(self, local_features_shape: Shape, global_features_shape: Shape) -> None:
        """Create the weights."""
        width = self.width
        for name, inputs, units in [
            ("projection_local_0", local_features_shape[1] * local_features_shape[2], width),
            ("projection_local_2", width, width),
            ("project_final", global_features_shape[-1], width),
            ("ensemble_0", 2 * width, width),
            ("ensemble_2", width, self.num_classes),
        ]:
            dense = keras.layers.Dense(units, dtype="float32", name=name)
            dense.build((None, inputs))
            setattr(self, name, dense)

    def call(self, local_features: Tensor, global_features: Tensor) -> Tensor:
        """Return the logits."""
        x = ops.hard_silu(self.projection_local_0(flatten_regions(local_features)))
        local = ops.hard_silu(self.projection_local_2(x))
        x = ops.concatenate([local, self.project_global(global_features)], axis=-1)
        return self.ensemble_2(ops.hard_silu(self.ensemble_0(x)))

    def project_global(self, global_features: Tensor) -> Tensor:
        """Return the projection of G, `(B, width)`."""
        return ops.hard_silu(self.project_final(ops.cast(global_features, "float32")))

    @property
    def classifier(self) -> keras.layers.Dense:
        """The last layer."""
        return self.ensemble_2

    def compute_output_spec(self, local_features: Tensor, global_features: Tensor) -> Tensor:
        """`(B, num_classes)`, float32 whatever the compute dtype."""
        return keras.KerasTensor((global_features.shape[0], self.num_classes), "float32")

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "num_classes": self.num_classes, "width": self.width}
