"""Batch normalisation by TensorFlow's fused kernel."""

from typing import Any

import keras
from keras import ops

from keras_madd.support.tensor import Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class BatchNormalization(keras.layers.BatchNormalization):
    """Keras's batch normalisation, in one kernel where TensorFlow trains.

    Keras makes it from a dozen operations, each of which goes over the whole feature map; with a
    backbone of many normalisations that is a third of a training step. Statistics, outputs and
    gradients are Keras's, to rounding. Everything but the training of feature maps
    `(B, H, W, C)` is left to Keras: inference, other back ends, masks, `renorm`, and statistics
    over several replicas.

    Args:
        **kwargs: Those of `keras.layers.BatchNormalization`.

    Input shape:
        Any, with the normalised axis (`axis`, default -1) known.

    Output shape:
        Same as the input's.

    Example:
        >>> layer = BatchNormalization(momentum=0.9)
        >>> y = layer(np.random.rand(2, 4, 4, 8), training=True)
    """

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Tensor:
        """Normalise; in training with the batch's statistics, which the averages take in."""
        if not (training and self.trainable and mask is None and self._fuses(inputs)):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        channels = inputs.shape[-1]
        scale = ops.cast(self.gamma, "float32") if self.scale else tf.ones(channels)
        offset = ops.cast(self.beta, "float32") if self.center else tf.zeros(channels)
        outputs, mean, sample_variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, scale, offset, epsilon=self.epsilon, is_training=True
        )
        # Of n values (n - 1) / n: the kernel's variance is that of a sample.
        variance = sample_variance * (1 - channels / tf.cast(tf.size(inputs), "float32"))
        for average, value in ((self.moving_mean, mean), (self.moving_variance, variance)):
            kept = ops.cast(average, "float32") * self.momentum
            average.assign(kept + value * (1 - self.momentum))
        return outputs

    def _fuses(self, inputs: Tensor) -> bool:
        return (
            keras.backend.backend() == "tensorflow"
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and self.compute_dtype != "float64"
            and not (self.renorm or self.synchronized)
        )
