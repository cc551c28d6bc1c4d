"""What the published layouts have in common: tensors in, a filled Keras model out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_madd.model.madd import MADD
from keras_madd.model.transfer import sizes_apart, with_sizes
from keras_madd.published_weights.recognise import Recognised
from keras_madd.torch_weights.assign_tensors import Constant, assign_tensors
from keras_madd.torch_weights.names import Slot

Tensors = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Layout:
    """A way in which somebody has published checkpoints.

    Attributes:
        recognise: From the tensors, in PyTorch's layout, and the fields that replace what they
            tell, to the fields of `MADDConfig`; raises a `CheckpointError` if the checkpoint is of
            another network.
        places: From a model and the tensors to where each tensor goes, and those that fill
            nothing, with what they must be.
    """

    recognise: Callable[[Tensors, Mapping[str, Any]], Recognised]
    places: Callable[[MADD, Tensors], tuple[dict[str, Slot], dict[str, Constant]]]

    def build(self, tensors: Tensors, recognised: Recognised) -> MADD:
        """Build the recognised model and fill it.

        Raises:
            CheckpointError: If a tensor is missing, unexpected or mis-shaped.
        """
        model = MADD(**recognised.fields)
        slots, constants = self.places(model, tensors)
        assign_tensors(slots, tensors, constants)
        return model

    def load(self, tensors: Tensors, overrides: Mapping[str, Any]) -> MADD:
        """Recognise, build and fill; layers that the overrides resize begin anew.

        Raises:
            CheckpointError: As `build`, or if the checkpoint is of another network.
        """
        sizes, others = sizes_apart(overrides)
        return with_sizes(self.build(tensors, self.recognise(tensors, others)), sizes)


def layout_of(tensors: Tensors) -> Layout:
    """The layout of a checkpoint.

    Args:
        tensors: The checkpoint, in PyTorch's layout.
    """
    from keras_madd.published_weights import backbone, deepfakebench, official

    if any(name.startswith("attentions.") for name in tensors):
        return official.LAYOUT
    if any(name.startswith("attention_generation.") for name in tensors):
        return deepfakebench.LAYOUT
    return backbone.LAYOUT
