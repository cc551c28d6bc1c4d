"""Some of the embedded data as files, to be looked at."""

from pathlib import Path

import cv2
import numpy as np

from keras_madd.data.manipulations import SEEN
from keras_madd.data.synthetic import SyntheticFaces, SyntheticVideo
from keras_madd.native_stderr import native_stderr_silenced

FRAMES_PER_SECOND = 10


def write_sample_videos(
    directory: str | Path, seed: int = 0, people: int = 4, frames: int = 20
) -> list[Path]:
    """Write real and manipulated videos of some people of the test split.

    Every person gives one real video, a fake by one of the seen manipulations and one by the
    unseen one; and of each the first frame as PNG, as the camera gave it. Videos are H.264 where
    OpenCV can write it, MPEG-4 otherwise; so they are compressed once more.

    Args:
        directory: folder to write into; made where it is missing.
        seed: everything follows from it.
        people: number of people.
        frames: frames per video.

    Returns:
        Paths of the videos, real ones before their fakes.

    Raises:
        ValueError: a number is too small.
        OSError: a file cannot be written.
    """
    if people < 1:
        raise ValueError(f"`people` must be at least 1. Received: people={people!r}")
    source = SyntheticFaces(seed, max(8, 4 * people), len(SEEN), frames)
    identities = [i for i in range(source.identities) if source.split(i) == "test"][:people]
    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for take, identity in enumerate(identities):
        # Manipulation number `(identity + take) % len(SEEN)`: a different one for each person.
        number = identity * len(SEEN) + (take - identity) % len(SEEN)
        paths += [_write(video, directory) for video in source.videos(number)]
    return paths


def _write(video: SyntheticVideo, directory: Path) -> Path:
    path = directory / f"{video.name}.mp4"
    height, width = video.frames.shape[1:3]
    for code in ("avc1", "mp4v"):
        fourcc = cv2.VideoWriter.fourcc(*code)
        with native_stderr_silenced():  # FFmpeg complains at length about a missing encoder.
            writer = cv2.VideoWriter(str(path), fourcc, FRAMES_PER_SECOND, (width, height))
        if writer.isOpened():
            break
    if not writer.isOpened():
        raise OSError(f"Cannot write a video. Received: path={path}")
    for frame in video.frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    image = cv2.cvtColor(video.frames[0], cv2.COLOR_RGB2BGR)
    if not cv2.imwrite(str(path.with_suffix(".png")), image):
        raise OSError(f"Cannot write an image. Received: path={path.with_suffix('.png')}")
    return path
