"""The end of a network with several branches: their pooled features, side by side, to logits."""

import keras

from keras_madd.layers.portable_dropout import PortableDropout
from keras_madd.support.tensor import Tensor


def classified(pixels: Tensor, maps: list[Tensor], num_classes: int, dropout: float) -> keras.Model:
    """Return the network from pixels to logits of pooled feature maps, side by side.

    Args:
        pixels: The network's input.
        maps: `(B, h, w, C)` each.
        num_classes: Number of logits.
        dropout: On the pooled features, while training.
    """
    pooled = [
        keras.layers.GlobalAveragePooling2D(
            data_format="channels_last", dtype="float32", name=f"global_pooling_{index}"
        )(each)
        for index, each in enumerate(maps, 1)
    ]
    features = pooled[0]
    if len(pooled) > 1:
        features = keras.layers.Concatenate(dtype="float32", name="features")(pooled)
    kept = PortableDropout(dropout, dtype="float32", name="global_dropout")(features)
    logits = keras.layers.Dense(num_classes, dtype="float32", name="head")(kept)
    outputs = {"logits": logits, "global_features": features}
    return keras.Model(pixels, outputs, name="network")
