"""Face crops to calibrate and to verify an export with, from shards or from pictures."""

import hashlib
import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_madd.faces import FaceDetector, crop_face
from keras_madd.inference.model_description import check_square
from keras_madd.media.images import find_images, read_image
from keras_madd.support.errors import UserError
from keras_madd.support.remote import is_remote

# Fewer pictures tell nothing about the range of an activation.
LEAST = 16
_LABELS = {"real": 0, "fake": 1}


@dataclass(frozen=True, eq=False)
class Samples:
    """Face crops of a model's input size.

    Attributes:
        images: (N, H, W, 3) uint8 RGB.
        labels: (N,) int64, 0 real and 1 fake; None where they are not known.
        origin: Where they are from, in words.
        skipped: One line for each picture that could not be used.
    """

    images: np.ndarray
    labels: np.ndarray | None
    origin: str
    skipped: tuple[str, ...] = ()


def read_samples(
    path: str | os.PathLike,
    size: tuple[int, int],
    count: int,
    seed: int = 0,
    *,
    splits: Iterable[str] = ("train",),
    margin: float = 1.3,
    detector: str = "auto",
    progress: Callable[[int, int, str], None] | None = None,
) -> Samples:
    """Draws face crops at random from a folder of shards, or from one of pictures.

    A picture of exactly the model's input size is taken for a face crop; in any other the largest
    face is looked for and cut out. Pictures under folders named `real` and `fake` are labelled by
    them, if all are.

    Args:
        path: A folder that holds `dataset.json`, here or in a bucket; one of pictures; a picture.
        size: (height, width) of the model's input.
        count: The most pictures to draw.
        seed: Seed of the drawing.
        splits: Of shards; the first of these that is there is used.
        margin: Of `crop_face`; shards must have been cut with it.
        detector: Kind of `FaceDetector`, for pictures.
        progress: Called as `progress(done, total, note)` after each picture that is wanted.

    Raises:
        UserError: If nothing is there, too few pictures can be used, the shards were cut with
            another margin, or faces are to be cut out and the input is not square.
    """
    progress = progress or (lambda done, total, note: None)
    check_present(path)
    if is_remote(path) or (Path(path) / "dataset.json").is_file():
        samples = _from_shards(path, size, count, seed, tuple(splits), margin, progress)
    else:
        samples = _from_pictures(Path(path), size, count, seed, margin, detector, progress)
    if len(samples.images) < LEAST:
        raise UserError(
            f"{path}: {len(samples.images)} face crops could be used; at least {LEAST} are needed."
            + (f" The first problem: {samples.skipped[0]}" if samples.skipped else "")
        )
    return samples


def check_present(path: str | os.PathLike) -> None:
    """Raises a UserError where there is nothing to read; a bucket is only asked when it is read."""
    if not is_remote(path) and not Path(path).exists():
        raise UserError(f"There is nothing at {path}.")


def check_disjoint(calibration: Samples, verification: Samples) -> None:
    """Raises a UserError if a picture is used to calibrate and to verify."""
    shared = _digests(calibration.images) & _digests(verification.images)
    if shared:
        raise UserError(
            f"{len(shared)} pictures are both in {calibration.origin} and in "
            f"{verification.origin}: verify on others than were calibrated on."
        )


def _from_shards(folder, size, count, seed, splits, margin, progress) -> Samples:
    from keras_madd.data.model_window import model_pixels
    from keras_madd.data.remote_shards import local_shards
    from keras_madd.data.shards import read_records
    from keras_madd.data.shards_description import load_dataset_json

    check_square(size)
    description = load_dataset_json(local_shards(folder, splits[0]))
    if not np.isclose(description.margin, margin):
        raise UserError(
            f"{folder}: its faces were cut out with margin {description.margin:g}, the model "
            f"expects {margin:g} (--crop-margin)."
        )
    present = {info.split for info in description.shards}
    split = next((each for each in splits if each in present), splits[0])
    drawn = _draw(read_records(local_shards(folder, split), split), count, seed)
    images = []
    for done, record in enumerate(drawn, start=1):
        images.append(model_pixels(record, description.margin, size[0]))
        progress(done, len(drawn), "")
    return Samples(
        images=np.stack(images) if images else np.empty((0, *size, 3), "uint8"),
        labels=np.array([int(record.label != 0) for record in drawn], "int64"),
        origin=f"the {split} split of {folder}",
    )


def _from_pictures(path, size, count, seed, margin, detector, progress) -> Samples:
    files = list(find_images([path]))
    random.Random(seed).shuffle(files)
    images: list[np.ndarray] = []
    used, skipped = [], []
    with FaceDetector(kind=detector) as faces:
        for file in files:
            if len(images) == count:
                break
            try:
                image = read_image(file)
            except UserError as error:
                skipped.append(str(error))
            else:
                if (face := _face(image, size, margin, faces)) is None:
                    skipped.append(f"{file}: no face found.")
                else:
                    images.append(face)
                    used.append(file)
            wanted = min(count, len(files) - len(skipped))
            progress(len(images), wanted, f"{len(skipped)} without a face" if skipped else "")
    labels = [_label(file, path) for file in used]
    return Samples(
        images=np.stack(images) if images else np.empty((0, *size, 3), "uint8"),
        labels=None if None in labels or not labels else np.array(labels, "int64"),
        origin=f"the pictures in {path}",
        skipped=tuple(skipped),
    )


def _face(image: np.ndarray, size, margin: float, detector: FaceDetector) -> np.ndarray | None:
    if image.shape[:2] == tuple(size):
        return image
    check_square(size)
    found = detector.detect(image)
    return crop_face(image, found[0].box, size[0], margin) if found else None


def _label(file: Path, root: Path) -> int | None:
    inside = file.relative_to(root).parent.parts if root.is_dir() else ()
    labels = {_LABELS[part.lower()] for part in inside if part.lower() in _LABELS}
    return labels.pop() if len(labels) == 1 else None


def _draw(items: Iterable, count: int, seed: int) -> list:
    """Draws `count` items, each as likely as any other, in one pass."""
    generator, drawn = random.Random(seed), []
    for index, item in enumerate(items):
        if index < count:
            drawn.append(item)
        elif (place := generator.randrange(index + 1)) < count:
            drawn[place] = item
    return drawn


def _digests(images: np.ndarray) -> set[bytes]:
    return {hashlib.sha256(np.ascontiguousarray(image).data).digest() for image in images}
