"""Named configurations as plain data: what differs from the defaults of the architecture."""

from typing import Any, NotRequired, TypedDict


class Preset(TypedDict):
    """One named configuration; without an architecture it is of `MADD`."""

    description: str
    config: dict[str, Any]
    architecture: NotRequired[str]


RELEASED_CODE: dict[str, Any] = {
    "variant": "official",
    "region_dropout": 0.25,
    "global_dropout": 0.5,
    "region_independence_weight": 0.5,
    "augmented_classification_weight": 1.0,
    "match_weight": 0.1,
    "update_state_in_second_pass": True,
    "inner_margins": [0.2, -0.8],
    "outer_margin": 0.8,
    "agda_resize_factor": 0.5,
    "agda_kernel_size": 11,
}

PRESETS: dict[str, Preset] = {
    "madd_efficientnet_b4_paper": {
        "description": "The paper's network and losses: EfficientNet-B4 at 380 pixels, M = 4.",
        "config": {"backbone": "efficientnet_b4", "input_size": [380, 380]},
    },
    "madd_efficientnet_b4_official": {
        "description": "The released code's network and losses; takes the authors' weights.",
        "config": {
            **RELEASED_CODE,
            "backbone": "official_efficientnet_b4",
            "input_size": [380, 380],
        },
    },
    "madd_efficientnet_b0": {
        "description": "EfficientNet-B0 at 224 pixels; losses averaged over the batch.",
        "config": {
            "backbone": "efficientnet_b0",
            "input_size": [224, 224],
            "batch_reduction": "mean",
        },
    },
    "madd_mobilenet_v2": {
        "description": "MobileNetV2 at 224 pixels for phones: ReLU6 survives quantisation.",
        "config": {
            "backbone": "mobilenet_v2",
            "input_size": [224, 224],
            "batch_reduction": "mean",
        },
    },
    "madd_efficientnet_lite0": {
        "description": "EfficientNet-Lite0 at 224 pixels: made to be quantised, for phones.",
        "config": {
            "backbone": "efficientnet_lite0",
            "input_size": [224, 224],
            "batch_reduction": "mean",
        },
    },
    "madd_efficientnet_lite2": {
        "description": "EfficientNet-Lite2 at 260 pixels, for faster phones and browsers.",
        "config": {
            "backbone": "efficientnet_lite2",
            "input_size": [260, 260],
            "batch_reduction": "mean",
        },
    },
    "madd_small": {
        "description": "Plain convolutions at 128 pixels that train from scratch in minutes.",
        "config": {
            "backbone": "small",
            "input_size": [128, 128],
            "batch_reduction": "mean",
            "drop_connect_rate": 0.0,
        },
    },
    "madd_tiny": {
        "description": "A few thousand weights at 64 pixels, for tests and smoke runs.",
        "config": {
            "backbone": "tiny",
            "input_size": [64, 64],
            "batch_reduction": "mean",
            "drop_connect_rate": 0.0,
        },
    },
    "xception": {
        "description": "Plain Xception at 299 pixels, a baseline of the paper.",
        "config": {"backbone": "xception", "input_size": [299, 299], "num_attentions": 0},
    },
    "efficientnet_b4": {
        "description": "Plain EfficientNet-B4 at 380 pixels, a baseline of the paper.",
        "config": {"backbone": "efficientnet_b4", "input_size": [380, 380], "num_attentions": 0},
    },
    "f3net": {
        "description": "F3-Net at 299 pixels: two Xceptions on bands of frequencies.",
        "architecture": "f3net",
        "config": {},
    },
    "sstnet": {
        "description": "SSTNet at 299 pixels, of frames or clips: Xception beside residuals.",
        "architecture": "sstnet",
        "config": {},
    },
    "two_branch": {
        "description": "Two-branch network at 224 pixels, of frames or clips: colour and detail.",
        "architecture": "two_branch",
        "config": {},
    },
}


def preset_config(name: str) -> dict[str, Any]:
    """Return the configuration fields of a preset.

    Raises:
        ValueError: If there is no preset of that name.
    """
    return dict(_preset(name)["config"])


def preset_architecture(name: str) -> str:
    """Return the name of a preset's architecture.

    Raises:
        ValueError: If there is no preset of that name.
    """
    return _preset(name).get("architecture", "madd")


def _preset(name: str) -> Preset:
    if name not in PRESETS:
        raise ValueError(f"Unknown preset. Known are: {', '.join(PRESETS)}. Received: {name!r}")
    return PRESETS[name]
