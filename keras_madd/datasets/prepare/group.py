"""The unit of work: a real video with its fakes, made into a piece of a shard.

A piece is a record file and, once that is whole, a JSON file beside it that describes it and
holds the videos' lines of the manifest. Both appear in one step, so a killed run leaves pieces
that are done and pieces that are not, and nothing between.
"""

import contextlib
import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from keras_madd.data.shards import ShardInfo, write_shard
from keras_madd.datasets.prepare.origin import Origin
from keras_madd.datasets.prepare.video_crops import VideoCropper
from keras_madd.datasets.prepare.video_result import STEPS, VideoFailure
from keras_madd.datasets.sources import SourceVideo
from keras_madd.support.files import replace_file


@dataclass(frozen=True)
class Group:
    """All videos of one source in one split.

    Attributes:
        piece: Name of its piece of a shard, `SPLIT-00012.000003`.
        videos: Number in the plan and the video; a real one before its fakes.
    """

    piece: str
    videos: tuple[tuple[int, SourceVideo], ...]

    def to_json(self) -> dict:
        """Returns the group as plain data."""
        videos = []
        for number, video in self.videos:
            content = dataclasses.asdict(video)
            content["path"] = None if video.path is None else str(video.path)
            content["frames"] = [str(path) for path in video.frames]
            videos.append([number, content])
        return {"piece": self.piece, "videos": videos}

    @classmethod
    def from_json(cls, content: dict) -> "Group":
        """Builds a group from plain data."""
        videos = []
        for number, values in content["videos"]:
            values = dict(values)
            values["path"] = None if values["path"] is None else Path(values["path"])
            values["frames"] = tuple(Path(path) for path in values["frames"])
            videos.append((number, SourceVideo(**values)))
        return cls(content["piece"], tuple(videos))


def prepare_group(
    group: Group,
    cropper: VideoCropper,
    folder: Path,
    report: Callable[[dict], None] = lambda event: None,
    crashed: Mapping[int, str] = MappingProxyType({}),
    origin: Origin | None = None,
) -> None:
    """Makes a group's piece.

    Args:
        group: The group.
        cropper: Does a video.
        folder: Where pieces go.
        report: Called with `{"start": number}` before each video and, after it, with its number,
            line of the manifest and seconds.
        crashed: Numbers of videos that ended workers, and how; they are left out as failures.
        origin: Where the videos' files are, if not here.

    Raises:
        OSError: The piece cannot be written.
        RemoteError: A bucket cannot be read.
    """
    lines, records, real_boxes = [], [], None
    reals = sum(video.label == 0 for _, video in group.videos)
    for number, video in group.videos:
        report({"start": number})
        line = describe(video)
        seconds = dict.fromkeys(STEPS, 0.0)
        try:
            if number in crashed:
                raise VideoFailure("crashed", f"it ends the process with {crashed[number]}")
            use_boxes = cropper.settings.real_boxes and video.label == 1
            with origin.fetched(video) if origin else contextlib.nullcontext(video) as here:
                crops = _crop(cropper, here, real_boxes if use_boxes else None)
            line |= {"status": "ok", **crops.facts}
            records += crops.records
            seconds = crops.seconds
            if video.label == 0 and reals == 1:
                real_boxes = crops.boxes
        except VideoFailure as failure:
            line |= {"status": "failed", "reason": failure.reason, "detail": failure.detail}
            line["crops"] = 0
        lines.append([number, line])
        report({"number": number, "line": line, "seconds": seconds})
    records.sort(key=lambda record: record.order)
    info = write_shard(folder / f"{group.piece}.tfrecord", records)
    content = {"file": dataclasses.asdict(info), "lines": lines}
    replace_file(folder / f"{group.piece}.json", json.dumps(content).encode(), overwrite=True)


def read_piece(folder: Path, piece: str) -> tuple[ShardInfo, list] | None:
    """Returns what a finished piece's JSON file says, or None where it is not finished."""
    try:
        content = json.loads((folder / f"{piece}.json").read_bytes())
        info = ShardInfo(**content["file"])
        if (folder / info.name).stat().st_size != info.bytes:
            return None
        return info, content["lines"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        # After a loss of power a file may be there and empty.
        return None


def describe(video: SourceVideo) -> dict:
    """Returns the first part of a video's line in the manifest."""
    names = ("dataset", "split", "label", "method", "source", "identity")
    return {"video": video.name} | {name: getattr(video, name) for name in names}


def _crop(cropper: VideoCropper, video: SourceVideo, real_boxes):
    try:
        return cropper.crop(video, real_boxes)
    except (VideoFailure, KeyboardInterrupt):
        raise
    except Exception as error:
        # One odd file must not end a run of days; it is counted, and named with what happened.
        raise VideoFailure("error", f"{type(error).__name__}: {error}") from error
