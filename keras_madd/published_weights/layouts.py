"""Which published layout a checkpoint has."""

from collections.abc import Mapping
from types import ModuleType

import numpy as np

from keras_madd.published_weights import backbone, deepfakebench, official


def layout_of(tensors: Mapping[str, np.ndarray]) -> ModuleType:
    """The module that reads a checkpoint: it offers `recognise` and `build`.

    Args:
        tensors: The checkpoint, in PyTorch's layout.
    """
    if any(name.startswith("attentions.") for name in tensors):
        return official
    if any(name.startswith("attention_generation.") for name in tensors):
        return deepfakebench
    return backbone
