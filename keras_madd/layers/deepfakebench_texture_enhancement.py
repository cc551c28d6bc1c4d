"""DeepfakeBenchTextureEnhancement: the ungrouped texture block of DeepfakeBench's checkpoints."""

import keras
from keras import ops

from keras_madd.layers.resampling import local_average, nearest_upsample
from keras_madd.layers.sample_variance_batch_normalization import (
    SampleVarianceBatchNormalization,
)
from keras_madd.support.tensor import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class DeepfakeBenchTextureEnhancement(keras.layers.Layer):
    """Turns shallow features into one texture feature map of four times their channels.

    The residual `f - nearest(D)`, zero where D is as large as f, goes through a 1x1 convolution,
    three densely connected layers of batch normalisation, ReLU and 3x3 convolution, and a
    closing normalisation, ReLU, 1x1 convolution and normalisation without ReLU. All maps share
    it.

    Call arguments:
        features: Shallow feature map, `(B, H, W, N)` with static H and W.
        attention_maps: `(B, h, w, M)`; only its size is used.
        training: Whether batch statistics are used.

    Output shape:
        The pair F `(B, H, W, 4N)` and D `(B, h, w, N)`.

    Reference:
        Yan et al., DeepfakeBench, NeurIPS 2023; the unused first version in the code released
        with arXiv 2103.02406 computes the same.
    """

    def build(self, features_shape: Shape, attention_maps_shape: Shape) -> None:
        """Create the weights for N feature channels."""
        channels, space = features_shape[-1], features_shape[:-1]
        for name, filters, kernel_size, width in [
            ("conv0", 1, 1, 1),
            ("conv1", 1, 3, 1),
            ("conv2", 1, 3, 2),
            ("conv3", 1, 3, 3),
            ("conv_last", 4, 1, 4),
        ]:
            conv = keras.layers.Conv2D(
                filters * channels,
                kernel_size,
                padding="same",
                dtype=self.dtype_policy,
                name=name,
                data_format="channels_last",
            )
            conv.build((*space, width * channels))
            setattr(self, name, conv)
        for name, width in [("bn1", 1), ("bn2", 2), ("bn3", 3), ("bn4", 4), ("bn_last", 4)]:
            normalization = SampleVarianceBatchNormalization(
                momentum=0.9, epsilon=1e-5, dtype=self.dtype_policy, name=name
            )
            normalization.build((*space, width * channels))
            setattr(self, name, normalization)

    def call(
        self, features: Tensor, attention_maps: Tensor, training: bool | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the texture feature map F and the local average D."""
        average = local_average(features, attention_maps.shape[1:3])
        features = features - nearest_upsample(average, features.shape[1:3])
        dense = self.conv0(features)
        for normalization, conv in [
            (self.bn1, self.conv1),
            (self.bn2, self.conv2),
            (self.bn3, self.conv3),
        ]:
            grown = conv(ops.relu(normalization(dense, training=training)))
            dense = ops.concatenate([dense, grown], axis=-1)
        x = self.conv_last(ops.relu(self.bn4(dense, training=training)))
        return self.bn_last(x, training=training), average

    def compute_output_shape(
        self, features_shape: Shape, attention_maps_shape: Shape
    ) -> tuple[Shape, Shape]:
        """Shapes of F and D."""
        channels = features_shape[-1]
        return (*features_shape[:-1], 4 * channels), (*attention_maps_shape[:-1], channels)
