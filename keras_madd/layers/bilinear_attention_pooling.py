"""BilinearAttentionPooling: one feature vector per attended region."""

from typing import Any

import keras
from keras import ops

from keras_madd.layers.resampling import align_corners_matrix, resample
from keras_madd.support.errors import check_choice
from keras_madd.support.tensor import Shape, Tensor

NORMALIZATIONS = ("l2", "average", "none")
INTERPOLATIONS = ("half_pixel", "align_corners")


@keras.saving.register_keras_serializable(package="keras_madd")
class BilinearAttentionPooling(keras.layers.Layer):
    """Bilinear attention pooling (BAP): pools a feature map once under every attention map.

    The maps are resized to the features, multiplied with them and summed over space (paper,
    section 3.3): `v_k = sum_hw A_k F`. `normalization` says what becomes of the sum:

    - `"l2"`: divided by its Euclidean length, the paper's normalised average pooling. A region
      that nothing attends to gives a vector of zeros, not a division by zero.
    - `"average"`: divided by the sum of the map: the weighted mean. Where a map is zero
      everywhere, the plain mean.
    - `"none"`: the sum itself.

    With one map of ones, `"average"` is global average pooling.

    Args:
        normalization: `"l2"`, `"average"` or `"none"`.
        interpolation: How the maps are resized: `"half_pixel"`, or `"align_corners"` as in the
            authors' released code.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        features: Feature map shared by all attention maps, `(B, H, W, C)`, or one feature map
            for each of them, `(B, H, W, M, C)`.
        attention_maps: `(B, h, w, M)`, not negative.

    Output shape:
        `(B, M, C)`, float32 or wider, whatever the compute dtype: the sums overflow float16.

    Reference:
        Zhao et al., CVPR 2021, arXiv 2103.02406, equation of BAP and figure 4.
    """

    def __init__(self, normalization: str = "l2", interpolation: str = "half_pixel", **kwargs: Any):
        super().__init__(**kwargs)
        check_choice("normalization", normalization, NORMALIZATIONS)
        check_choice("interpolation", interpolation, INTERPOLATIONS)
        self.normalization = normalization
        self.interpolation = interpolation

    def call(self, features: Tensor, attention_maps: Tensor) -> Tensor:
        """Return the pooled vectors of shape `(B, M, C)`."""
        maps = self._resize(attention_maps, features.shape[1:3])
        dtype = keras.backend.result_type(features.dtype, "float32")
        features, maps = ops.cast(features, dtype), ops.cast(maps, dtype)
        if self.normalization == "average":
            maps = maps + 1e-8
        pooled = self._weighted_sum(features, maps)
        if self.normalization == "average":
            return pooled / ops.sum(maps, axis=(1, 2))[:, :, None]
        if self.normalization == "l2":
            squared = ops.sum(ops.square(pooled), axis=-1, keepdims=True)
            # Zero vectors stay zero and pass no gradient: 1 / 0 would poison every weight.
            attended = squared > 1e-24
            length = ops.sqrt(ops.where(attended, squared, 1.0))
            return ops.where(attended, pooled / length, 0.0)
        return pooled

    def compute_output_shape(self, features_shape: Shape, attention_maps_shape: Shape) -> Shape:
        """`(B, H, W, [M,] C)`, `(B, h, w, M)` -> `(B, M, C)`."""
        return (features_shape[0], attention_maps_shape[-1], features_shape[-1])

    def compute_output_spec(self, features: Tensor, attention_maps: Tensor) -> Tensor:
        """Shape and dtype of the pooled vectors."""
        shape = self.compute_output_shape(features.shape, attention_maps.shape)
        return keras.KerasTensor(shape, keras.backend.result_type(features.dtype, "float32"))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {
            **super().get_config(),
            "normalization": self.normalization,
            "interpolation": self.interpolation,
        }

    def _resize(self, maps, size):
        if tuple(maps.shape[1:3]) == tuple(size):
            return maps
        if self.interpolation == "align_corners":
            return resample(maps, size, align_corners_matrix)
        return ops.image.resize(maps, size, "bilinear", data_format="channels_last")

    def _weighted_sum(self, features, maps):
        positions = features.shape[1] * features.shape[2]
        num_maps, channels = maps.shape[-1], features.shape[-1]
        maps = ops.reshape(maps, (-1, positions, num_maps))
        if len(features.shape) == 4:
            features = ops.reshape(features, (-1, positions, channels))
            return ops.matmul(ops.transpose(maps, (0, 2, 1)), features)
        features = ops.reshape(features, (-1, positions, num_maps, channels))
        return ops.sum(features * maps[..., None], axis=1)
