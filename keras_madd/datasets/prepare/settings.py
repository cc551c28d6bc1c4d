"""What `keras-madd prepare` is told: everything that changes its output."""

import dataclasses
from dataclasses import dataclass

from keras_madd.faces import DEFAULT_MARGIN
from keras_madd.faces.detect import MODEL_FILES
from keras_madd.support.errors import check_choice

DEFAULT_CONTEXT = 1.15
IMAGE_FORMATS = ("jpeg", "png")
# Of a network's picture; more is a slip, and exhausts the memory.
MOST_SIDE = 4096
TRACKS = ("largest", "all")


@dataclass(frozen=True)
class PrepareSettings:
    """Everything that decides what the shards hold; a run can only be resumed with equal ones.

    Attributes:
        dataset: Name of the data set, a key of `SOURCES`.
        compression: Which of the compressed versions to take, where a data set has several.
        methods: Manipulations to take; none named: all.
        splits: Splits to take; none named: all.
        frames_per_video: Frames to look at in each video, evenly spread.
        detector: Kind of `FaceDetector`.
        size: Side of the network's picture in pixels.
        margin: Of `crop_face`.
        context: By how much train pictures reach beyond that, for jitter; 1 for not at all.
        image_format: "jpeg" (quality 95) or "png".
        tracks: "largest" for one face per frame, that of the largest track, or "all".
        real_boxes: Whether a fake takes the frames and boxes of its real video.
        landmarks: Whether to store the landmarks of real faces, which self-blending needs.
        videos_per_shard: A shard is closed when it has at least so many videos.
        seed: Of the order of sources over the shards, and of what `limit` chooses.
        limit: About so many videos, whole sources, for a trial; 0 for all.

    Raises:
        ValueError: An argument is out of its range.
    """

    dataset: str
    compression: str = "c23"
    methods: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    frames_per_video: int = 32
    detector: str = "auto"
    size: int = 380
    margin: float = DEFAULT_MARGIN
    context: float = DEFAULT_CONTEXT
    image_format: str = "jpeg"
    tracks: str = "largest"
    real_boxes: bool = False
    landmarks: bool = False
    videos_per_shard: int = 64
    seed: int = 0
    limit: int = 0

    def __post_init__(self):
        check_choice("image_format", self.image_format, IMAGE_FORMATS)
        check_choice("tracks", self.tracks, TRACKS)
        check_choice("detector", self.detector, ("auto", *MODEL_FILES))
        for name, least in {"frames_per_video": 1, "videos_per_shard": 1, "limit": 0}.items():
            if (value := getattr(self, name)) < least:
                raise ValueError(f"`{name}` must be at least {least}. Received: {name}={value!r}")
        ranges = {"margin": (0.5, 5.0), "context": (1.0, 3.0), "size": (16, MOST_SIDE)}
        for name, (low, high) in ranges.items():
            if not low <= (value := getattr(self, name)) <= high:
                raise ValueError(
                    f"`{name}` must be between {low:g} and {high:g}. Received: {name}={value!r}"
                )

    def to_json(self) -> dict:
        """Returns the settings as plain data."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: dict) -> "PrepareSettings":
        """Builds settings from plain data."""
        lists = {name: tuple(content[name]) for name in ("methods", "splits")}
        return cls(**(content | lists))
