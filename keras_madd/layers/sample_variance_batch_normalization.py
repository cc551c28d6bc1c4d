"""Batch normalisation that stores the unbiased variance, as PyTorch does."""

from typing import Any

import keras
from keras import ops

from keras_madd.layers.batch_normalization import BatchNormalization
from keras_madd.layers.replicas import sum_over_replicas
from keras_madd.support.tensor import Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class SampleVarianceBatchNormalization(BatchNormalization):
    """Batch normalisation whose moving variance follows the unbiased batch variance.

    Keras and PyTorch both normalise a training batch with the biased variance, the sum of squares
    over `n`. For the moving variance, Keras stores the same number and PyTorch the one over
    `n - 1`. The difference is small on large feature maps and not small on a 4x4 map with a batch
    of two, where the moving variance grows by a factor of 32/31. Weights trained in PyTorch go on
    training with the same numbers only with this layer. With one value per channel the moving
    variance takes the biased variance, which is 0, where PyTorch raises an error.

    Args:
        **kwargs: Those of `keras.layers.BatchNormalization`, except `renorm`. PyTorch's
            `momentum` is 1 minus the one here. Masks have no effect on the statistics.

    Input shape:
        Any, with the normalised axis (`axis`, default -1) known.

    Output shape:
        Same as the input's.

    Example:
        >>> layer = SampleVarianceBatchNormalization(momentum=0.9, epsilon=1e-5)
        >>> y = layer(np.random.rand(2, 4, 4, 8), training=True)
    """

    def __init__(self, **kwargs: Any):
        super().__init__(**kwargs)
        if self.renorm:
            raise ValueError(
                "Argument `renorm` is not supported: batch renormalisation keeps other moving "
                f"statistics. Received: renorm={self.renorm}"
            )

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Tensor:
        """Normalise as `BatchNormalization` does; in training, store the unbiased variance."""
        decayed = self.moving_variance * self.momentum
        outputs = super().call(inputs, training=training)
        if training and self.trainable:
            # The base class has just stored decayed + (1 - momentum) * biased variance.
            biased_step = self.moving_variance - decayed
            count = ops.cast(ops.size(inputs), "float32") / inputs.shape[self.axis]
            if self.synchronized:
                count = sum_over_replicas(count)
            correction = count / ops.maximum(count - 1.0, 1.0)
            self.moving_variance.assign(decayed + biased_step * correction)
        return outputs
