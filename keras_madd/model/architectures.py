"""Every architecture by its name, and the presets of each.

Importing this module registers them all with Keras, and the learning rate that a run's model was
compiled with, so that `keras.saving.load_model` finds them.
"""

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

__all__ = ["ARCHITECTURES", "WarmUp", "class_of", "preset_configuration"]

_CLASSES: tuple[type[FaceClassifier], ...] = (MADD, F3Net, SSTNet, TwoBranch, OwnNetwork)
ARCHITECTURES = {each.config_class.architecture: each for each in _CLASSES}


def class_of(architecture: str) -> type[FaceClassifier]:
    """Return the class of an architecture, one's own too where its class is defined.

    Raises:
        ValueError: If there is none of that name.
    """
    known = {**_own_architectures(FaceClassifier), **ARCHITECTURES}
    check_choice("architecture", architecture, known)
    return known[architecture]


def _own_architectures(kind: type[FaceClassifier]) -> dict[str, type[FaceClassifier]]:
    found: dict[str, type[FaceClassifier]] = {}
    for each in kind.__subclasses__():
        if hasattr(each, "config_class"):
            found.setdefault(each.config_class.architecture, each)
        found = {**_own_architectures(each), **found}
    return found


def preset_configuration(name: str) -> FaceClassifierConfig:
    """Return the configuration of a preset.

    Raises:
        ValueError: If there is no preset of that name.
    """
    fields = preset_config(name)
    return class_of(preset_architecture(name)).config_class.from_dict(fields)
