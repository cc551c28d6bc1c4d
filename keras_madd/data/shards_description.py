"""What a folder of shards says of itself: its dataset.json."""

import dataclasses
import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input, json_bytes, replace_file

DATASET_JSON = "dataset.json"
SCHEMA_VERSION = 1
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class ShardInfo:
    """One shard file.

    Attributes:
        name: File name, `SPLIT-00012.tfrecord`.
        records: Number of face crops.
        bytes: Size of the file.
        sha256: Of the whole file, hexadecimal.
    """

    name: str
    records: int
    bytes: int
    sha256: str

    @property
    def split(self) -> str:
        """The split that the file belongs to."""
        return self.name.rsplit("-", 1)[0]


@dataclass(frozen=True)
class ShardsDescription:
    """How the crops of a folder of shards were made, and how many there are.

    Attributes:
        dataset: Name of the data set.
        size: Side of the network's picture in pixels. Pictures of val and test have this side;
            those of train have `stored_size("train")`.
        margin: Of `crop_face`, at `size`.
        context: By how much train pictures reach beyond that, per axis; 1 for not at all.
        detector: Kind of `FaceDetector`; "none" where the data came as face crops.
        frames_per_video: Frames looked at in each video.
        image_format: "jpeg" or "png".
        compression: Of the source videos, where the data set has several; else "".
        methods: Of the fakes, sorted.
        counts: Split -> "real" or "fake" -> {"videos": n, "crops": n}.
        failures: Reason -> number of videos without any crop.
        seed: Of the order of sources in the shards.
        versions: Package -> version.
        shards: The files.
        parameters: Everything else that the maker was told.
        missing: What the data set's own lists name and the disk lacks.
        notes: What was left out of the data set, and how splits were made where it has none.
    """

    dataset: str
    size: int
    margin: float
    context: float
    detector: str
    frames_per_video: int
    image_format: str
    compression: str
    methods: tuple[str, ...]
    counts: dict[str, dict[str, dict[str, int]]]
    failures: dict[str, int]
    seed: int
    versions: dict[str, str]
    shards: tuple[ShardInfo, ...]
    parameters: dict = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def stored_size(self, split: str) -> int:
        """Side in pixels of the pictures stored for a split."""
        return round(self.size * self.context) if split == "train" else self.size

    def stored_margin(self, split: str) -> float:
        """Margin of the pictures stored for a split."""
        return self.margin * self.context if split == "train" else self.margin

    def to_json(self) -> dict:
        """Returns the content of dataset.json."""
        return {"schema_version": SCHEMA_VERSION, **dataclasses.asdict(self)}

    @classmethod
    def from_json(cls, content: dict) -> "ShardsDescription":
        """Reads the content of dataset.json.

        Raises:
            ValueError: Another version, an unknown key, a missing one or a malformed value.
        """
        content = dict(content)
        version = content.pop("schema_version", None)
        if version != SCHEMA_VERSION:
            raise ValueError(
                f"`schema_version` must be {SCHEMA_VERSION}. Received: schema_version={version!r}"
            )
        fields = dataclasses.fields(cls)
        unknown = sorted(set(content) - {each.name for each in fields})
        if unknown:
            raise ValueError(f"unknown keys {', '.join(unknown)}.")
        needed = {each.name for each in fields} - {"parameters", "missing", "notes"}
        if absent := sorted(needed - set(content)):
            raise ValueError(f"keys {', '.join(absent)} are missing.")
        for name in ("methods", "missing", "notes"):
            content[name] = tuple(content.get(name, ()))
        try:
            content["shards"] = tuple(ShardInfo(**each) for each in content["shards"])
        except TypeError:
            raise ValueError("`shards` must list name, records, bytes and sha256.") from None
        for shard in content["shards"]:
            if not re.fullmatch(rf"({'|'.join(SPLITS)})-\d{{5,}}\.tfrecord", shard.name):
                raise ValueError(f"`shards` has a wrong name. Received: name={shard.name!r}")
        return cls(**content)


def load_dataset_json(shards_dir: str | os.PathLike) -> ShardsDescription:
    """Reads a folder's dataset.json.

    Raises:
        UserError: There is none (the folder is something else or unfinished), or it is damaged.
    """
    path = Path(shards_dir) / DATASET_JSON
    if path.exists():
        check_input(path)
    try:
        return ShardsDescription.from_json(json.loads(path.read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{path}: no such file. A folder of shards is complete once `keras-madd prepare` has "
            "written it."
        ) from None
    except (ValueError, AttributeError, TypeError) as error:
        raise UserError(f"{path}: no description of shards: {error}") from None


def save_dataset_json(shards_dir: str | os.PathLike, description: ShardsDescription) -> Path:
    """Writes a folder's dataset.json; do so last, since it says that the folder is complete."""
    path = Path(shards_dir) / DATASET_JSON
    return replace_file(path, json_bytes(description.to_json()), overwrite=True)
