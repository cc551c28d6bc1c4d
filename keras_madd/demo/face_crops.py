"""The embedded data set as face crops, cut out like those of any other data set."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from keras_madd.demo.synthetic import SyntheticFaces
from keras_madd.faces import DEFAULT_MARGIN, FaceDetector, crop_face


@dataclass(frozen=True, eq=False)
class FaceCrops:
    """Face crops ready for training; all arrays have one entry per crop.

    Attributes:
        images: RGB, uint8, `(N, size, size, 3)`.
        labels: int64, 0 real, 1 fake.
        methods: "real" or the manipulation's name.
        videos: name of the video.
        identities: int64, number of the person.
        frames: int64, number of the frame in its video.
        splits: "train", "val" or "test"; no person is in two of them.
        real_frames: number of real frames in which a face was looked for.
        faces_not_found: number of them without one; these and their fakes are left out.
    """

    images: np.ndarray
    labels: np.ndarray
    methods: np.ndarray
    videos: np.ndarray
    identities: np.ndarray
    frames: np.ndarray
    splits: np.ndarray
    real_frames: int
    faces_not_found: int


def build_crops(
    size: int,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    margin: float = DEFAULT_MARGIN,
    **dataset: int,
) -> FaceCrops:
    """Generate the data set and cut out its faces, as is done with any other data set.

    The face is detected in the real frame; the fakes of that frame are cut with the same box, or
    the box itself would tell real from fake.

    Args:
        size: side of the crops in pixels.
        seed: everything follows from it.
        progress: called as `progress(done, total)` after each real video with its fakes.
        margin: of `crop_face`.
        **dataset: further arguments of `SyntheticFaces`.

    Returns:
        The crops.
    """
    source = SyntheticFaces(seed, **dataset)
    rows, images, missing = [], [], 0
    with FaceDetector() as detector:
        for done, versions in enumerate(source, start=1):
            for frame in range(source.frames_per_video):
                faces = detector.detect(versions[0].frames[frame])
                if not faces:
                    missing += 1
                    continue
                for video in versions:
                    images.append(crop_face(video.frames[frame], faces[0].box, size, margin))
                    rows.append(
                        (video.label, video.method, video.name, video.identity, frame, video.split)
                    )
            if progress is not None:
                progress(done, len(source))
    labels, methods, videos, identities, frames, splits = zip(*rows, strict=True)
    return FaceCrops(
        images=np.stack(images),
        labels=np.array(labels),
        methods=np.array(methods),
        videos=np.array(videos),
        identities=np.array(identities),
        frames=np.array(frames),
        splits=np.array(splits),
        real_frames=len(source) * source.frames_per_video,
        faces_not_found=missing,
    )
