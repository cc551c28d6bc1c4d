"""Reading a network's configuration off the names and shapes of its tensors."""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_madd.backbones import official_efficientnet, official_xception
from keras_madd.published_weights.checkpoint import CheckpointError


@dataclasses.dataclass
class Recognised:
    """What a checkpoint tells about its network.

    Attributes:
        network: What it is a checkpoint of.
        fields: Fields of `MADDConfig`.
        overrides: Fields that the caller has chosen; they win over what is recognised.
        facts: For people: one line for each field, and where it comes from.
    """

    network: str
    fields: dict[str, Any]
    overrides: dict[str, Any]
    facts: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.facts.append(f"backbone: {self.fields['backbone']}")
        for name, value in self.overrides.items():
            self.fields[name] = value
            self.facts.append(f"{name}: {value} (as given)")

    def read(self, field: str, value: Any) -> None:
        """Set a field that a tensor tells."""
        if field not in self.overrides:
            self.fields[field] = value
            self.facts.append(f"{field}: {value}")

    def assume(self, field: str, value: Any, reason: str) -> None:
        """Set a field that no tensor tells."""
        if field not in self.overrides:
            self.fields[field] = value
            self.facts.append(f"{field}: {value} (not in the checkpoint: {reason})")


def recognise_backbone(tensors: Mapping[str, np.ndarray], prefix: str) -> str:
    """Name of the backbone whose tensors begin with `prefix`.

    Returns:
        `"official_xception"`, or the `official_efficientnet_b0` to `_b7` with this number of
        blocks and this width of the head.

    Raises:
        CheckpointError: If it is neither.
    """
    if f"{prefix}block12.skip.weight" in tensors and f"{prefix}conv4.pointwise.weight" in tensors:
        return official_xception.NAMES[0]
    pattern = re.compile(re.escape(prefix) + r"_blocks\.(\d+)\.")
    numbers = {int(match[1]) for name in tensors if (match := pattern.match(name))}
    head = tensors.get(f"{prefix}_conv_head.weight")
    for variant in official_efficientnet.SCALINGS:
        blocks = len(official_efficientnet.block_names(variant))
        channels = official_efficientnet.stage_channels(variant)["final"]
        if numbers and max(numbers) + 1 == blocks and head is not None and len(head) == channels:
            return official_efficientnet.OFFICIAL_PREFIX + variant
    raise CheckpointError(
        "The backbone is neither an EfficientNet B0 to B7 of efficientnet_pytorch nor an "
        f"Xception, or parts of it are missing. Among its names: {', '.join(list(tensors)[:3])}"
    )


def nominal_size(backbone: str) -> int:
    """Side in pixels of the images that a published backbone is made for."""
    if backbone in official_xception.NAMES:
        return official_xception.NOMINAL_SIZE
    return official_efficientnet.SCALINGS[backbone[-2:]].nominal_size


def recognise_tap(recognised: "Recognised", purpose: str, channels: int, usual: str) -> None:
    """Add the stage that has this number of channels to what was recognised.

    Args:
        recognised: What is known so far; `fields["backbone"]` is.
        purpose: `"texture"` or `"attention"`.
        channels: Channels that the block behind the tap takes.
        usual: The stage that is assumed where several fit.

    Raises:
        CheckpointError: If no stage fits, or several do and the usual one is not among them.
    """
    field = f"{purpose}_tap"
    if field in recognised.fields:
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


def stage_channels(backbone: str) -> dict[str, int]:
    """Channels of every stage of a published backbone."""
    if backbone in official_xception.NAMES:
        return official_xception.STAGE_CHANNELS
    return official_efficientnet.stage_channels(backbone[-2:])


def require(tensors: Mapping[str, np.ndarray], names: tuple[str, ...], network: str) -> None:
    """Check that tensors that tell the configuration are there.

    Raises:
        CheckpointError: If one is missing; all that are missing are listed.
    """
    missing = [name for name in names if name not in tensors]
    if missing:
        raise CheckpointError(
            f"The checkpoint is not of {network}. Missing: {', '.join(missing)}. "
            f"Received, among others: {', '.join(list(tensors)[:3])}"
        )
