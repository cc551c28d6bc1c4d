"""OfficialAttentionMaps: the attention generator of the released code."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_madd.layers.attention_maps import check_num_attentions
from keras_madd.layers.resampling import nearest_index
from keras_madd.layers.sample_variance_batch_normalization import (
    SampleVarianceBatchNormalization,
)
from keras_madd.support.tensor import Shape, Tensor


def border_mask(height: int, width: int) -> np.ndarray:
    """The fixed mask that zeroes a two-cell border of a 24x24 grid, nearest-resized.

    Off 24x24 the result is not symmetric: at 8x8 only the first row and column are zero.

    Returns:
        Float32 array of shape `(height, width)` of zeros and ones.
    """
    mask = np.zeros((24, 24), "float32")
    mask[2:-2, 2:-2] = 1.0
    return mask[np.ix_(nearest_index(24, height), nearest_index(24, width))]


@keras.saving.register_keras_serializable(package="keras_madd")
class OfficialAttentionMaps(keras.layers.Layer):
    """Generates M attention maps as the authors' released code does.

    3x3 convolution, batch normalisation, ReLU, 1x1 convolution without bias, batch normalisation,
    ELU + 1, times `border_mask`. Inside the border the maps are strictly positive, so no map can
    die; the paper's `AttentionMaps` has one convolution and a ReLU.

    Args:
        num_attentions: Number of maps M, at least 1.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Feature map of the attention tap.
        training: Whether batch statistics are used.

    Input shape:
        `(B, h, w, C)` with static h and w.

    Output shape:
        `(B, h, w, M)`, not negative.

    Reference:
        The code released with arXiv 2103.02406.
    """

    def __init__(self, num_attentions: int, **kwargs: Any):
        super().__init__(**kwargs)
        check_num_attentions(num_attentions)
        self.num_attentions = num_attentions

    def build(self, input_shape: Shape) -> None:
        """Create the weights for features of shape `(B, h, w, C)`."""
        channels = input_shape[-1]
        maps_shape = self.compute_output_shape(input_shape)
        policy = self.dtype_policy
        self.conv_extract = keras.layers.Conv2D(
            channels,
            3,
            padding="same",
            dtype=policy,
            name="conv_extract",
            data_format="channels_last",
        )
        self.bn1 = SampleVarianceBatchNormalization(
            momentum=0.9, epsilon=1e-5, dtype=policy, name="bn1"
        )
        self.conv2 = keras.layers.Conv2D(
            self.num_attentions,
            1,
            use_bias=False,
            dtype=policy,
            name="conv2",
            data_format="channels_last",
        )
        self.bn2 = SampleVarianceBatchNormalization(
            momentum=0.9, epsilon=1e-5, dtype=policy, name="bn2"
        )
        self.conv_extract.build(input_shape)
        self.bn1.build(input_shape)
        self.conv2.build(input_shape)
        self.bn2.build(maps_shape)

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Return the attention maps of `inputs`."""
        x = ops.relu(self.bn1(self.conv_extract(inputs), training=training))
        x = ops.elu(self.bn2(self.conv2(x), training=training)) + 1.0
        mask = border_mask(*inputs.shape[1:3])[None, :, :, None]
        return x * ops.convert_to_tensor(mask, x.dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, h, w, C)` -> `(B, h, w, M)`."""
        return (*input_shape[:-1], self.num_attentions)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "num_attentions": self.num_attentions}
