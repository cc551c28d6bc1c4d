"""Face landmarks with MediaPipe's face mesh model, which is shipped in `models/`."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from keras_madd.faces.crop import check_image
from keras_madd.support.native_stderr import native_stderr_silenced

LANDMARK_MODEL = Path(__file__).parent / "models" / "face_landmark.tflite"
NUM_LANDMARKS = 468

# Points of the MediaPipe face mesh.
RIGHT_EYE = (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7)
LEFT_EYE = (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249)
LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
RIGHT_BROW = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46)
LEFT_BROW = (300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)

_SIDE = 192  # Of the model's input in pixels.
_ENLARGED = 1.5  # The model sees a square of this many times the longer side of the box.
_RIGHT_EYE_CORNER, _LEFT_EYE_CORNER = 33, 263


@dataclass(frozen=True, eq=False)
class FaceLandmarks:
    """The mesh of one face.

    Attributes:
        points: float32 `(468, 2)`, `(x, y)` in pixels of the image, pixel centres at whole
            numbers; may lie outside the image. Their numbering is MediaPipe's face mesh.
        score: probability that there is a face where the points are, 0 to 1.
    """

    points: np.ndarray
    score: float


class FaceLandmarker:
    """Finds 468 landmarks of a detected face.

    The face is looked at as in MediaPipe's own graph: a square about the middle of the box, 1.5
    times its longer side, turned so that the eyes are level. Where that is a large turn or a loose
    box the mesh is off by a few pixels, so by default the model looks a second time, at the
    square that the first mesh gives (which is what MediaPipe does from a video's second frame
    on).

    One thread at a time may use an object. It has no Keras or TensorFlow in it.

    Args:
        passes: how often the model looks at a face, 1 or 2.

    Raises:
        ValueError: `passes` is neither 1 nor 2.

    Example:
        >>> with FaceDetector() as detector:
        ...     face = detector.detect(image)[0]
        >>> points = FaceLandmarker().find(image, face.box, face.keypoints).points
    """

    def __init__(self, passes: int = 2):
        if passes not in (1, 2):
            raise ValueError(f"`passes` must be 1 or 2. Received: passes={passes!r}")
        self.passes = passes

    def find(
        self, image: np.ndarray, box: Sequence[float], keypoints: np.ndarray | None = None
    ) -> FaceLandmarks:
        """Find the landmarks of one face.

        Args:
            image: RGB, uint8, `(H, W, 3)`.
            box: `(x, y, width, height)` in pixels, as `Face.box`.
            keypoints: `(2 or more, 2)` pixels, right eye and left eye first, as `Face.keypoints`;
                without them the face is taken to be upright.

        Returns:
            The landmarks; whether there is a face at all is told by their score.

        Raises:
            ValueError: an argument is malformed.
        """
        _check(image, box, keypoints)
        x, y, width, height = (float(value) for value in box)
        # In a box of whole pixels the middle pixel of 3 is number 1.
        center = np.array([x + (width - 1) / 2, y + (height - 1) / 2])
        angle = 0.0 if keypoints is None else _angle(keypoints[0], keypoints[1])
        side = _ENLARGED * max(width, height)
        for _ in range(self.passes):
            to_image = _square_to_image(center, side, angle)
            points, score = self._run(_look(image, to_image, side))
            points = points @ to_image[:, :2].T + to_image[:, 2]
            center, side, angle = _square_of(points)
        return FaceLandmarks(points=points.astype(np.float32), score=score)

    @functools.cached_property
    def _interpreter(self):
        from ai_edge_litert.interpreter import Interpreter

        with native_stderr_silenced():
            interpreter = Interpreter(str(LANDMARK_MODEL), num_threads=1)
            interpreter.allocate_tensors()
        return interpreter

    def _run(self, pixels: np.ndarray) -> tuple[np.ndarray, float]:
        """Points `(468, 2)` in pixels of the model's input, and the score."""
        interpreter = self._interpreter
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels[None])
        interpreter.invoke()
        mesh, presence = (
            interpreter.get_tensor(output["index"]).ravel()
            for output in interpreter.get_output_details()
        )
        points = mesh.reshape(NUM_LANDMARKS, 3)[:, :2].astype(np.float64)
        return points, 1 / (1 + math.exp(-float(presence[0])))

    def __getstate__(self) -> dict:
        # For worker processes: each loads the model anew.
        return {"passes": self.passes}


def _angle(right_eye: Sequence[float], left_eye: Sequence[float]) -> float:
    """How far a face is turned clockwise in the image, in radians."""
    return math.atan2(float(left_eye[1] - right_eye[1]), float(left_eye[0] - right_eye[0]))


def _square_to_image(center: np.ndarray, side: float, angle: float) -> np.ndarray:
    """Affine `(2, 3)` map from pixels of the model's input to pixels of the image."""
    scale = side / _SIDE
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([linear, center - linear @ np.full(2, (_SIDE - 1) / 2)])


def _look(image: np.ndarray, to_image: np.ndarray, side: float) -> np.ndarray:
    """The model's input: float32 `(192, 192, 3)`, 0 to 1."""
    import cv2  # Here, since scoring a photograph has no other use for it.

    to_image = to_image.copy()
    shrink = int(side // (2 * _SIDE))
    if shrink > 1:  # Bilinear sampling alone would skip pixels.
        corners = np.array([[0, 0], [_SIDE, 0], [0, _SIDE], [_SIDE, _SIDE]]) - 0.5
        corners = corners @ to_image[:, :2].T + to_image[:, 2]
        height, width = image.shape[:2]
        left, top = np.clip(np.floor(corners.min(0)).astype(int), 0, (width - 1, height - 1))
        right, bottom = np.clip(np.ceil(corners.max(0)).astype(int) + 1, 1, (width, height))
        image = image[top : max(bottom, top + 1), left : max(right, left + 1)]
        small = [max(1, length // shrink) for length in image.shape[1::-1]]
        ratio = np.array(small) / image.shape[1::-1]
        image = cv2.resize(np.ascontiguousarray(image), small, interpolation=cv2.INTER_AREA)
        to_image[:, 2] = (to_image[:, 2] - (left, top) + 0.5) * ratio - 0.5
        to_image[:, :2] *= ratio[:, None]
    seen = cv2.warpAffine(
        np.ascontiguousarray(image),
        to_image,
        (_SIDE, _SIDE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return seen.astype(np.float32) / 255


def _square_of(points: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Centre, side and angle of the square that a mesh gives for the next look."""
    angle = _angle(points[_RIGHT_EYE_CORNER], points[_LEFT_EYE_CORNER])
    cosine, sine = math.cos(angle), math.sin(angle)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    level = points @ turn
    low, high = level.min(0), level.max(0)
    return turn @ ((low + high) / 2), _ENLARGED * max(1.0, float((high - low).max())), angle


def _check(image, box, keypoints) -> None:
    check_image(image)
    values = np.asarray(box, np.float64)
    if values.shape != (4,) or not np.isfinite(values).all() or (values[2:] <= 0).any():
        raise ValueError(
            f"`box` must be (x, y, width, height) with a positive size. Received: box={box!r}"
        )
    if keypoints is not None:
        shape = np.shape(keypoints)
        if len(shape) != 2 or shape[0] < 2 or shape[1] != 2:
            raise ValueError(
                f"`keypoints` must have shape (2 or more, 2). Received: keypoints.shape={shape}"
            )
