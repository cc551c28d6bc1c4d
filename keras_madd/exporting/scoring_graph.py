"""The graph that is exported: pixels in, fake probability and attention maps out."""

from typing import TYPE_CHECKING

import keras

from keras_madd.errors import UserError
from keras_madd.exporting.model_json import ATTENTION_MAPS, FAKE_PROBABILITY, INPUT

if TYPE_CHECKING:
    from keras_madd.madd import MADD


def scoring_graph(model: "MADD", batch: int | None) -> keras.Model:
    """Builds the inference graph of a model.

    Args:
        model: A `MADD` model.
        batch: The fixed batch size, or None for any.

    Returns:
        A functional model from `image` (batch, H, W, 3), float32 RGB pixels 0 to 255, to
        `fake_probability` (batch,), 1 - P(class 0), and `attention_maps` (batch, h, w, M), left
        out where M = 0; both float32.

    Raises:
        UserError: If Keras does not run on TensorFlow, which the converters need.
    """
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            "Export needs Keras on TensorFlow: set KERAS_BACKEND=tensorflow. "
            f"Received: KERAS_BACKEND={keras.backend.backend()}"
        )
    height, width = model.config.input_size
    image = keras.Input(batch_shape=(batch, height, width, 3), dtype="float32", name=INPUT)
    features = model.network(image, training=False)
    logits = keras.ops.cast(features["logits"], "float32")
    outputs = {FAKE_PROBABILITY: 1.0 - keras.ops.softmax(logits)[:, 0]}
    if model.config.num_attentions:
        outputs[ATTENTION_MAPS] = keras.ops.cast(features["attention_maps"], "float32")
    return keras.Model(image, outputs, name="score")
