"""What a folder of shards says of itself: its dataset.json."""

import dataclasses
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from keras_madd.support import schema
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input, json_bytes, replace_file

DATASET_JSON = "dataset.json"
SCHEMA_VERSION = 1
SPLITS = ("train", "val", "test")
MOST_BYTES = 256 << 20  # A line per shard, and per video that is missing.
MOST_SIDE = 4096  # Of a stored picture, in pixels.


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
        version = content.get("schema_version")
        if type(version) is not int or version != SCHEMA_VERSION:
            raise ValueError(
                f"`schema_version` must be {SCHEMA_VERSION}. "
                f"Received: schema_version={schema.shown(version)}"
            )
        content = {name: value for name, value in content.items() if name != "schema_version"}
        fields = dataclasses.fields(cls)
        unknown = sorted(set(content) - {each.name for each in fields})
        if unknown:
            raise ValueError(f"unknown keys {schema.listed(unknown)}.")
        needed = {each.name for each in fields} - {"parameters", "missing", "notes"}
        if absent := sorted(needed - set(content)):
            raise ValueError(f"keys {', '.join(absent)} are missing.")
        if wrong := schema.first_misfit(content, _KINDS) or _first_contradiction(content):
            raise ValueError(wrong)
        for name in ("methods", "missing", "notes"):
            content[name] = tuple(content.get(name, ()))
        content["shards"] = tuple(ShardInfo(**each) for each in content["shards"])
        return cls(**content)


def _first_contradiction(content: dict) -> str | None:
    names = Counter(shard["name"] for shard in content["shards"])
    for name, times in names.most_common(1):
        if times > 1:
            return f"`shards` lists {name} {times} times."
    for split, labels in content["counts"].items():
        counted = sum(count["crops"] for count in labels.values())
        records = sum(
            shard["records"] for shard in content["shards"] if shard["name"].startswith(f"{split}-")
        )
        if counted != records:
            return f"`counts` has {counted} crops of {split}, but `shards` has {records} records."
    return None


def _record(**kinds: schema.Kind) -> schema.Kind:
    words = ", ".join(f"{name} ({kind.wanted})" for name, kind in kinds.items())
    return schema.Kind(
        lambda value: (
            isinstance(value, dict)
            and value.keys() == kinds.keys()
            and schema.first_misfit(value, kinds) is None
        ),
        f"an object of {words}",
    )


_COUNT = schema.whole(0, 10**12)
_NAME = rf"({'|'.join(SPLITS)})-[0-9]{{5,9}}\.tfrecord"
_SHARD = _record(
    name=schema.text(40, _NAME, "SPLIT-00012.tfrecord"),
    records=_COUNT,
    bytes=_COUNT,
    sha256=schema.text(64, "[0-9a-f]{64}", "64 hexadecimal digits"),
)
_KINDS = {
    "dataset": schema.text(),
    "size": schema.whole(8, MOST_SIDE),
    "margin": schema.number(0.5, 5),
    "context": schema.number(1, 3),
    "detector": schema.text(),
    "frames_per_video": _COUNT,
    "image_format": schema.one_of("jpeg", "png"),
    "compression": schema.text(),
    "methods": schema.array(schema.text(2000), 0, 1_000_000),
    "counts": schema.table(schema.table(_record(videos=_COUNT, crops=_COUNT))),
    "failures": schema.table(_COUNT),
    "seed": schema.whole(0, 2**64),
    "versions": schema.table(schema.text()),
    "shards": schema.array(_SHARD, 0, 10**6),
    "parameters": schema.table(schema.anything(), "an object"),
    "missing": schema.array(schema.text(5000), 0, 10**7),
    "notes": schema.array(schema.text(5000), 0, 10**5),
}


def load_dataset_json(shards_dir: str | os.PathLike) -> ShardsDescription:
    """Reads a folder's dataset.json.

    Raises:
        UserError: There is none (the folder is something else or unfinished), or it is damaged.
    """
    path = Path(shards_dir) / DATASET_JSON
    if path.exists():
        check_input(path)
    try:
        content = schema.read_json(path, MOST_BYTES)
        if not isinstance(content, dict):
            raise ValueError("it holds no JSON object.")
        return ShardsDescription.from_json(content)
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(
            f"{path}: no such file. A folder of shards is complete once `keras-madd prepare` has "
            "written it."
        ) from None
    except ValueError as error:
        raise UserError(f"{path}: no description of shards: {error}") from None


def save_dataset_json(shards_dir: str | os.PathLike, description: ShardsDescription) -> Path:
    """Writes a folder's dataset.json; do so last, since it says that the folder is complete."""
    path = Path(shards_dir) / DATASET_JSON
    return replace_file(path, json_bytes(description.to_json()), overwrite=True)
