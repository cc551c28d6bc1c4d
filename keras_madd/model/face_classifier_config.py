"""What the configuration of every detector has: plain data, JSON in and out."""

import dataclasses
import json
import types
import typing
from typing import Any, ClassVar, Self

import numpy as np

from keras_madd.support.errors import check_choice

DETECTORS = ("auto", "short", "full")


class FaceClassifierConfig:
    """What training, evaluation and export read of a detector's configuration.

    A configuration is a frozen dataclass that inherits from this class, or from `CommonConfig`,
    which has these fields already:

        input_size: `(height, width)` in pixels; one number stands for a square.
        num_classes: Number of logits; class 0 is real.
        crop_margin: Side of the face crops over the longer side of the face box.
        detector: Kind of `keras_madd.faces.FaceDetector`: `"auto"`, `"short"` or `"full"`.
        training_data: What the network was trained on, in words.
        seed: Seed of everything random in the model; `None` draws one.

    A detector of clips has a field `clip_frames` too, how many frames a clip has.

    Attributes:
        architecture: Name of the architecture that it describes; see `architectures`.
        sizes: Fields that decide how many weights some layers have, such as `num_classes`.
        blocks: Fields that decide which layers there are.
    """

    architecture: ClassVar[str]
    sizes: ClassVar[tuple[str, ...]] = ("num_classes",)
    blocks: ClassVar[tuple[str, ...]] = ()

    input_size: tuple[int, int]
    num_classes: int
    crop_margin: float
    detector: str
    training_data: str
    seed: int | None
    clip_frames: int | None = None

    def __post_init__(self) -> None:
        """Make tuples of lists and plain numbers of NumPy's, and check."""
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, field.name, _plain(getattr(self, field.name)))
        if isinstance(self.input_size, int):
            object.__setattr__(self, "input_size", (self.input_size, self.input_size))
        self._check_common()
        self._check()

    @classmethod
    def from_dict(cls, fields: dict) -> Self:
        """Build a configuration from plain data; an unknown key is an error.

        Raises:
            ValueError: If a key is unknown or a value cannot work.
        """
        known = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        unknown = sorted(set(fields) - known)
        if unknown:
            raise ValueError(
                f"Unknown configuration keys: {', '.join(unknown)}. "
                f"Known are: {', '.join(sorted(known))}"
            )
        return cls(**fields)

    def to_dict(self) -> dict:
        """Return plain data that `from_dict` reads, with lists for tuples."""
        return json.loads(json.dumps(dataclasses.asdict(self)))  # type: ignore[call-overload]

    def replace(self, **fields: Any) -> Self:
        """Return a copy with some fields changed; an unknown key is an error."""
        return self.from_dict({**self.to_dict(), **fields})

    def in_float32(self) -> Self:
        """Return the configuration of the same network without layers in half precision."""
        return self

    @property
    def pixels_shape(self) -> tuple[int, ...]:
        """What the detector takes: `(H, W, 3)`, or `(T, H, W, 3)` where it takes clips."""
        clip = () if self.clip_frames is None else (self.clip_frames,)
        return (*clip, *self.input_size, 3)

    @property
    def uses_regions(self) -> bool:
        """Whether the network has attention maps."""
        return False

    def _check(self) -> None:
        """Raise `ValueError` where a field of the subclass cannot work."""

    def _check_common(self) -> None:
        if not _fits(self.input_size, tuple[int, int]) or min(self.input_size) < 1:
            raise ValueError(
                "`input_size` must be one positive number or (height, width). "
                f"Received: input_size={self.input_size}"
            )
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if not _fits(value, field.type):
                raise ValueError(
                    f"`{field.name}` must be {_in_words(field.type)}. "
                    f"Received: {field.name}={value!r}"
                )
        check_choice("detector", self.detector, DETECTORS)
        if self.num_classes < 2:
            raise ValueError(
                "`num_classes` must be at least 2: class 0 is real. "
                f"Received: num_classes={self.num_classes}"
            )
        if not 0 < self.crop_margin < 10:
            raise ValueError(
                "`crop_margin` must be above 0 and below 10. "
                f"Received: crop_margin={self.crop_margin}"
            )
        if self.seed is not None and not 0 <= self.seed < 2**32:
            raise ValueError(f"`seed` must be from 0 to below 2^32. Received: seed={self.seed}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class CommonConfig(FaceClassifierConfig):
    """The fields of `FaceClassifierConfig` with their defaults; see there."""

    input_size: tuple[int, int] = (299, 299)
    num_classes: int = 2
    crop_margin: float = 1.3
    detector: str = "auto"
    training_data: str = ""
    seed: int | None = None


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return tuple(map(_plain, value)) if isinstance(value, list | tuple) else value


_WORDS: dict[Any, str] = {
    **{int: "a whole number", float: "a number", bool: "True or False", str: "a string"},
    **{types.NoneType: "None", Ellipsis: "..."},
}


def _fits(value: Any, kind: Any) -> bool:
    """Whether plain data is of a field's type; types that are not known here take everything."""
    parts = typing.get_args(kind)
    if typing.get_origin(kind) is types.UnionType:
        return any(_fits(value, each) for each in parts)
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, tuple):
            return False
        if parts[-1] is Ellipsis:
            parts = parts[:1] * len(value)
        return len(value) == len(parts) and all(map(_fits, value, parts))
    if kind is bool:
        return value in (0, 1)
    if kind is int or kind is float:
        return type(value) in (int, kind)
    return kind not in _WORDS or isinstance(value, kind)


def _in_words(kind: Any) -> str:
    if kind in _WORDS:
        return _WORDS[kind]
    words = map(_in_words, typing.get_args(kind))
    return f"({', '.join(words)})" if typing.get_origin(kind) is tuple else " or ".join(words)


def check_share(name: str, value: float) -> None:
    """Raise `ValueError` unless a field is from 0 to below 1."""
    if not 0 <= value < 1:
        raise ValueError(f"`{name}` must be from 0 to below 1. Received: {name}={value!r}")
