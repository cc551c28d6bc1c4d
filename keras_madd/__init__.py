"""Multi-attentional Deepfake Detection (MADD, CVPR 2021) on Keras 3.

Names are imported when first used, so that scoring on a device needs neither Keras nor
TensorFlow, and so that `import keras_madd` is quick.
"""

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_madd import metrics
    from keras_madd.model.config import MADDConfig
    from keras_madd.model.face_classifier import FaceClassifier
    from keras_madd.model.hub import upload_preset
    from keras_madd.model.madd import MADD
    from keras_madd.model.presets import PRESETS
    from keras_madd.model.rivals.own_network import OwnNetwork

from keras_madd.support.extras import advice_on_missing

__version__ = "0.1.0"

_HOME = {
    "MADD": "keras_madd.model.madd",
    "MADDConfig": "keras_madd.model.config",
    "PRESETS": "keras_madd.model.presets",
    "upload_preset": "keras_madd.model.hub",
    "FaceClassifier": "keras_madd.model.face_classifier",
    "OwnNetwork": "keras_madd.model.rivals.own_network",
}
_DETECTORS = ("MADD", "FaceClassifier", "OwnNetwork")
_REGISTERS = "keras_madd.model.architectures"
__all__ = [
    "MADD",
    "PRESETS",
    "FaceClassifier",
    "MADDConfig",
    "OwnNetwork",
    "__version__",
    "metrics",
    "upload_preset",
]


def __getattr__(name: str) -> object:
    if name == "metrics":
        return importlib.import_module("keras_madd.metrics")
    if name in _HOME:
        try:
            if name in _DETECTORS:
                importlib.import_module(_REGISTERS)
            return getattr(importlib.import_module(_HOME[name]), name)
        except ModuleNotFoundError as error:
            advice = advice_on_missing(error)
            if advice is None:
                raise
            raise ModuleNotFoundError(advice, name=error.name) from error
    raise AttributeError(f"module 'keras_madd' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


if "keras" in sys.modules:
    # `keras.saving.load_model` finds only classes that are registered.
    importlib.import_module(_REGISTERS)
