"""Readers of checkpoints that others have published: PyTorch tensors in, Keras models out."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_madd.published_weights.backbone import load_backbone
    from keras_madd.published_weights.deepfakebench import load_deepfakebench
    from keras_madd.published_weights.official import load_official
    from keras_madd.torch_weights.checkpoint import CheckpointError, read_checkpoint


_HOMES = {
    "CheckpointError": "keras_madd.torch_weights.checkpoint",
    "load_backbone": "keras_madd.published_weights.backbone",
    "load_deepfakebench": "keras_madd.published_weights.deepfakebench",
    "load_official": "keras_madd.published_weights.official",
    "read_checkpoint": "keras_madd.torch_weights.checkpoint",
}
__all__ = [
    "CheckpointError",
    "load_backbone",
    "load_deepfakebench",
    "load_official",
    "read_checkpoint",
]


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
