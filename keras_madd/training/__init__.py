"""Training on shards of face crops: `keras-madd train`, and the same from Python.

from keras_madd.training import TrainSettings, train

result = train(TrainSettings(output="run", data=("shards",), preset="madd_mobilenet_v2"))
"""

import importlib

_HOMES = {
    "TrainResult": "run",
    "TrainSettings": "settings",
    "finished_epochs": "checkpoints",
    "train": "run",
}
__all__ = ["TrainResult", "TrainSettings", "finished_epochs", "train"]


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
