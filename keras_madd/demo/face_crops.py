"""Old names, which go with version 0.3: the embedded data set as arrays of face crops.

`write_sample_videos` and `keras_madd.datasets.prepare` make shards of it, as of any data set.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from keras_madd.demo.synthetic import SyntheticFaces
from keras_madd.faces import DEFAULT_MARGIN, FaceDetector, crop_face


class FaceCrops(NamedTuple):
    """Face crops `(N, size, size, 3)`, uint8 RGB, with N entries of each column."""

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
    **dataset: Any,
) -> FaceCrops:
    """Generate the data set and cut its faces out, fakes by the boxes of their real frames."""
    source = SyntheticFaces(seed, **dataset)
    rows, missing = [], 0
    with FaceDetector() as detector:
        for done, versions in enumerate(source, start=1):
            for frame in range(source.frames_per_video):
                faces = detector.detect(versions[0].frames[frame])
                missing += not faces
                rows += [
                    (
                        crop_face(video.frames[frame], faces[0].box, size, margin),
                        *(video.label, video.method, video.name, video.identity),
                        *(frame, video.split),
                    )
                    for video in (versions if faces else ())
                ]
            if progress is not None:
                progress(done, len(source))
    columns: dict[str, Any] = {
        name: np.array(column)
        for name, column in zip(FaceCrops._fields, zip(*rows, strict=True), strict=False)
    }
    frames = len(source) * source.frames_per_video
    return FaceCrops(**columns, real_frames=frames, faces_not_found=missing)
