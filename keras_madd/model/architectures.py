"""Every architecture by its name, and the presets of each.

Importing this module registers them all with Keras, and the learning rate that a run's model was
compiled with, so that `keras.saving.load_model` finds them.
"""

from typing import Any

from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.model.face_classifier_config import FaceClassifierConfig
from keras_madd.model.madd import MADD
from keras_madd.model.presets import preset_architecture, preset_config
from keras_madd.model.rivals.f3net import F3Net
from keras_madd.model.rivals.own_network import OwnNetwork
from keras_madd.model.rivals.sstnet import SSTNet
from keras_madd.model.rivals.two_branch import TwoBranch
from keras_madd.model.warm_up import WarmUp
from keras_madd.support.errors import check_choice

__all__ = ["ARCHITECTURES", "WarmUp", "build_classifier", "class_of", "preset_configuration"]

_CLASSES: tuple[type[FaceClassifier], ...] = (MADD, F3Net, SSTNet, TwoBranch, OwnNetwork)
ARCHITECTURES = {each.config_class.architecture: each for each in _CLASSES}


def class_of(architecture: str) -> type[FaceClassifier]:
    """Return the class of an architecture.

    Raises:
        ValueError: If there is none of that name.
    """
    check_choice("architecture", architecture, ARCHITECTURES)
    return ARCHITECTURES[architecture]


def preset_configuration(name: str) -> FaceClassifierConfig:
    """Return the configuration of a preset.

    Raises:
        ValueError: If there is no preset of that name.
    """
    fields = preset_config(name)
    return class_of(preset_architecture(name)).config_class.from_dict(fields)


def build_classifier(config: FaceClassifierConfig, **arguments: Any) -> FaceClassifier:
    """Build the detector that a configuration describes.

    Args:
        config: The configuration.
        **arguments: `backbone_weights`, `name` and `dtype` of `FaceClassifier`.
    """
    return class_of(config.architecture)(config, **arguments)
