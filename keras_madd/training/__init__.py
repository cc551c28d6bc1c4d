"""Training on shards of face crops: `keras-madd train`, and the same from Python.

from keras_madd.training import TrainSettings, train

result = train(TrainSettings(output="run", data=("shards",), preset="madd_mobilenet_v2"))
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_madd.training.checkpoints import finished_epochs
    from keras_madd.training.run_training import TrainResult, train
    from keras_madd.training.settings import TrainSettings


_HOMES = {
    "TrainResult": "run_training",
    "TrainSettings": "settings",
    "finished_epochs": "checkpoints",
    "train": "run_training",
}
__all__ = ["TrainResult", "TrainSettings", "finished_epochs", "train"]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
