"""Some of the embedded data as files, to be looked at."""

from pathlib import Path

from keras_madd.demo.manipulations import SEEN
from keras_madd.demo.synthetic import SyntheticFaces, SyntheticVideo
from keras_madd.media import VideoWriter
from keras_madd.support.files import replace_file
from keras_madd.visualize import encode_png

FRAMES_PER_SECOND = 10


def write_sample_videos(
    directory: str | Path, seed: int = 0, people: int = 4, frames: int = 20
) -> list[Path]:
    """Write real and manipulated videos of some people of the test split.

    Every person gives one real video, a fake by one of the seen manipulations and one by the
    unseen one. They lie as `keras-madd prepare --dataset folder` takes them: `real/NAME.mp4` and
    `fake/MANIPULATION/NAME.mp4`, in H.264, so compressed once more. The first frame of each, as
    the camera gave it, is `pictures/NAME.png`.

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
    folder = directory / ("fake" if video.label else "real")
    if video.label:
        folder /= video.method
    pictures = directory / "pictures"
    for each in (folder, pictures):
        each.mkdir(parents=True, exist_ok=True)
    path = folder / f"{video.name}.mp4"
    height, width = video.frames.shape[1:3]
    with VideoWriter(path, width, height, FRAMES_PER_SECOND) as writer:
        for frame in video.frames:
            writer.write(frame)
    replace_file(pictures / f"{video.name}.png", encode_png(video.frames[0]))
    return path
