"""OfficialTextureEnhancement: the texture block of the released code, one map per attention."""

import keras
from keras import ops

from keras_madd.layers.grouped_conv import GroupedConv2D
from keras_madd.layers.resampling import (
    align_corners_matrix,
    local_average,
    nearest_upsample,
    resample,
)
from keras_madd.layers.sample_variance_batch_normalization import (
    SampleVarianceBatchNormalization,
)
from keras_madd.support.tensor import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class OfficialTextureEnhancement(keras.layers.Layer):
    """Turns shallow features into M texture feature maps, one for each attention map.

    A 3x3 convolution comes first; D is its local average at the attention maps' size, and the
    residual is left out where D is not smaller than the features. The residual is repeated M
    times, copy k multiplied with `tanh` of map k (resized, without gradient), and runs through M
    parallel dense blocks: a 5x5 convolution, three densely connected layers of batch
    normalisation, ReLU and 3x3 convolution, and a closing 1x1 convolution between two
    normalisations with ReLU. Everything after the product is grouped by map.

    Call arguments:
        features: Shallow feature map, `(B, H, W, N)` with static H and W.
        attention_maps: `(B, h, w, M)`.
        training: Whether batch statistics are used.

    Output shape:
        The pair F `(B, H, W, M, N)` and D `(B, h, w, N)`.

    Reference:
        The code released with arXiv 2103.02406; `TextureEnhancement` is the paper's text.
    """

    def build(self, features_shape: Shape, attention_maps_shape: Shape) -> None:
        """Create the weights for N feature channels and M attention maps."""
        channels, groups = features_shape[-1], attention_maps_shape[-1]
        space = features_shape[:-1]
        self.conv_extract = keras.layers.Conv2D(
            channels,
            3,
            padding="same",
            dtype=self.dtype_policy,
            name="conv_extract",
            data_format="channels_last",
        )
        self.conv_extract.build(features_shape)
        for name, kernel_size, width in [
            ("conv0", 5, 1),
            ("conv1", 3, 1),
            ("conv2", 3, 2),
            ("conv3", 3, 3),
            ("conv_last", 1, 4),
        ]:
            conv = GroupedConv2D(
                channels * groups, kernel_size, groups, dtype=self.dtype_policy, name=name
            )
            conv.build((*space, width * channels * groups))
            setattr(self, name, conv)
        for name, width in [("bn1", 1), ("bn2", 2), ("bn3", 3), ("bn4", 4), ("bn_last", 1)]:
            normalization = SampleVarianceBatchNormalization(
                momentum=0.9, epsilon=1e-5, dtype=self.dtype_policy, name=name
            )
            normalization.build((*space, width * channels * groups))
            setattr(self, name, normalization)

    def call(
        self, features: Tensor, attention_maps: Tensor, training: bool | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the texture feature maps F and the local average D."""
        height, width, channels = features.shape[1:]
        groups = attention_maps.shape[-1]
        features = self.conv_extract(features)
        average = local_average(features, attention_maps.shape[1:3])
        if average.shape[1] < height:
            features = features - nearest_upsample(average, (height, width))
        attention = resample(
            ops.stop_gradient(attention_maps), (height, width), align_corners_matrix
        )
        x = features[:, :, :, None, :] * ops.tanh(attention)[..., None]
        dense = self.conv0(ops.reshape(x, (-1, height, width, groups * channels)))
        for normalization, conv in [
            (self.bn1, self.conv1),
            (self.bn2, self.conv2),
            (self.bn3, self.conv3),
        ]:
            grown = conv(ops.relu(normalization(dense, training=training)))
            dense = _concatenate_groups(dense, grown, groups)
        x = self.conv_last(ops.relu(self.bn4(dense, training=training)))
        x = ops.relu(self.bn_last(x, training=training))
        return ops.reshape(x, (-1, height, width, groups, channels)), average

    def compute_output_shape(
        self, features_shape: Shape, attention_maps_shape: Shape
    ) -> tuple[Shape, Shape]:
        """Shapes of F and D."""
        batch, height, width, channels = features_shape
        maps = (batch, height, width, attention_maps_shape[-1], channels)
        return maps, (*attention_maps_shape[:-1], channels)


def _concatenate_groups(left, right, groups: int):
    """Concatenate channels inside each group, so that a group sees its own past only."""
    height, width = left.shape[1:3]
    parts = [
        ops.reshape(part, (-1, height, width, groups, part.shape[-1] // groups))
        for part in (left, right)
    ]
    channels = left.shape[-1] + right.shape[-1]
    return ops.reshape(ops.concatenate(parts, axis=-1), (-1, height, width, channels))
