"""The end of a network: pooled features of its branches, and logits of them."""

import keras

from keras_madd.layers.portable_dropout import PortableDropout
from keras_madd.support.tensor import Tensor


def pooled(maps: list[Tensor]) -> Tensor:
    """Return the pooled features of several branches' maps, `(B, h, w, C)` each, side by side."""
    features = [
        keras.layers.GlobalAveragePooling2D(
            data_format="channels_last", dtype="float32", name=f"global_pooling_{index}"
        )(each)
        for index, each in enumerate(maps, 1)
    ]
    if len(features) == 1:
        return features[0]
    return keras.layers.Concatenate(dtype="float32", name="features")(features)


def classified(pixels: Tensor, features: Tensor, num_classes: int, dropout: float) -> keras.Model:
    """Return the network from pixels to logits of features.

    Args:
        pixels: The network's input.
        features: `(B, C)`.
        num_classes: Number of logits.
        dropout: On the features, while training.
    """
    kept = PortableDropout(dropout, dtype="float32", name="global_dropout")(features)
    logits = keras.layers.Dense(num_classes, dtype="float32", name="head")(kept)
    outputs = {"logits": logits, "global_features": features}
    return keras.Model(pixels, outputs, name="network")
