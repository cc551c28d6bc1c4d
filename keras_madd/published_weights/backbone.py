"""Plain backbone classifiers: the authors' stage-1 checkpoints.

The released training begins with the backbone alone as a real/fake classifier; its checkpoint has
the names of efficientnet_pytorch or of Cadene's Xception, bare or under `net.`.
"""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_madd.backbones import official_xception
from keras_madd.model.madd import MADD
from keras_madd.model.presets import RELEASED_CODE
from keras_madd.published_weights.layouts import Layout
from keras_madd.published_weights.recognise import (
    Recognised,
    length,
    nominal_size,
    recognise_backbone,
    stage_channels,
)
from keras_madd.torch_weights.assign_tensors import Constant
from keras_madd.torch_weights.checkpoint import read_checkpoint
from keras_madd.torch_weights.names import Slot, backbone_slots, layer_slots

NETWORK = "a plain backbone classifier"
PREFIX = "net."


def load_backbone(source: str | os.PathLike | Mapping[str, Any], **overrides: Any) -> MADD:
    """Load a plain EfficientNet or Xception classifier.

    Without overrides the result is that classifier, a `MADD` with `num_attentions=0`. With
    `num_attentions=4` it is a detector of the released code's layout whose backbone has these
    weights and whose other layers are new: the start of stage 2. The classifier's tensors are
    then checked and left out. With another `num_classes` the classifier begins anew, and a warning
    says so.

    Args:
        source: A `.pth` file, or a mapping of PyTorch names to arrays.
        **overrides: Fields of `MADDConfig`. `input_size` is the backbone's nominal size unless
            given; the padding is that of the released code, so that a classifier trained with
            another EfficientNet package gives equal numbers at multiples of 32 only.

    Raises:
        CheckpointError: If the file cannot be read, or a tensor is missing, unexpected or
            mis-shaped; all such names are listed. It is a `ValueError` and a `UserError`.
    """
    tensors = read_checkpoint(source)
    if overrides.get("num_attentions"):
        return LAYOUT.build(tensors, recognise(tensors, overrides))
    return LAYOUT.load(tensors, overrides)


def _places(
    model: MADD, tensors: Mapping[str, np.ndarray]
) -> tuple[dict[str, Slot], dict[str, Constant]]:
    """Where the tensors go; with regions, a detector's head is new and the classifier left out."""
    prefix = _prefix(tensors)
    slots = backbone_slots(model.network.get_layer("backbone"), prefix)
    classifier = _classifier_name(prefix, model.config.backbone)
    constants = {}
    if model.config.uses_regions:
        classes = length(tensors, f"{classifier}.weight", f"{classifier}.bias") or 2
        shape = (classes, stage_channels(model.config.backbone)["final"])
        constants[f"{classifier}.weight"] = Constant(shape)
        constants[f"{classifier}.bias"] = Constant(shape[:1])
    else:
        slots |= layer_slots(model.network.get_layer("head"), classifier)
    return slots, constants


def recognise(tensors: Mapping[str, np.ndarray], overrides: Mapping[str, Any]) -> Recognised:
    """Fields of `MADDConfig` that the checkpoint of a plain classifier tells."""
    prefix = _prefix(tensors)
    backbone = recognise_backbone(tensors, prefix)
    classifier = _classifier_name(prefix, backbone)
    fields = {**RELEASED_CODE, "backbone": backbone, "num_attentions": 0}
    recognised = Recognised(NETWORK, fields, dict(overrides))
    recognised.assume("input_size", nominal_size(backbone), "nominal size of the backbone")
    classes = length(tensors, f"{classifier}.weight", f"{classifier}.bias")
    recognised.read("num_classes", classes)
    return recognised


def _prefix(tensors):
    return PREFIX if all(name.startswith(PREFIX) for name in tensors) else ""


def _classifier_name(prefix, backbone) -> str:
    is_xception = backbone in official_xception.NAMES
    return prefix + ("last_linear" if is_xception else "_fc")


LAYOUT = Layout(recognise, _places)
