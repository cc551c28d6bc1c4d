"""Reading a network's configuration off the names and shapes of its tensors."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_madd.backbones import official_efficientnet, official_xception
from keras_madd.model.config import MADDConfig
from keras_madd.torch_weights.checkpoint import CheckpointError

BACKBONES = (*official_efficientnet.NAMES, *official_xception.NAMES)
# Of a whole detector: the layers behind its backbone are in the checkpoint, too.
OF_A_DETECTOR = ("backbone", "variant", "texture_enhancement")


@dataclasses.dataclass
class Recognised:
    """What a checkpoint tells about its network.

    Attributes:
        network: What it is a checkpoint of.
        fields: Fields of `MADDConfig`.
        overrides: Fields that the caller has chosen; they win over what is recognised.
        fixed: Fields that overrides cannot change: other layers have other tensors.
        facts: For people: one line for each field, and where it comes from.

    Raises:
        CheckpointError: If an override contradicts the tensors.
    """

    network: str
    fields: dict[str, Any]
    overrides: dict[str, Any]
    fixed: tuple[str, ...] = ("backbone",)
    facts: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self):
        backbone = self.fields["backbone"]
        kind = backbone.split("_", 1)[1]
        alike = {"backbone": [name for name in BACKBONES if name.endswith(kind)]}
        for name in self.fixed:
            choices = alike.get(name) or [self.fields.get(name, getattr(MADDConfig, name))]
            if self.overrides.get(name, choices[0]) not in choices:
                raise CheckpointError(
                    f"`{name}` must be {' or '.join(map(str, choices))}: the tensors are of "
                    f"{self.network}, on {backbone}. Received: {name}={self.overrides[name]!r}"
                )
        self.facts.append(f"backbone: {backbone}")
        for name, value in self.overrides.items():
            self.fields[name] = value
            self.facts.append(f"{name}: {value} (as given)")

    def read(self, field: str, value: Any) -> None:
        """Set a field that a tensor tells; `None` if that tensor is missing."""
        if value is not None and field not in self.overrides:
            self.fields[field] = value
            self.facts.append(f"{field}: {value}")

    def assume(self, field: str, value: Any, reason: str) -> None:
        """Set a field that no tensor tells."""
        if field not in self.overrides:
            self.fields[field] = value
            self.facts.append(f"{field}: {value} (not in the checkpoint: {reason})")


def recognise_backbone(tensors: Mapping[str, np.ndarray], prefix: str) -> str:
    """Name of the backbone whose tensors begin with `prefix`.

    A checkpoint in which a few tensors are missing or too many is still recognised, so that all
    that is wrong with it can be listed.

    Returns:
        `"official_xception"`, or the `official_efficientnet_b0` to `_b7` with this number of
        blocks and this width of stem and head.

    Raises:
        CheckpointError: If it is neither.
    """
    if any(name.startswith(f"{prefix}block12.") for name in tensors):
        return official_xception.NAMES[0]
    pattern = re.compile(re.escape(prefix) + r"_blocks\.(\d+)\.")
    blocks = {int(match[1]) for name in tensors if (match := pattern.match(name))}
    stem = length(tensors, f"{prefix}_conv_stem.weight", f"{prefix}_bn0.weight")
    head = length(tensors, f"{prefix}_conv_head.weight", f"{prefix}_bn1.weight")

    def likeness(variant):
        expected = set(range(len(official_efficientnet.block_names(variant))))
        channels = official_efficientnet.stage_channels(variant)
        common = len(blocks & expected) / len(blocks | expected)
        return common + (channels["b0"] == stem) + (channels["final"] == head)

    best = max(official_efficientnet.SCALINGS, key=likeness)
    if likeness(best) < 2:
        raise CheckpointError(
            "The backbone is neither an EfficientNet B0 to B7 of efficientnet_pytorch nor an "
            f"Xception. Received, among others: {', '.join(list(tensors)[:3])}"
        )
    return official_efficientnet.OFFICIAL_PREFIX + best


def nominal_size(backbone: str) -> int:
    """Side in pixels of the images that a published backbone is made for."""
    if backbone in official_xception.NAMES:
        return official_xception.NOMINAL_SIZE
    return official_efficientnet.SCALINGS[backbone[-2:]].nominal_size


def recognise_tap(recognised: "Recognised", purpose: str, channels: int | None, usual: str) -> None:
    """Add the stage that has this number of channels to what was recognised.

    Args:
        recognised: What is known so far; `fields["backbone"]` is.
        purpose: `"texture"` or `"attention"`.
        channels: Channels that the block behind the tap takes, if known.
        usual: The stage that is assumed where several fit.

    Raises:
        CheckpointError: If no stage fits, or several do and the usual one is not among them.
    """
    field = f"{purpose}_tap"
    if field in recognised.overrides or channels is None:
        return
    backbone = recognised.fields["backbone"]
    stages = stage_channels(backbone)
    fitting = [stage for stage, number in stages.items() if number == channels]
    if len(fitting) == 1:
        recognised.read(field, fitting[0])
    elif usual in fitting:
        recognised.assume(field, usual, f"{', '.join(fitting)} have the same {channels} channels")
    else:
        raise CheckpointError(
            f"`{field}` must be given: the checkpoint's {purpose} block takes {channels} "
            f"channels, and of the stages of {backbone} {', '.join(fitting) or 'none'} has as "
            f"many. Received: {field}=None"
        )


def recognise_sizes(
    recognised: Recognised, tensors: Mapping[str, np.ndarray], attention: str
) -> None:
    """Add the numbers of maps, classes and hidden units to what was recognised."""
    maps = length(tensors, f"{attention}.conv2.weight", f"{attention}.bn2.weight")
    recognised.read("num_attentions", maps)
    for field, layer in (("head_width", 0), ("num_classes", 2)):
        module = f"ensemble_classifier_fc.{layer}"
        recognised.read(field, length(tensors, f"{module}.weight", f"{module}.bias"))


def extracted_channels(tensors: Mapping[str, np.ndarray], block: str) -> int | None:
    """Channels that a block's opening convolution takes and gives, if they are known."""
    return length(tensors, f"{block}.conv_extract.weight", f"{block}.conv_extract.bias")


def stage_channels(backbone: str) -> dict[str, int]:
    """Channels of every stage of a published backbone."""
    if backbone in official_xception.NAMES:
        return official_xception.STAGE_CHANNELS
    return official_efficientnet.stage_channels(backbone[-2:])


def length(tensors: Mapping[str, np.ndarray], *names: str) -> int | None:
    """Length of the first axis of the first of these tensors that is there; `None`: none is."""
    for name in names:
        if name in tensors and tensors[name].ndim > 0:
            return len(tensors[name])
    return None


def check_network(tensors: Mapping[str, np.ndarray], block: str, network: str) -> None:
    """Check that a checkpoint has a block that tells one published network from the others.

    Raises:
        CheckpointError: If no name begins with `block`.
    """
    if not any(name.startswith(block) for name in tensors):
        raise CheckpointError(
            f"The checkpoint is not of {network}: no name begins with {block!r}. "
            f"Received, among others: {', '.join(list(tensors)[:3])}"
        )
