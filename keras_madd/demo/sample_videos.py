"""The embedded data as files: a small data set, to be looked at and to be learnt from."""

from collections.abc import Callable
from pathlib import Path

from keras_madd.datasets.sources.folder import Folder
from keras_madd.datasets.sources.splitting import deal
from keras_madd.demo.synthetic import SyntheticFaces, SyntheticVideo
from keras_madd.media import VideoWriter
from keras_madd.support.files import replace_file
from keras_madd.visualize import encode_png

FRAMES_PER_SECOND = 10
# Fewer leave a split with one person, and a face swap needs two.
LEAST_PEOPLE = 12


def write_sample_videos(
    directory: str | Path,
    seed: int = 0,
    people: int = 24,
    frames: int = 20,
    progress: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write a data set of real and manipulated videos, one real video of each person.

    They lie as `keras-madd prepare --dataset folder` takes them: `real/NAME.mp4` and
    `fake/MANIPULATION/NAME.mp4`, in H.264, so compressed once more. Every real video gives a fake
    by one of the seen manipulations; those of the people whom `prepare` deals to the test split
    give one by the unseen manipulation, too. The first frame of these people's videos, as the
    camera gave it, is `pictures/NAME.png`.

    Args:
        directory: folder to write into; made where it is missing.
        seed: everything follows from it.
        people: number of people, at least 12.
        frames: frames per video.
        progress: called as `progress(done, total)` after each person.

    Returns:
        Paths of the videos, real ones before their fakes.

    Raises:
        ValueError: a number is too small.
        OSError: a file cannot be written.
    """
    if people < LEAST_PEOPLE:
        raise ValueError(f"`people` must be at least {LEAST_PEOPLE}. Received: people={people!r}")
    directory = Path(directory)
    for name in ("real", "pictures"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    paths = []
    for done, videos in enumerate(_videos(seed, people, frames), start=1):
        paths += [_write(video, directory) for video in videos]
        if progress is not None:
            progress(done, people)
    return paths


def _videos(seed: int, people: int, frames: int) -> SyntheticFaces:
    """The videos, their people in the splits that `prepare` will deal them to."""
    names = [f"person{number:03d}_take00" for number in range(people)]
    dealt = deal(names, salt=Folder.name)
    return SyntheticFaces(seed, people, 1, frames, splits=[dealt[name] for name in names])


def _write(video: SyntheticVideo, directory: Path) -> Path:
    folder = directory / "fake" / video.method if video.label else directory / "real"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{video.name}.mp4"
    height, width = video.frames.shape[1:3]
    with VideoWriter(path, width, height, FRAMES_PER_SECOND) as writer:
        for frame in video.frames:
            writer.write(frame)
    if video.split == "test":
        replace_file(directory / "pictures" / f"{video.name}.png", encode_png(video.frames[0]))
    return path
