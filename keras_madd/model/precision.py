"""A model in another precision, such as float32 whatever it was trained in."""

from typing import TYPE_CHECKING, Any, TypeVar

from keras import ops

from keras_madd.model.frozen import freeze, frozen_layers

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier

Model = TypeVar("Model", bound="FaceClassifier")


def twin_of(model: Model, name: str, dtype: Any, config: Any = None) -> Model:
    """Build an uncompiled model of the same configuration, frozen alike, with weights of its own.

    Args:
        model: A detector.
        name: Of the twin.
        dtype: Its dtype policy.
        config: Another configuration of the same weights.
    """
    twin = model.built_anew(config or model.config, name=name, dtype=dtype)
    freeze(twin.network, frozen_layers(model.network))
    return twin


def float32_twin(model: Model) -> Model:
    """Build the `twin_of` a model in float32."""
    return twin_of(model, model.name, "float32", model.config.in_float32())


def in_float32(model: Model) -> Model:
    """Return a model that computes in float32 with the same weights: itself where it does already.

    Args:
        model: A detector of any dtype policy; it stays as it is.
    """
    dtypes = {layer.compute_dtype for layer in model.network._flatten_layers()}
    if model.dtype_policy.name == "float32" and not dtypes & {"float16", "bfloat16"}:
        return model
    twin = float32_twin(model)
    for weight, value in zip(twin.weights, model.weights, strict=True):
        weight.assign(ops.cast(value, weight.dtype))
    return twin
