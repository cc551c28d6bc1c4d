"""TextureEnhancement: keeps what local averaging throws away."""

from typing import Any

import keras
from keras import ops

from keras_madd.layers.batch_normalization import BatchNormalization
from keras_madd.layers.resampling import local_average, nearest_upsample
from keras_madd.support.tensor import Shape, Tensor

DEPTH = 3


@keras.saving.register_keras_serializable(package="keras_madd")
class TextureEnhancement(keras.layers.Layer):
    """Turns shallow features into a texture feature map.

    The features minus their local average are the texture residual T (paper, section 3.3):
    `T = f - upsample(D)`, D the average over one cell of the attention grid. T goes through three
    densely connected layers (batch normalisation, ReLU, 3x3 convolution), each of which sees all
    earlier outputs. F is T and the three outputs side by side.

    A feature map that is constant in every cell has T = 0, whatever its level.

    Args:
        growth: Channels that each of the three layers adds; `None`: as many as the input has.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        features: Shallow feature map, `(B, H, W, C)`.
        attention_maps: `(B, h, w, M)`; only its size is used.
        training: Whether batch statistics are used.

    Output shape:
        The pair F `(B, H, W, C + 3 * growth)` and D `(B, h, w, C)`.

    Reference:
        Zhao et al., CVPR 2021, arXiv 2103.02406; dense connections: Huang et al., CVPR 2017.
    """

    def __init__(self, growth: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.growth = growth

    def build(self, features_shape: Shape, attention_maps_shape: Shape) -> None:
        """Create the dense block for features of shape `(B, H, W, C)`."""
        growth = self.growth or features_shape[-1]
        self.normalizations, self.convs = [], []
        for index in range(DEPTH):
            shape = (*features_shape[:-1], features_shape[-1] + index * growth)
            normalization = BatchNormalization(
                dtype=self.dtype_policy, name=f"batch_normalization_{index}"
            )
            conv = keras.layers.Conv2D(
                growth,
                3,
                padding="same",
                dtype=self.dtype_policy,
                name=f"conv_{index}",
                data_format="channels_last",
            )
            normalization.build(shape)
            conv.build(shape)
            self.normalizations.append(normalization)
            self.convs.append(conv)

    def call(
        self, features: Tensor, attention_maps: Tensor, training: bool | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the texture feature map F and the local average D."""
        average = local_average(features, attention_maps.shape[1:3])
        dense = features - nearest_upsample(average, features.shape[1:3])
        for normalization, conv in zip(self.normalizations, self.convs, strict=True):
            grown = conv(ops.relu(normalization(dense, training=training)))
            dense = ops.concatenate([dense, grown], axis=-1)
        return dense, average

    def compute_output_shape(
        self, features_shape: Shape, attention_maps_shape: Shape
    ) -> tuple[Shape, Shape]:
        """Shapes of F and D."""
        channels = features_shape[-1]
        grown = channels + DEPTH * (self.growth or channels)
        return (*features_shape[:-1], grown), (*attention_maps_shape[:-1], channels)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "growth": self.growth}
