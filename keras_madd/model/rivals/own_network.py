"""OwnNetwork: any Keras model that gives logits for a face, as a detector."""

import copy
import dataclasses
import json
from typing import Any, ClassVar, Self

import keras

from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.model.face_classifier_config import CommonConfig


@dataclasses.dataclass(frozen=True, kw_only=True)
class OwnNetworkConfig(CommonConfig):
    """Configuration of an `OwnNetwork`.

    network: What `keras.saving.serialize_keras_object` gives of the Keras model.
    """

    architecture: ClassVar[str] = "own_network"
    blocks: ClassVar[tuple[str, ...]] = ("network",)

    network: dict[str, Any] = dataclasses.field(default_factory=dict)

    def in_float32(self) -> Self:
        """Return the configuration with the model's layers in float32."""
        return self.replace(network=_in_float32(self.network))

    def _check(self) -> None:
        if not isinstance(self.network, dict) or not self.network:
            raise ValueError(
                "`network` must be a serialised Keras model; OwnNetwork.around(model) makes one. "
                f"Received: network={self.network!r}"
            )


@keras.saving.register_keras_serializable(package="keras_madd")
class OwnNetwork(FaceClassifier):
    """A Keras model of one's own, trained, evaluated, exported and scored as `MADD` is.

    The model's description is part of the configuration, so that a `.keras` file or a preset is
    read without the code that built it, if its layers are Keras's or this package's. Layers of
    one's own must be registered with Keras and imported before the file is read. Its layers keep
    the precision that they were built with.

    Args:
        config: An `OwnNetworkConfig`; `around` makes it.
        backbone_weights: `None`: weights are copied by `around`.
        name: Name of the detector.
        dtype: Dtype policy of what surrounds the model.
        **fields: Fields of `OwnNetworkConfig` to change.

    Example:
        >>> detector = OwnNetwork.around(keras_model, crop_margin=1.3)
        >>> detector.compile()
        >>> detector.fit(faces, labels)
    """

    config_class = OwnNetworkConfig
    config: OwnNetworkConfig

    @classmethod
    def around(cls, model: keras.Model, *, name: str | None = None, **fields: Any) -> Self:
        """Make a detector of a Keras model; its weights are copied.

        Args:
            model: From RGB pixels 0..255, `(B, H, W, 3)`, H and W fixed, to logits
                `(B, num_classes)`; class 0 is real.
            name: Name of the detector.
            **fields: Fields of `OwnNetworkConfig`, such as `crop_margin`.

        Raises:
            ValueError: If the model has other inputs or outputs, or ends with probabilities.
        """
        _check(model)
        described = keras.saving.serialize_keras_object(model)
        described.pop("compile_config", None)
        detector = cls(
            OwnNetworkConfig(
                network=json.loads(json.dumps(described)),
                input_size=tuple(model.input_shape[1:3]),
                num_classes=model.output_shape[-1],
                **fields,
            ),
            name=name,
            dtype=model.dtype_policy,
        )
        detector.network.get_layer(model.name).set_weights(model.get_weights())
        return detector

    def make_network(self, backbone_weights: str | None) -> tuple[keras.Model, keras.Model | None]:
        """Build the model from its description, and name its output."""
        if backbone_weights is not None:
            raise ValueError(
                "`backbone_weights` must be None for an OwnNetwork. "
                f"Received: backbone_weights={backbone_weights!r}"
            )
        # Keras takes the description of a functional model apart.
        own = keras.saving.deserialize_keras_object(copy.deepcopy(self.config.network))
        _check(own)
        found = (*own.input_shape[1:3], own.output_shape[-1])
        if found != (*self.config.input_size, self.config.num_classes):
            raise ValueError(
                f"`input_size` and `num_classes` must be those of the model, {found[:2]} and "
                f"{found[2]}. Received: input_size={self.config.input_size}, "
                f"num_classes={self.config.num_classes}"
            )
        pixels = keras.Input((*self.config.input_size, 3), name="pixels", dtype="float32")
        logits = own(pixels)
        if logits.dtype != "float32":
            logits = keras.layers.Activation("linear", dtype="float32", name="logits")(logits)
        return keras.Model(pixels, {"logits": logits}, name="network"), None


def _in_float32(described: Any) -> Any:
    """A description of layers with every policy of half precision replaced."""
    if isinstance(described, list):
        return [_in_float32(each) for each in described]
    if not isinstance(described, dict):
        return described
    if described.get("class_name") == "DTypePolicy":
        name = described["config"]["name"]
        half = "float16" in name  # bfloat16 too, mixed or not.
        return {**described, "config": {"name": "float32" if half else name}}
    return {key: _in_float32(value) for key, value in described.items()}


def _check(model: Any) -> None:
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(
            f"`model` must be a Keras model that is built. Received: a {type(model).__name__}"
        )
    given: Any = getattr(model, "input_shape", None)
    found: Any = getattr(model, "output_shape", None)
    shaped = isinstance(given, tuple) and isinstance(found, tuple)
    if not shaped or len(given) != 4 or None in given[1:] or given[3] != 3 or len(found) != 2:
        raise ValueError(
            "`model` must map pixels (B, H, W, 3), H and W fixed, to logits (B, num_classes). "
            f"Received: input_shape={given}, output_shape={found}"
        )
    last = _last_operation(model)
    activation = getattr(last, "activation", None)
    ends = (keras.activations.softmax, keras.activations.sigmoid)
    # Keras has no public names for the operations of `keras.ops`.
    if activation in ends or type(last).__name__ in ("Softmax", "Sigmoid"):
        raise ValueError(
            "`model` must give logits: leave the activation of its last layer out. "
            f"Received: a model that ends with {last.name!r}"
        )


def _last_operation(model: keras.Model, index: int = 0) -> Any:
    """The layer or operation that makes an output, also inside models in the model."""
    outputs = getattr(model, "outputs", None)
    if outputs:
        made = outputs[index]._keras_history
        last, index = made.operation, made.tensor_index
    else:
        last = model.layers[-1] if model.layers else None
    return _last_operation(last, index) if isinstance(last, keras.Model) else last
