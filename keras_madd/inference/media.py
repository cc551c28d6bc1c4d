"""Photographs and videos, told apart by what they hold."""

import os
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from keras_madd.media.images import HEIF_SUFFIXES, IMAGE_SUFFIXES, open_image, read_image
from keras_madd.media.picture_damage import NONE, picture_detection
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input
from keras_madd.support.finding import find_files

if TYPE_CHECKING:
    from keras_madd.inference.detector import Detector
    from keras_madd.inference.scored_face import ScoredFace

_READ_AHEAD = 2
OVERLAY_ENDINGS = IMAGE_OVERLAY, VIDEO_OVERLAY = (".scored.png", ".scored.mp4")


@dataclass(frozen=True, eq=False)
class Media:
    """A file that was looked into.

    Attributes:
        path: The file.
        image: (H, W, 3) uint8 RGB of a photograph, or None.
        is_video: Whether it holds a video.
        error: Why it is neither, in one line, or None.
        damage_detection: Of a photograph, how damage to it would have shown: by `"checksums"`, by
            its `"decoder"`, or not at all (`"none"`).
    """

    path: Path
    image: np.ndarray | None = None
    is_video: bool = False
    error: str | None = None
    damage_detection: str = NONE


@dataclass(frozen=True, eq=False)
class ScoredPicture:
    """A photograph and its faces.

    Attributes:
        path: The file.
        image: (H, W, 3) uint8 RGB, or None where it cannot be read.
        faces: Largest first; empty where none was found.
        error: Why it cannot be read, in one line, or None.
    """

    path: Path
    image: np.ndarray | None
    faces: "tuple[ScoredFace, ...]"
    error: str | None


def find_media(paths: Iterable[str | os.PathLike]) -> Iterator[Path]:
    """Returns the files named, and the photographs and videos inside the folders named.

    A file is yielded whatever its ending; inside folders only those with an image's or a video's
    ending are, in order of their names, HEIC among them, so that none is passed over in silence;
    hidden ones, and those that `keras-madd score --overlay` wrote, are passed over.
    """
    given = list(map(Path, paths))
    suffixes = IMAGE_SUFFIXES | HEIF_SUFFIXES
    # What knows about videos takes its time to import, and a photograph must not wait for it.
    if any(map(os.path.isdir, given)):
        suffixes = suffixes | _video_suffixes()
    return find_files(given, suffixes, OVERLAY_ENDINGS)


def open_media(path: str | os.PathLike) -> Media:
    """Looks into a file: a photograph is read, a video is only recognised.

    The content decides, not the ending; an animation is a photograph, its first frame.
    """
    path = Path(path)
    try:
        check_input(path)
        if _is_image(path) or path.stat().st_size == 0:
            return _photograph(path)
        from keras_madd.media import VideoReader
        from keras_madd.media.decoding import HeifError

        try:
            VideoReader(path).close()
            return Media(path, is_video=True)
        except UserError as error:
            if isinstance(error, HeifError) or path.suffix.lower() in HEIF_SUFFIXES:
                return Media(path, error=f"{path}: HEIC is not read; convert it to JPEG or PNG.")
            if path.suffix.lower() in _video_suffixes():
                return Media(path, error=str(error))
        if path.suffix.lower() in IMAGE_SUFFIXES:
            return _photograph(path)
        return Media(path, error=f"{path}: neither an image nor a video that can be read.")
    except UserError as error:
        return Media(path, error=str(error))
    except OSError as error:  # It was there a moment ago.
        return Media(path, error=f"{path}: cannot be read: {error.strerror or error}.")


def read_ahead(paths: Iterable[str | os.PathLike]) -> Generator[Media]:
    """Looks into files in order; other threads read the next two meanwhile."""
    paths = iter(paths)
    with ThreadPoolExecutor(_READ_AHEAD) as pool:
        try:
            waiting = [pool.submit(open_media, path) for path in _first(paths, _READ_AHEAD)]
            while waiting:
                media = waiting.pop(0).result()
                waiting += [pool.submit(open_media, path) for path in _first(paths, 1)]
                yield media
                del media  # Before the next one comes: pictures are large.
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def score_pictures(
    detector: "Detector", paths: Iterable[str | os.PathLike]
) -> Iterator[ScoredPicture]:
    """Scores photographs; see `keras_madd.inference.Detector.score_images`."""
    for media in read_ahead(paths):
        if media.is_video:
            error = f"{media.path}: a video, not a photograph; score_video reads it."
            yield ScoredPicture(media.path, None, (), error)
        elif media.image is None:
            yield ScoredPicture(media.path, None, (), media.error)
        else:
            faces = tuple(detector.score_image(media.image))
            yield ScoredPicture(media.path, media.image, faces, None)


def _photograph(path: Path) -> Media:
    image = read_image(path)
    with open_image(path) as opened:
        return Media(path, image=image, damage_detection=picture_detection(opened.format))


def _is_image(path: Path) -> bool:
    try:
        with open_image(path):
            return True
    except Image.DecompressionBombError:
        return True  # `read_image` says so.
    except Exception:  # Whatever a decoder raises on a file that is not its own.
        return False


def _video_suffixes() -> frozenset[str]:
    from keras_madd.media.find import VIDEO_SUFFIXES

    return VIDEO_SUFFIXES


def _first(paths: Iterator, count: int) -> list:
    return [path for _, path in zip(range(count), paths, strict=False)]
