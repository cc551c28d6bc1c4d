"""What `load_dataset` can be told, and what folders of shards can be used together."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any

from keras_madd.data.augmentation import Augmentation
from keras_madd.data.epoch_plan import SAMPLINGS
from keras_madd.data.shards import ShardsDescription
from keras_madd.support.errors import UserError, check_choice


def check_arguments(
    split: str,
    batch_size: int,
    sampling: str,
    settings: Augmentation,
    self_blend: float,
    seed: int,
    shuffle: bool,
    first_epoch: int,
) -> None:
    """Raises where an argument of `load_dataset` cannot work."""
    check_choice("split", split, ("train", "val", "test"))
    check_choice("sampling", sampling, SAMPLINGS)
    if batch_size < 1 or (sampling != "natural" and batch_size % 2):
        raise ValueError(
            "`batch_size` must be positive, and even for balanced and paired sampling. "
            f"Received: batch_size={batch_size}"
        )
    if not 0 <= self_blend <= 1:
        raise ValueError(f"`self_blend` must be from 0 to 1. Received: self_blend={self_blend}")
    if self_blend and sampling == "natural":
        raise UserError(
            "`self_blend` needs balanced or paired sampling, where each fake has a real crop "
            f"beside it. Received: sampling={sampling!r}"
        )
    if min(seed, first_epoch) < 0:
        name, number = ("seed", seed) if seed < 0 else ("first_epoch", first_epoch)
        raise ValueError(f"`{name}` must not be negative. Received: {name}={number}")
    if split != "train":
        given: tuple[tuple[str, Any, bool], ...] = (
            ("augment", settings, settings == Augmentation()),
            ("shuffle", shuffle, not shuffle),
            ("self_blend", self_blend, not self_blend),
            ("sampling", sampling, sampling == "natural"),
        )
        for name, value, allowed in given:
            if not allowed:
                raise ValueError(
                    f"`{name}` is for training: the {split} split is given as it is. "
                    f"Received: {name}={value!r}"
                )


def common_size(size: int | None, descriptions: list[ShardsDescription], folders: list) -> int:
    """Side of the pictures: `size`, or that of all folders."""
    stored = [description.size for description in descriptions]
    listed = ", ".join(f"{f}: {s}" for f, s in zip(folders, stored, strict=True))
    if size is None:
        if len(set(stored)) > 1:
            raise UserError(f"The shards have different sizes ({listed}); give `image_size`.")
        return stored[0]
    if not isinstance(size, Integral) or not 1 <= size <= min(stored):
        raise UserError(
            "`image_size` must be one whole number, the side, from 1 to the size of the stored "
            f"pictures ({listed}). "
            f"Received: image_size={size}"
        )
    return int(size)


def common_margin(descriptions: Sequence[ShardsDescription], folders: Sequence) -> float:
    """The margin of all folders.

    Raises:
        UserError: They have several.
    """
    margins = {description.margin for description in descriptions}
    if len(margins) > 1:
        found = zip(folders, descriptions, strict=True)
        listed = ", ".join(f"{folder}: {description.margin}" for folder, description in found)
        raise UserError(
            "All data must be prepared with one --margin: the shards have different margins, and a "
            f"runtime cuts faces with one. Received: {listed}"
        )
    return margins.pop()


def check_side(
    folder: object, description: ShardsDescription, side: int, taker: object, remedy: str = ""
) -> None:
    """Raises a UserError where faces would have to be enlarged.

    Args:
        folder: The folder of shards.
        description: What it says of itself.
        side: Of the network's input in pixels.
        taker: Whose input that is, in words.
        remedy: What else helps than larger pictures, such as `" or more"`.
    """
    if description.size < side:
        raise UserError(
            f"{folder} holds crops of {description.size} pixels and {taker} takes {side}: enlarged "
            "faces have lost what fakes are told by. "
            f"Prepare the data with --size {side}{remedy}."
        )
