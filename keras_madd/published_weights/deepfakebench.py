"""Checkpoints of DeepfakeBench's multi_attention detector.

Yan et al., DeepfakeBench, NeurIPS 2023. EfficientNet-B4 with an unpadded stem, one ungrouped
texture block, a second hard-swish on the global projection. The region independence loss keeps
no state in the checkpoint.
"""

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_madd.backbones.official_efficientnet import DEEPFAKEBENCH_NAME
from keras_madd.model.madd import MADD
from keras_madd.published_weights import official
from keras_madd.published_weights.layouts import Layout
from keras_madd.published_weights.recognise import (
    OF_A_DETECTOR,
    Recognised,
    check_network,
    extracted_channels,
    length,
    recognise_backbone,
    recognise_sizes,
    recognise_tap,
    stage_channels,
)
from keras_madd.torch_weights.assign_tensors import Constant
from keras_madd.torch_weights.checkpoint import CheckpointError, read_checkpoint
from keras_madd.torch_weights.names import Slot

NETWORK = "DeepfakeBench's multi_attention detector"
PREFIX = "backbone.efficientnet."
HEAD_MODULES = {**official.HEAD_MODULES, "project_final": "projection_final.0"}
# What its configuration sets and the tensors do not tell.
SETTINGS = {
    "variant": "deepfakebench",
    "backbone": DEEPFAKEBENCH_NAME,
    "drop_connect_rate": 0.0,
    "inner_margins": [0.05, 0.1],
    "outer_margin": 0.2,
    "squared_distances": False,
    "batch_reduction": "mean",
    "agda_resize_factor": 0.5,
    "agda_kernel_size": 11,
}


def load_deepfakebench(source: str | os.PathLike | Mapping[str, Any], **overrides: Any) -> MADD:
    """Load a checkpoint of DeepfakeBench's multi_attention detector as a Keras model.

    Number of attention maps and of classes, width of the head and taps are read off the tensors.
    `input_size` is 256, the benchmark's resolution, unless given. The model computes what the
    detector computes; further training makes this package's two-pass step, not the benchmark's.

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
    """Fields of `MADDConfig` that a checkpoint of the benchmark tells."""
    check_network(tensors, "attention_generation.", NETWORK)
    backbone = recognise_backbone(tensors, PREFIX)
    if not backbone.endswith("efficientnet_b4"):
        raise CheckpointError(
            f"Only {NETWORK} on EfficientNet-B4 is known. Received: a backbone like {backbone}"
        )
    recognised = Recognised(NETWORK, dict(SETTINGS), dict(overrides), OF_A_DETECTOR)
    recognised.assume("input_size", 256, "the benchmark's resolution")
    texture = length(tensors, "texture_enhance.conv0.weight", "texture_enhance.conv0.bias")
    recognise_tap(recognised, "texture", texture, "b2")
    attention = extracted_channels(tensors, "attention_generation")
    recognise_tap(recognised, "attention", attention, "b5")
    recognise_sizes(recognised, tensors, "attention_generation")
    return recognised


def slots(model: MADD) -> dict[str, Slot]:
    """Where the tensors of the benchmark's checkpoint go."""
    return official.detector_slots(model, PREFIX, "attention_generation", HEAD_MODULES)


def _constants(model):
    """Tensors that fill nothing, with what they must be."""
    classes, channels = model.config.num_classes, stage_channels(model.config.backbone)["final"]
    return {
        "attention_generation.mask": official.MASK,
        "backbone.last_layer.weight": Constant((classes, channels)),
        "backbone.last_layer.bias": Constant((classes,)),
    }


LAYOUT = Layout(recognise, lambda model, tensors: (slots(model), _constants(model)))
