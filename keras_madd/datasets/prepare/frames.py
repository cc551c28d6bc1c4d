"""Frames of a video, whether it is a film, a folder of pictures or a list of them."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_madd.datasets.sources.listing import pictures_in
from keras_madd.media import VideoReader
from keras_madd.media.images import read_image
from keras_madd.support.errors import UserError

_NUMBER = re.compile(r"\d+\Z")


@dataclass(frozen=True, eq=False)
class SampledFrame:
    """A frame that was asked for.

    Attributes:
        position: Which of the frames asked for it is, from 0.
        number: Its number in the video.
        image: RGB, uint8, `(H, W, 3)`.
    """

    position: int
    number: int
    image: np.ndarray


def evenly_spaced(numbers: Sequence[int], count: int) -> list[int]:
    """The middles of `count` equal parts of a sequence, or all of a shorter one."""
    count = min(count, len(numbers))
    return [numbers[(2 * k + 1) * len(numbers) // (2 * count)] for k in range(count)]


class FilmFrames:
    """The frames of a video file, decoded once, by one thread.

    Raises:
        UserError: It cannot be read.
    """

    def __init__(self, path: Path):
        self._video = VideoReader(path, threads=1)

    @property
    def trouble(self) -> str | None:
        """What is wrong with the video, known after its frames are read."""
        return self._video.broken_tail

    def numbers(self) -> Sequence[int]:
        """The numbers of all frames."""
        return range(self._video.count_frames())

    def at(self, wanted: Sequence[int]) -> Iterator[SampledFrame]:
        """The frames with these numbers, in order.

        Where one is damaged the next sound one stands for it, unless that stands for a later one.
        """
        if not wanted:
            return
        for frame in self._video.at(wanted):
            yield SampledFrame(bisect_right(wanted, frame.index) - 1, frame.index, frame.image)

    def close(self) -> None:
        """Close the file."""
        self._video.close()


class PictureFrames:
    """The frames of a video that is already pictures.

    Where the names of all are different numbers, or end with such, a picture has that number;
    otherwise, or where one is too large to be stored, they are numbered in order.

    Args:
        paths: The pictures.
        at_end: Whether a number at the end of a name counts, not only one that is all of it: in a
            folder of frames it is the moment, in a photograph's name it says nothing.

    Raises:
        UserError: There are none.
    """

    def __init__(self, paths: Sequence[Path], at_end: bool = False):
        if not paths:
            raise UserError("there are no pictures in it.")
        look = _NUMBER.search if at_end else _NUMBER.match
        numbers = [int(found[0]) if (found := look(path.stem)) else -1 for path in paths]
        if -1 in numbers or len(set(numbers)) < len(numbers) or max(numbers) >= 2**63:
            numbers = list(range(len(paths)))
        self._paths = dict(sorted(zip(numbers, paths, strict=True)))
        self.trouble: str | None = None

    def numbers(self) -> Sequence[int]:
        """The numbers of all frames."""
        return list(self._paths)

    def at(self, wanted: Sequence[int]) -> Iterator[SampledFrame]:
        """The frames with these numbers, in order; unreadable ones are left out and noted."""
        for position, number in enumerate(wanted):
            if number not in self._paths:
                continue
            try:
                image = read_image(self._paths[number])
            except UserError as error:
                self.trouble = self.trouble or str(error)
                continue
            yield SampledFrame(position, number, image)

    def close(self) -> None:
        """Nothing is open."""


def open_frames(path: Path | None, pictures: Sequence[Path]) -> FilmFrames | PictureFrames:
    """Opens a video.

    Args:
        path: A video file or a folder of pictures; not looked at where there are pictures.
        pictures: The frames, where the video is a list of pictures.

    Raises:
        UserError: It cannot be read.
    """
    if pictures:
        return PictureFrames(pictures)
    assert path is not None
    if path.is_dir():
        return PictureFrames(pictures_in(path), at_end=True)
    return FilmFrames(path)
