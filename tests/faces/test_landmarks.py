import json
import pickle
import subprocess
import sys

import cv2
import numpy as np
import pytest

from keras_madd.demo import sample_photo_path
from keras_madd.demo.portrait import ASSETS
from keras_madd.faces import NUM_LANDMARKS, FaceDetector, FaceLandmarker
from keras_madd.faces.landmarks import LEFT_EYE, LIPS, RIGHT_EYE

MIDDLE = (223.0, 128.0)


@pytest.fixture(scope="module")
def portrait():
    return cv2.cvtColor(cv2.imread(str(sample_photo_path())), cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="module")
def face(portrait):
    with FaceDetector("full") as detector:
        return detector.detect(portrait)[0]


@pytest.fixture(scope="module")
def mediapipe_mesh():
    """What MediaPipe's own graph found on the portrait, to 0.01 pixel."""
    stored = json.loads((ASSETS / "portrait_landmarks.json").read_text())
    return np.float32(stored["landmarks"])[:, :2]


def _moved(image, face, turn):
    """Image, box and keypoints turned or scaled by an affine map."""
    scale = np.sqrt(abs(np.linalg.det(turn[:, :2])))
    size = round(512 * scale) if scale < 1 else 512
    image = cv2.warpAffine(image, turn, (size, size), borderMode=cv2.BORDER_REFLECT)
    x, y, width, height = face.box
    middle = np.array([x + (width - 1) / 2, y + (height - 1) / 2]) @ turn[:, :2].T + turn[:, 2]
    width, height = width * scale, height * scale
    box = (*(middle - (np.array([width, height]) - 1) / 2), width, height)
    return image, box, face.keypoints @ turn[:, :2].T + turn[:, 2]


def _distances(points, others):
    return np.linalg.norm(np.float64(points) - others, axis=1)


@pytest.mark.parametrize("passes", [1, 2])
def test_finds_what_mediapipes_own_graph_finds(portrait, face, mediapipe_mesh, passes):
    found = FaceLandmarker(passes).find(portrait, face.box, face.keypoints)
    assert found.points.shape == (NUM_LANDMARKS, 2)
    assert found.points.dtype == np.float32
    assert found.score > 0.99
    distances = _distances(found.points, mediapipe_mesh)
    assert distances.mean() < 0.8  # The face is 105 pixels wide.
    assert distances.max() < 2.5


@pytest.mark.parametrize("angle", [0, 20, -35, 90, 180])
def test_turned_faces(portrait, face, mediapipe_mesh, angle):
    turn = cv2.getRotationMatrix2D(MIDDLE, angle, 1.0)
    found = FaceLandmarker().find(*_moved(portrait, face, turn))
    assert found.score > 0.99
    assert _distances(found.points, mediapipe_mesh @ turn[:, :2].T + turn[:, 2]).mean() < 0.9


@pytest.mark.parametrize(("scale", "tolerance"), [(0.5, 1.2), (2.5, 0.8), (6.0, 0.8)])
def test_small_and_large_faces(portrait, face, mediapipe_mesh, scale, tolerance):
    """Also where the face has many times the pixels that the model looks at."""
    shape = (round(512 * scale),) * 2
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    image = cv2.resize(portrait, shape, interpolation=method)
    box = [value * scale for value in face.box]
    found = FaceLandmarker().find(image, box, face.keypoints * scale)
    back = (found.points + 0.5) / scale - 0.5
    assert _distances(back, mediapipe_mesh).mean() < tolerance


def test_near_the_detectors_keypoints(portrait, face):
    """Another model's opinion: BlazeFace on where the eyes and the mouth are."""
    for angle in (0, 25):
        turn = cv2.getRotationMatrix2D(MIDDLE, angle, 1.0)
        image, box, keypoints = _moved(portrait, face, turn)
        points = FaceLandmarker().find(image, box, keypoints).points
        for part, keypoint in ((RIGHT_EYE, 0), (LEFT_EYE, 1), (LIPS, 3)):
            assert np.linalg.norm(points[list(part)].mean(0) - keypoints[keypoint]) < 7


def test_mirrored_face(portrait, face):
    mirrored = np.ascontiguousarray(portrait[:, ::-1])
    x, y, width, height = face.box
    keypoints = face.keypoints[[1, 0]] * (-1, 1) + (511, 0)
    there = FaceLandmarker().find(mirrored, (512 - x - width, y, width, height), keypoints)
    here = FaceLandmarker().find(portrait, face.box, face.keypoints)
    for part, other in ((RIGHT_EYE, LEFT_EYE), (LEFT_EYE, RIGHT_EYE), (LIPS, LIPS)):
        back = there.points[list(other)].mean(0) * (-1, 1) + (511, 0)
        assert np.linalg.norm(back - here.points[list(part)].mean(0)) < 3


def test_second_look_forgives_a_loose_box_and_missing_keypoints(portrait, face, mediapipe_mesh):
    x, y, width, height = face.box
    loose = (x - 10, y + 10, 1.3 * width, 1.3 * height)
    first = FaceLandmarker(1).find(portrait, loose)
    second = FaceLandmarker(2).find(portrait, loose)
    assert _distances(second.points, mediapipe_mesh).mean() < 1.5
    assert _distances(first.points, mediapipe_mesh).mean() > 3


def test_no_face_has_a_low_score():
    noise = np.random.default_rng(0).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    assert FaceLandmarker().find(noise, (50, 50, 100, 100)).score < 0.1
    assert FaceLandmarker().find(noise, (-300, -300, 100, 100)).score < 0.1


def test_wrong_arguments(portrait):
    landmarker = FaceLandmarker()
    with pytest.raises(ValueError, match="`passes` must be 1 or 2"):
        FaceLandmarker(0)
    with pytest.raises(ValueError, match="`image` must be a uint8"):
        landmarker.find(portrait / 255.0, (0, 0, 10, 10))
    with pytest.raises(ValueError, match=r"`image` must have shape \(H, W, 3\)"):
        landmarker.find(portrait[..., 0], (0, 0, 10, 10))
    with pytest.raises(ValueError, match=r"`box` must be .* Received: box="):
        landmarker.find(portrait, (0, 0, 10, 0))
    with pytest.raises(ValueError, match="`keypoints` must have shape"):
        landmarker.find(portrait, (0, 0, 10, 10), np.zeros((1, 2)))


def test_travels_to_worker_processes(portrait, face):
    landmarker = FaceLandmarker()
    here = landmarker.find(portrait, face.box, face.keypoints)
    there = pickle.loads(pickle.dumps(landmarker)).find(portrait, face.box, face.keypoints)
    np.testing.assert_array_equal(there.points, here.points)


def test_process_is_quiet_and_free_of_tensorflow():
    program = """
import sys, cv2
from keras_madd.demo import sample_photo_path
from keras_madd.faces import FaceLandmarker
assert FaceLandmarker().find(cv2.imread(str(sample_photo_path())), (170, 70, 105, 105))
assert not {"tensorflow", "keras", "jax", "mediapipe"} & set(sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
