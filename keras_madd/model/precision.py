"""A model in float32, whatever precision it was trained in."""

from typing import TYPE_CHECKING, TypeVar

from keras import ops

from keras_madd.model.frozen import freeze, frozen_layers

if TYPE_CHECKING:
    from keras_madd.model.face_classifier import FaceClassifier

Model = TypeVar("Model", bound="FaceClassifier")


def float32_twin(model: Model) -> Model:
    """Build an uncompiled float32 model of the same configuration, with weights of its own."""
    twin = type(model)(model.config, name=model.name, dtype="float32")
    freeze(twin.network, frozen_layers(model.network))
    return twin


def in_float32(model: Model) -> Model:
    """Return a model that computes in float32 with the same weights: itself where it does already.

    Args:
        model: A detector of any dtype policy; it stays as it is.
    """
    if model.dtype_policy.name == "float32":
        return model
    twin = float32_twin(model)
    for weight, value in zip(twin.weights, model.weights, strict=True):
        weight.assign(ops.cast(value, weight.dtype))
    return twin
