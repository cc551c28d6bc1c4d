"""The graph that is exported: pixels in, fake probability and maps of why out."""

from typing import TYPE_CHECKING

import keras

from keras_madd.inference.model_description import (
    ATTENTION_MAPS,
    BLEND_MAPS,
    FAKE_PROBABILITY,
    INPUT,
)
from keras_madd.support.errors import UserError

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier


def check_backend() -> None:
    """Check that Keras runs on TensorFlow, which the converters need.

    Raises:
        UserError: If it does not.
    """
    if keras.backend.backend() != "tensorflow":
        raise UserError(
            "Export needs Keras on TensorFlow: set KERAS_BACKEND=tensorflow. "
            f"Received: KERAS_BACKEND={keras.backend.backend()}"
        )


def scoring_graph(
    model: "FaceClassifier", batch: int | None, input_type: str = "float32"
) -> keras.Model:
    """Builds the inference graph of a model.

    Args:
        model: A detector; the graph is in float32, whatever its dtype policy.
        batch: The fixed batch size, which also puts every layer in its inference form; or None
            for any.
        input_type: Type of the pixels, `"float32"` or `"uint8"`.

    Returns:
        A functional model from `image` (batch, H, W, 3), of clips (batch, T, H, W, 3), RGB
        pixels 0 to 255, to
        `fake_probability` (batch,), 1 - P(class 0), and `exported_maps` (batch, h, w, M), left
        out where M = 0; both float32.

    Raises:
        UserError: If Keras does not run on TensorFlow, which the converters need.
    """
    check_backend()
    from keras_madd.model.precision import in_float32

    network = in_float32(model).network
    if batch is not None:
        from keras_madd.exporting.inference_forms import in_inference_form

        network = in_inference_form(network, batch)
    shape = (batch, *model.config.pixels_shape)
    image = keras.Input(batch_shape=shape, dtype=input_type, name=INPUT)
    features = network(keras.ops.cast(image, "float32"), training=False)
    logits = keras.ops.cast(features["logits"], "float32")
    # A slice of width 1, not an index: the index would leave XNNPACK.
    real = keras.ops.softmax(logits)[:, :1]
    outputs = {FAKE_PROBABILITY: keras.ops.reshape(1.0 - real, (-1,))}
    maps = exported_maps(model)
    if maps is not None:
        outputs[maps] = keras.ops.cast(features[model.heat_map_output], "float32")
    return keras.Model(image, outputs, name="score")


def exported_maps(model: "FaceClassifier") -> str | None:
    """Returns what exported files call the model's heat maps; None where it has none.

    Class activation is called attention too: under one name every runtime draws both alike.
    """
    if model.heat_map_output is None:
        return None
    return BLEND_MAPS if model.heat_map_output == BLEND_MAPS else ATTENTION_MAPS
