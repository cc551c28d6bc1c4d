"""Readers of checkpoints that others have published: PyTorch tensors in, Keras models out."""

import importlib

_HOMES = {
    "CheckpointError": "checkpoint",
    "load_backbone": "backbone",
    "load_deepfakebench": "deepfakebench",
    "load_official": "official",
    "read_checkpoint": "checkpoint",
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
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
