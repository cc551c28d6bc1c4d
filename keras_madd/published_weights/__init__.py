"""Readers of checkpoints that others have published: PyTorch tensors in, Keras models out."""

import importlib

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


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
