"""Face detection with MediaPipe's BlazeFace models, which are shipped in `models/`."""

import importlib
import sys
import weakref
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from keras_madd.faces.choice import FULL, SHORT, FaceModelChoice
from keras_madd.faces.crop import check_image
from keras_madd.faces.parts import LEAST_CONFIDENCE, are_one_face, has_small_faces, parts
from keras_madd.support.errors import check_choice
from keras_madd.support.native_stderr import (
    native_stderr_captured,
    native_stderr_silenced,
    native_stderr_without,
)
from keras_madd.support.one_process import OneProcess

MODEL_FILES = {
    "short": Path(__file__).parent / "models" / "face_detection_short_range.tflite",
    "full": Path(__file__).parent / "models" / "face_detection_full_range_sparse.tflite",
}
_ORDER = {SHORT: (SHORT,), FULL: (FULL,), "auto": (SHORT, FULL)}

KEYPOINT_NAMES = ("right_eye", "left_eye", "nose_tip", "mouth", "right_ear", "left_ear")
# MediaPipe's resizing counts pixels in 16 bits and ends the whole process on a longer side.
MAX_SIDE = 32_000
# Said once in a process, in the first picture whose buffer the allocator happens not to align:
# often the first of all, sometimes a later one. The environment cannot turn it off.
_UNALIGNED = "Input tensor memory is not aligned"
_NOISE = (_UNALIGNED, "Logging before InitGoogle() is written to STDERR")
_has_been_said = False


@dataclass(frozen=True, eq=False)
class Face:
    """A detected face.

    Attributes:
        box: `(x, y, width, height)` in whole pixels; may reach outside the image.
        keypoints: float32 `(6, 2)`, `(x, y)` in pixels, in the order of `KEYPOINT_NAMES`; right
            and left are the person's own.
        score: the detector's confidence, 0 to 1.
    """

    box: tuple[int, int, int, int]
    keypoints: np.ndarray
    score: float


class FaceDetector:
    """Finds faces in single images.

    The short-range model is made for faces that fill a good part of the picture (a selfie), the
    full-range one also finds small ones and costs about twice as much. `"auto"` runs the short
    one and, where that finds nothing, the full one; in a video, with a `FaceModelChoice`, so that
    they do not take turns. Training data must be cut out with the detector that is used later.

    The detector holds native memory: use it in a `with` statement or call `close()`. One thread at
    a time may use it, in the process that opened it.

    Args:
        kind: `"auto"`, `"short"` or `"full"`.
        min_confidence: detections with a lower score are left out, 0 to 1.

    Raises:
        ValueError: an argument is out of its range.

    Example:
        >>> with FaceDetector() as detector:
        ...     faces = detector.detect(image)  # largest first
    """

    def __init__(self, kind: str = "auto", min_confidence: float = 0.5):
        check_choice("kind", kind, sorted(_ORDER))
        if not 0 <= min_confidence <= 1:
            raise ValueError(
                "`min_confidence` must be between 0 and 1. "
                f"Received: min_confidence={min_confidence!r}"
            )
        self.kind = kind
        self.min_confidence = float(min_confidence)
        self._native: dict[str, Any] = {}
        # Also runs when the interpreter exits, before MediaPipe's own modules are torn down.
        self._process = OneProcess("FaceDetector")
        self._finalizer = weakref.finalize(self, _close_all, self._native, self._process)

    def detect(
        self,
        image: np.ndarray,
        choice: FaceModelChoice | None = None,
        *,
        in_parts: bool = False,
    ) -> list[Face]:
        """Find the faces in an image.

        Args:
            image: RGB, uint8, `(H, W, 3)`.
            choice: Of the video that the image is from; it is told what came of it. Only `"auto"`
                has a choice.
            in_parts: Whether an image of more than 800 pixels that shows no face as wide as a
                tenth of it is searched in parts, too, as group photographs ask for; `"short"` is
                not made for that.

        Returns:
            The faces, largest box first; empty where there is none.

        Raises:
            ValueError: the image has another type or shape.
            RuntimeError: the detector is closed, or was opened before a fork.
        """
        self._process.check(self._finalizer.alive)
        check_image(image)
        if max(image.shape) > MAX_SIDE:
            raise ValueError(
                f"`image` must have sides of {MAX_SIDE} pixels at most. "
                f"Received: image.shape={image.shape}"
            )
        if self.kind != "auto":
            choice = None
        found, detections = None, []
        for model in choice.models if choice else _ORDER[self.kind]:
            detections = self._run(model, np.ascontiguousarray(image))
            if detections:
                found = model
                break
        if choice:
            choice.update(found)
        height, width = image.shape[:2]
        faces = [_to_face(detection, width, height) for detection in detections]
        if in_parts and self.kind != SHORT:
            faces += self._find_small(image, faces)
        return sorted(faces, key=lambda face: (-face.box[2] * face.box[3], -face.score))

    def close(self) -> None:
        """Free the native memory. Closing twice is harmless."""
        self._finalizer()

    def __enter__(self) -> "FaceDetector":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _find_small(self, image: np.ndarray, found: list[Face]) -> list[Face]:
        """Further faces, seen in the parts of a picture."""
        if not has_small_faces(image.shape, (face.box for face in found)):
            return []
        seen = []
        for left, top, part in parts(image):
            height, width = part.shape[:2]
            for detection in self._run(FULL, np.ascontiguousarray(part)):
                face = _to_face(detection, width, height, left, top)
                if face.score >= LEAST_CONFIDENCE:
                    seen.append(face)
        further: list[Face] = []
        for face in sorted(seen, key=lambda face: -face.score):
            if not any(are_one_face(face.box, other.box) for other in (*found, *further)):
                further.append(face)
        return further

    def _run(self, model: str, image: np.ndarray) -> list:
        mediapipe = _import_mediapipe()
        picture = mediapipe.Image(mediapipe.ImageFormat.SRGB, image)
        if model in self._native:
            return _detect(self._native[model], picture)
        # MediaPipe speaks while it loads a model and runs it for the first time.
        with native_stderr_captured() as said:
            tasks = mediapipe.tasks
            options = tasks.vision.FaceDetectorOptions(
                base_options=tasks.BaseOptions(model_asset_path=str(MODEL_FILES[model])),
                min_detection_confidence=self.min_confidence,
            )
            self._native[model] = tasks.vision.FaceDetector.create_from_options(options)
            detections = self._native[model].detect(picture).detections
        _remember(said)
        return detections


class _ImportedWhenUsed(ModuleType):
    """Stands for a module that is imported when something of it is asked for."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):  # Asked by the import system itself.
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


def _import_mediapipe() -> ModuleType:
    """Import MediaPipe when a face is to be found, without TensorFlow and Matplotlib.

    MediaPipe imports TensorFlow where it is installed, for nothing but a decorator of its
    documentation, and does without where it is not; and Matplotlib for one function that plots:
    seconds and hundreds of MB for a program that has no other use for them.
    """
    if "mediapipe" in sys.modules:
        return sys.modules["mediapipe"]
    stands_in: dict[str, ModuleType | None] = {
        "tensorflow": None,
        "matplotlib": ModuleType("matplotlib"),
        "matplotlib.pyplot": _ImportedWhenUsed("matplotlib.pyplot"),
    }
    stands_in = {name: each for name, each in stands_in.items() if name not in sys.modules}
    # None stands for a module that is not to be found.
    sys.modules.update(stands_in)  # type: ignore[arg-type]
    try:
        import mediapipe
    finally:
        for name in stands_in:
            del sys.modules[name]
    return mediapipe


def _detect(native, picture) -> list:
    if _has_been_said:
        return native.detect(picture).detections
    with native_stderr_without(_NOISE) as dropped:
        detections = native.detect(picture).detections
    _remember(dropped)
    return detections


def _remember(said: list[str]) -> None:
    global _has_been_said
    _has_been_said = _has_been_said or any(_UNALIGNED in line for line in said)


def _close_all(native: dict, process: OneProcess) -> None:
    if not process.is_here:
        return
    with native_stderr_silenced():
        while native:
            native.popitem()[1].close()


def _to_face(detection, width: int, height: int, left: int = 0, top: int = 0) -> Face:
    """A face found in a picture of a size that lies so far from the left and the top of a whole."""
    box = detection.bounding_box
    keypoints = np.array([(point.x, point.y) for point in detection.keypoints], np.float32)
    return Face(
        box=(int(box.origin_x) + left, int(box.origin_y) + top, int(box.width), int(box.height)),
        keypoints=keypoints * np.array([width, height], np.float32)
        + np.array([left, top], np.float32),
        score=float(detection.categories[0].score),
    )
