"""FaceClassifier: what a detector is to training, evaluation, export and scoring."""

import contextlib
import math
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import keras
import numpy as np

from keras_madd.model.face_classifier_config import FaceClassifierConfig
from keras_madd.model.fitting import Fitting
from keras_madd.model.frozen import freeze, frozen_layers
from keras_madd.model.labels import check_labels_fit, labels_and_mask, weight_of_labels
from keras_madd.model.rematerialization import rematerialized
from keras_madd.model.saving import Saving
from keras_madd.model.seeds import seeds_from
from keras_madd.support.tensor import Shape, Tensor


class FaceClassifier(Fitting, Saving, keras.Model):
    """A detector: face crops go in, logits come out; class 0 is real.

    `MADD` is one; so are those of `keras_madd.model.rivals`, and `OwnNetwork` makes one of any
    Keras model. What the rest of the package relies on:

    - `config`, a `FaceClassifierConfig`;
    - `network`, a functional model from pixels 0..255, `(B, H, W, 3)`, of clips
      `(B, T, H, W, 3)`, to a dictionary of
      `"logits"` `(B, num_classes)` and, where there are some, `"global_features"` `(B, C)` that the
      last layer sees and `"blend_maps"`, `"attention_maps"` or `"class_activation_maps"`
      `(B, h, w, M)`;
    - its last layer is called "head", where it is to begin anew for other classes;
    - loss terms of its own come from `add_loss` of its layers, or from `compute_loss`.

    A subclass says `config_class` and overrides `make_network`.

    Args:
        config: A configuration of the subclass; or `None` and its fields as keyword arguments.
        backbone_weights: `"imagenet"`, the path of a weights file, or `None`.
        name: Name of the model; `None`: that of the architecture.
        dtype: Dtype policy, such as `"mixed_float16"`; `None`: Keras's current one.
        **fields: Fields of the configuration, in place of `config` or to change it.

    Call arguments:
        pixels: RGB face crops, 0..255, of any dtype; scaling is inside the model.
        training: Whether to run in training mode.

    Output shape:
        `(B, num_classes)` logits, float32.
    """

    config_class: ClassVar[type[FaceClassifierConfig]]
    config: FaceClassifierConfig
    network: keras.Model
    prefix: keras.Model | None

    def __init__(
        self,
        config: FaceClassifierConfig | None = None,
        *,
        backbone_weights: str | None = None,
        name: str | None = None,
        dtype: Any = None,
        **fields: Any,
    ):
        super().__init__(name=name or self.config_class.architecture, dtype=dtype)
        # The network's own layers cast: in half precision, too, pixels come to it as they are.
        self.autocast = False
        if config is not None and not isinstance(config, self.config_class):
            raise ValueError(
                f"`config` must be a {self.config_class.__name__}; {type(self).__name__}."
                f"from_preset takes the name of a preset. Received: config={config!r}"
            )
        self.config = (config or self.config_class()).replace(**fields)
        with _dtype_policy(self.dtype_policy), seeds_from(self.config.seed):
            self.network, self.prefix = self.make_network(backbone_weights)
        # Of the instance: PyTorch keeps layers where a class's attribute would hide them.
        self.region_independence = None
        self.make_training_parts()
        self.build((None, *self.config.pixels_shape))

    def make_network(self, backbone_weights: str | None) -> tuple[keras.Model, keras.Model | None]:
        """Return the network of `config`, and its part up to the attention maps or `None`."""
        raise NotImplementedError

    def make_training_parts(self) -> None:
        """Make what only training needs."""

    def build(self, input_shape: Shape) -> None:
        """Nothing is left to build: all weights exist from the constructor on."""
        self.built = True

    def call(self, pixels: Tensor, training: bool | None = None) -> Any:
        """Return the logits."""
        self._check_pixels(pixels)
        return self.run_network(pixels, training)["logits"]

    def run_network(self, pixels: Tensor, training: bool | None) -> dict[str, Tensor]:
        """Return all outputs of the network, in training rematerialised if `compile` says so."""
        if not training or not self.rematerialize:
            return self.network(pixels, training=training)
        compiled = bool(self.jit_compile) and not self.run_eagerly
        outputs, added = rematerialized(self.network, pixels, compiled)
        self.add_loss(added)
        return outputs

    def compute_loss(
        self,
        x: Tensor | None = None,
        y: Tensor | None = None,
        y_pred: Tensor | None = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """Return the compiled loss and what the layers added."""
        y, _ = labels_and_mask(y)
        sample_weight = weight_of_labels(sample_weight)
        check_labels_fit(y, self.loss, self.config.num_classes)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(
        self, x: Tensor, y: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None
    ) -> dict[str, Any]:
        """Return the compiled metrics, which see the labels."""
        y, _ = labels_and_mask(y)
        return super().compute_metrics(x, y, y_pred, weight_of_labels(sample_weight))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, H, W, 3)` or `(B, T, H, W, 3)` -> `(B, num_classes)`."""
        return (input_shape[0], self.config.num_classes)

    @property
    def centres(self) -> Any:
        """The layer of the loss that keeps feature centres, a `FeatureCentres`, or `None`."""
        return self.region_independence

    @property
    def heat_map_output(self) -> str | None:
        """The output that is laid over faces: where they look blended, attention, or activation."""
        names = ("blend_maps", "attention_maps", "class_activation_maps")
        return next((name for name in names if name in self.network.output), None)

    @property
    def heat_full_scale(self) -> float | None:
        """Value of `heat_maps` that is drawn at full strength; None: the largest of each map.

        Probabilities have a scale of their own: a face without a trace stays as it is.
        """
        return 1.0 if self.heat_map_output == "blend_maps" else None

    @property
    def num_heat_maps(self) -> int:
        """Number of maps M of `heat_maps`; 0 where the network gives none."""
        name = self.heat_map_output
        return 0 if name is None else self.network.output[name].shape[-1]

    def fake_probability(self, x: Tensor, batch_size: int = 32) -> np.ndarray:
        """Return `1 - P(class 0)` of face crops, of clips, or a dataset, float64 `(N,)`.

        Args:
            x: `(N, H, W, 3)`, of clips `(N, T, H, W, 3)`.
            batch_size: Crops or clips at once.
        """
        return fake_probability_of_logits(
            _predictions(self, self.network.output["logits"], x, batch_size)
        )

    def attention_maps(self, x: Tensor, batch_size: int = 32) -> np.ndarray:
        """Return A of face crops `(N, H, W, 3)` or a dataset, `(N, h, w, M)`.

        Raises:
            ValueError: If the model has no attention maps.
        """
        if self.prefix is None:
            raise ValueError("The model has no attention maps. Received: num_attentions=0")
        return _predictions(self.prefix, self.prefix.output, x, batch_size)

    def heat_maps(self, x: Tensor, batch_size: int = 32) -> np.ndarray:
        """Return what is laid over faces to show why, `(N, h, w, M)`, 0 or more.

        Where they look blended, of a network that has learnt it; else A; of a network without
        attention its class activation maps. See `build_network`.

        Args:
            x: `(N, H, W, 3)`, or a dataset.
            batch_size: Crops at once.

        Raises:
            ValueError: If the network has neither.
        """
        if self.heat_map_output == "attention_maps" and self.prefix is not None:
            return self.attention_maps(x, batch_size)
        if self.heat_map_output is None:
            raise ValueError(
                f"The network gives no maps. Received: outputs={list(self.network.output)}"
            )
        return _predictions(self.network, self.network.output, x, batch_size)[self.heat_map_output]

    def embed(self, x: Tensor, batch_size: int = 32) -> np.ndarray:
        """Return what the classifier sees: P of MADD, flattened, beside G; `(N, C)`.

        Raises:
            ValueError: If the network does not give it.
        """
        if "global_features" not in self.network.output:
            raise ValueError(
                f"The network gives no features. Received: outputs={list(self.network.output)}"
            )
        outputs = _predictions(self.network, self.network.output, x, batch_size)
        features = [outputs["global_features"]]
        if "local_features" in outputs:
            local = outputs["local_features"]
            features.insert(0, local.reshape(len(local), math.prod(local.shape[1:])))
        return np.concatenate(features, axis=1)

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Export as `keras.Model.export` does; the model need not have been called before.

        `keras-madd export` makes the files that phones, browsers and `keras_madd.inference` run.
        """
        shape = (None, *self.config.pixels_shape)
        signature = input_signature or [keras.InputSpec(shape=shape, dtype="float32")]
        super().export(filepath, format, verbose, signature, **kwargs)

    def quantize(self, mode: Any = None, config: Any = None, **kwargs: Any) -> None:
        """Refuse: Keras could not load such a detector again.

        Raises:
            ValueError: Always, with the way to a quantised file.
        """
        raise ValueError(
            "A detector is quantised when it is exported: `keras-madd export --quantize int8`, or "
            "keras_madd.exporting.export_bundle(model, 'model.tflite', quantize='int8', "
            f"calibration=faces). Received: mode={mode!r}"
        )

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments and the layers that are not trained.

        `backbone_weights` are in the saved weights.
        """
        config = {
            "config": self.config.to_dict(),
            "name": self.name,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }
        frozen = frozen_layers(self.network)
        return {**config, "frozen": frozen} if frozen else config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """Build a model from what `get_config` returned; its weights are random."""
        arguments = {**config, "config": cls.config_class.from_dict(config["config"])}
        frozen = arguments.pop("frozen", ())
        model = cls(**arguments)
        freeze(model.network, frozen)
        return model

    def built_anew(self, config: FaceClassifierConfig, *, name: str | None, dtype: Any) -> Self:
        """Build a model of another configuration; its weights are random, nothing is frozen.

        What a subclass adds to `get_config` is given to its constructor again.

        Args:
            config: Of the new model.
            name: Its name; `None`: that of the architecture.
            dtype: Its dtype policy.
        """
        described = {**self.get_config(), "config": config.to_dict(), "name": name, "dtype": dtype}
        described.pop("frozen", None)
        return type(self).from_config(described)

    def _check_pixels(self, pixels):
        expected = self.config.pixels_shape
        try:
            shape = tuple(pixels.shape)
        except (AttributeError, TypeError, ValueError):  # A dictionary, a list, no known rank.
            raise ValueError(
                "`pixels` must be one array, (B, H, W, 3): np.stack makes one of several crops, "
                "tf.ensure_shape names the shape of a tensor that has lost it. "
                f"Received: {type(pixels).__name__}"
            ) from None
        if len(shape) != len(expected) + 1 or shape[1:] != expected:
            listed = ", ".join(map(str, expected))
            raise ValueError(
                f"`pixels` must have shape (B, {listed}), RGB, 0..255. Received: shape={shape}"
            )


def _predictions(model: keras.Model, outputs: Any, x: Any, batch_size: int) -> Any:
    """What `predict` gives; of no images, which it refuses, empty arrays shaped as `outputs`."""
    shape = (len(x),) if isinstance(x, list | tuple) else getattr(x, "shape", (None,))
    if len(shape) and shape[0] == 0:
        return keras.tree.map_structure(
            lambda each: np.zeros((0, *each.shape[1:]), "float32"), outputs
        )
    return model.predict(x, batch_size=batch_size, verbose=0)


def fake_probability_of_logits(logits: Tensor) -> np.ndarray:
    """Return `1 - P(class 0)`, float64 `(N,)`, of logits `(N, num_classes)`."""
    logits = np.asarray(logits, "float64")
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    # Not 1 - P(real), which is 0 for all faces that are surely real.
    return exponentials[:, 1:].sum(axis=1) / exponentials.sum(axis=1)


@contextlib.contextmanager
def _dtype_policy(policy: Any) -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
