"""PortableDropout: dropout that draws the same everywhere."""

import keras
from keras import ops

from keras_madd.layers import portable_random
from keras_madd.support.tensor import Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class PortableDropout(keras.layers.Dropout):
    """Dropout whose mask does not depend on the backend or on the number of replicas.

    Keras's own draws differ from one backend to the next, and under `tf.distribute` every replica
    draws the same mask for its part of the batch.

    Args:
        rate: Probability of dropping, in [0, 1].
        noise_shape: Shape of the mask; `None` as an entry: the input's. `(None, 1, 1, 1)` drops
            whole images (stochastic depth).
        seed: Seed of the random choices; `None` draws one.
        **kwargs: Arguments of `keras.layers.Layer`.

    Output shape:
        Same as the input's.
    """

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Return the inputs, in training with some at zero and the others scaled up."""
        if not training or self.rate == 0:
            return inputs
        if self.rate == 1:
            return ops.zeros_like(inputs)
        shape = ops.shape(inputs)
        sides = zip(shape, self.noise_shape or [None] * len(shape), strict=True)
        mask_shape = tuple(own if asked is None else asked for own, asked in sides)
        kept = portable_random.uniform(mask_shape, self.seed_generator) >= self.rate
        return ops.where(kept, inputs / (1.0 - self.rate), ops.zeros_like(inputs))
