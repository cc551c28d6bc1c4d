"""One video of a data set, as training wants to know it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class SourceVideo:
    """A video of a data set.

    Attributes:
        name: Unique in the data set, like a path without an ending: "Deepfakes/c23/071_054".
        path: A video file, or a folder of its frames; None where `frames` are given.
        label: 0 real, 1 fake.
        method: "real", or the manipulation.
        source: Key of the real video that this one is or derives from. A real video and its
            fakes have the same, and always lie in the same split.
        identity: Who is filmed; "" where it is not known.
        split: "train", "val" or "test".
        dataset: Name of the data set.
        frames: The frames, in order, where the data set consists of pictures.
        pre_cropped: Whether the frames show faces already cut out.
    """

    name: str
    path: Path | None
    label: int
    method: str
    source: str
    identity: str
    split: str
    dataset: str
    frames: tuple[Path, ...] = ()
    pre_cropped: bool = False

    @classmethod
    def of_file(cls, path: Path, is_picture: bool, **facts: Any) -> "SourceVideo":
        """Builds a video from its file; a picture is a video of one frame."""
        place: dict[str, Any] = {"path": None, "frames": (path,)} if is_picture else {"path": path}
        return cls(**place, **facts)
