"""AttentionMaps: where to look, as M maps over the face."""

from typing import Any

import keras

from keras_madd.layers.batch_normalization import BatchNormalization
from keras_madd.support.tensor import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class AttentionMaps(keras.layers.Layer):
    """Generates M spatial attention maps from a middle feature map.

    One 1x1 convolution, batch normalisation and ReLU (paper, section 3.2). Every map is meant to
    settle on its own facial region; `RegionIndependence` is what makes it do so.

    Args:
        num_attentions: Number of maps M, at least 1.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Feature map of the attention tap.
        training: Whether batch statistics are used.

    Input shape:
        `(B, h, w, C)`.

    Output shape:
        `(B, h, w, M)`, not negative.

    Example:
        >>> maps = AttentionMaps(4)(features)  # (B, 14, 14, 112) -> (B, 14, 14, 4)

    Reference:
        Zhao et al., Multi-attentional Deepfake Detection, CVPR 2021, arXiv 2103.02406.
    """

    def __init__(self, num_attentions: int, **kwargs: Any):
        super().__init__(**kwargs)
        check_num_attentions(num_attentions)
        self.num_attentions = num_attentions
        self.conv = keras.layers.Conv2D(
            num_attentions,
            1,
            use_bias=False,
            dtype=self.dtype_policy,
            name="conv",
            data_format="channels_last",
        )
        self.batch_normalization = BatchNormalization(
            dtype=self.dtype_policy, name="batch_normalization"
        )

    def build(self, input_shape: Shape) -> None:
        """Create the weights for features of shape `(B, h, w, C)`."""
        self.conv.build(input_shape)
        self.batch_normalization.build(self.conv.compute_output_shape(input_shape))

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Return the attention maps of `inputs`."""
        return keras.ops.relu(self.batch_normalization(self.conv(inputs), training=training))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, h, w, C)` -> `(B, h, w, M)`."""
        return (*input_shape[:-1], self.num_attentions)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "num_attentions": self.num_attentions}


def check_num_attentions(num_attentions: int) -> None:
    """Raise `ValueError` unless `num_attentions` is a positive whole number."""
    if not isinstance(num_attentions, int) or num_attentions < 1:
        raise ValueError(
            "`num_attentions` must be a positive integer. "
            f"Received: num_attentions={num_attentions}"
        )
