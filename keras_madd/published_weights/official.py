"""The authors' checkpoints: `official` variant on EfficientNet or Xception.

Zhao et al., Multi-attentional Deepfake Detection, CVPR 2021. A checkpoint holds the backbone under
`net.`, with the classifier of its own pre-training, the blocks, and the state of the region
independence loss.
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
    OF_A_DETECTOR,
    Recognised,
    check_network,
    extracted_channels,
    nominal_size,
    recognise_backbone,
    recognise_sizes,
    recognise_tap,
    stage_channels,
)
from keras_madd.torch_weights.assign_tensors import Constant
from keras_madd.torch_weights.checkpoint import read_checkpoint
from keras_madd.torch_weights.names import Slot, backbone_slots, block_slots, same_names

NETWORK = "the authors' released detector"
_BORDER_MASK = np.pad(np.ones((1, 1, 20, 20), "float32"), ((0, 0), (0, 0), (2, 2), (2, 2)))
MASK = Constant(_BORDER_MASK.shape, _BORDER_MASK)
ATTENTION_LAYERS = ("conv_extract", "bn1", "conv2", "bn2")
TEXTURE_LAYERS = (
    *("conv_extract", "conv0", "conv1", "conv2", "conv3", "conv_last"),
    *("bn1", "bn2", "bn3", "bn4", "bn_last"),
)
HEAD_MODULES = {
    "projection_local_0": "projection_local.0",
    "projection_local_2": "projection_local.2",
    "project_final": "project_final",
    "ensemble_0": "ensemble_classifier_fc.0",
    "ensemble_2": "ensemble_classifier_fc.2",
}


def load_official(source: str | os.PathLike | Mapping[str, Any], **overrides: Any) -> MADD:
    """Load a checkpoint of the released code as a Keras model.

    Backbone, number of attention maps and of classes, width of the head, taps and inner margins
    are read off the tensors; the centres and alpha are taken over. What tensors do not tell has
    the released experiment's settings: `input_size` is the backbone's nominal size (380 for
    EfficientNet-B4, 299 for Xception), which is what the released code crops to, and the outer
    margin is 0.8. Xception's blocks 3 to 11 have equal shapes: `b5` is taken for the attention
    tap, the released default, unless `attention_tap` says otherwise.

    Args:
        source: A `.pth` file, or a mapping of PyTorch names to arrays.
        **overrides: Fields of `MADDConfig` that replace what was recognised, such as
            `input_size`. With another `num_classes`, `num_attentions` or `head_width` the layers
            that it resizes begin anew, and a warning names them.

    Raises:
        CheckpointError: If the file cannot be read, or a tensor is missing, unexpected or
            mis-shaped; all such names are listed. It is a `ValueError` and a `UserError`.
    """
    return LAYOUT.load(read_checkpoint(source), overrides)


def recognise(tensors: Mapping[str, np.ndarray], overrides: Mapping[str, Any]) -> Recognised:
    """Fields of `MADDConfig` that a checkpoint of the released code tells."""
    check_network(tensors, "attentions.", NETWORK)
    backbone = recognise_backbone(tensors, "net.")
    fields = {**RELEASED_CODE, "backbone": backbone}
    recognised = Recognised(NETWORK, fields, dict(overrides), OF_A_DETECTOR)
    recognised.assume("input_size", nominal_size(backbone), "nominal size of the backbone")
    usual = "b1" if backbone in official_xception.NAMES else "b2"
    recognise_tap(recognised, "texture", extracted_channels(tensors, "texture_enhance"), usual)
    recognise_tap(recognised, "attention", extracted_channels(tensors, "attentions"), "b5")
    recognise_sizes(recognised, tensors, "attentions")
    margins = tensors.get("auxiliary_loss.inner_margin", np.zeros(0))
    if margins.shape == (2,):
        # 0.2, not what float32 makes of it.
        recognised.read("inner_margins", [float(str(margin)) for margin in margins])
    recognised.assume("outer_margin", 0.8, "the released experiment's")
    return recognised


def slots(model: MADD) -> dict[str, Slot]:
    """Where the tensors of a released checkpoint go in a model of variant `official`."""
    found = detector_slots(model, "net.", "attentions", HEAD_MODULES)
    if model.region_independence is not None:
        loss = model.region_independence
        found["auxiliary_loss.feature_centers"] = Slot(loss.feature_centres, (0, 1))
        found["auxiliary_loss.alpha"] = Slot(loss.alpha, ())
    return found


def detector_slots(
    model: MADD, backbone: str, attention: str, head: Mapping[str, str]
) -> dict[str, Slot]:
    """Slots of a detector's parts: prefix of the backbone, names of attention block and head."""
    blocks = {
        "attention": same_names(attention, ATTENTION_LAYERS),
        "texture": same_names("texture_enhance", TEXTURE_LAYERS),
        "head": head,
    }
    found = backbone_slots(model.network.get_layer("backbone"), backbone)
    for name, modules in blocks.items():
        found |= block_slots(model.network.get_layer(name), modules)
    return found


def _constants(model):
    """Tensors that fill nothing, with what they must be."""
    config = model.config
    channels = stage_channels(config.backbone)["final"]
    classifier = "last_linear" if config.backbone in official_xception.NAMES else "_fc"
    constants = {
        "attentions.mask": MASK,
        "auxiliary_loss.inner_margin": Constant((2,)),
        f"net.{classifier}.weight": Constant((config.num_classes, channels)),
        f"net.{classifier}.bias": Constant((config.num_classes,)),
    }
    if model.region_independence is None:
        regional = model.network.output["regional_features"].shape[1:]
        constants["auxiliary_loss.feature_centers"] = Constant(regional)
        constants["auxiliary_loss.alpha"] = Constant(())
    return constants


LAYOUT = Layout(recognise, lambda model, tensors: (slots(model), _constants(model)))
