"""FacePhoto: a photograph, the face in it and whose it is."""

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from keras_madd.datasets.sources import SourceVideo
from keras_madd.datasets.unseen_fakes.warp import shrink_to
from keras_madd.faces import FaceDetector, FaceLandmarker
from keras_madd.media.images import read_image
from keras_madd.support.errors import UserError

# A video's frame reaches so many face sides from the middle of the face.
_REACH = 1.5


@dataclass(frozen=True, eq=False)
class FacePhoto:
    """A photograph with its largest face.

    Attributes:
        name: Name of the photograph without its ending.
        person: Who is shown.
        split: "train", "val" or "test".
        image: RGB, uint8, `(H, W, 3)`.
        landmarks: float64 `(468, 2)` pixels.
    """

    name: str
    person: str
    split: str
    image: np.ndarray
    landmarks: np.ndarray

    @property
    def face(self) -> float:
        """Longer side of the landmarks in pixels."""
        return float(np.ptp(self.landmarks, axis=0).max())

    def reduced(self, face: float) -> "FacePhoto":
        """The photograph reduced until its face has so many pixels; never enlarged."""
        image, landmarks = shrink_to(self.image, self.landmarks, face)
        return replace(self, image=image, landmarks=landmarks)

    def framed(self) -> "FacePhoto":
        """The photograph cut to what a video's frame shows around a face."""
        middle = (self.landmarks.min(0) + self.landmarks.max(0)) / 2
        height, width = self.image.shape[:2]
        low = np.clip((middle - _REACH * self.face).astype(np.int64), 0, None)
        high = np.minimum((middle + _REACH * self.face).astype(np.int64), (width, height))
        image = np.ascontiguousarray(self.image[low[1] : high[1], low[0] : high[0]])
        return replace(self, image=image, landmarks=self.landmarks - low)


@dataclass(frozen=True, eq=False)
class FoundFace:
    """A face found in a photograph that is read again when it is needed: there may be very many.

    Attributes:
        name, person, split, landmarks: As of `FacePhoto`.
        path: The photograph.
        checksum: Of its pixels.
    """

    name: str
    person: str
    split: str
    path: Path
    landmarks: np.ndarray
    checksum: int

    def read(self) -> FacePhoto:
        """The photograph.

        Raises:
            UserError: It cannot be read any more.
        """
        image = read_image(self.path)
        return FacePhoto(self.name, self.person, self.split, image, self.landmarks)


def find_faces(
    videos: Iterable[SourceVideo],
    least_face: int,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> tuple[list[FoundFace], dict[str, list[str]]]:
    """Find the face in each photograph.

    Args:
        videos: Of `Faces`; those that are films are passed over.
        least_face: Smallest face that is taken, in pixels.
        progress: Called as `progress(done, total, note)`.

    Returns:
        The faces, in the photographs' order, and why the others have none: reason -> their names.
    """
    pictures = [video for video in videos if video.frames]
    found, left_out, landmarker = [], defaultdict(list), FaceLandmarker()
    with FaceDetector() as detector:
        for done, video in enumerate(pictures, start=1):
            face = _find(video, detector, landmarker)
            if isinstance(face, str):
                left_out[face].append(video.name)
            elif np.ptp(face.landmarks, axis=0).max() < least_face:
                left_out[f"the face is smaller than {least_face} pixels"].append(video.name)
            else:
                found.append(face)
            progress(done, len(pictures), f"{len(found)} faces")
    return found, left_out


def _find(video: SourceVideo, detector, landmarker) -> FoundFace | str:
    """The face, or why there is none."""
    try:
        image = read_image(video.frames[0])
    except UserError:
        return "the file cannot be read"
    faces = detector.detect(image)
    if not faces:
        return "no face was found"
    found = landmarker.find(image, faces[0].box, faces[0].keypoints)
    if found.score < 0.5:
        return "no face was found"
    name = Path(video.name).with_suffix("").as_posix().replace("/", "-")
    points = found.points.astype(np.float64)
    checksum = zlib.crc32(image.tobytes())
    return FoundFace(name, video.identity, video.split, video.frames[0], points, checksum)
