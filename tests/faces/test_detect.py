import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from keras_madd.demo import sample_photo_path
from keras_madd.faces import KEYPOINT_NAMES, FaceDetector, detect
from keras_madd.faces.track import intersection_over_union


@pytest.fixture(scope="module")
def portrait():
    return cv2.cvtColor(cv2.imread(str(sample_photo_path())), cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="module")
def detector():
    with FaceDetector() as detector:
        yield detector


@pytest.mark.parametrize("kind", ["short", "full", "auto"])
def test_finds_the_face(portrait, kind):
    with FaceDetector(kind) as detector:
        (face,) = detector.detect(portrait)
    x, y, width, height = face.box
    assert all(type(value) is int for value in face.box)
    assert x < 224 < x + width
    assert y < 127 < y + height
    assert 80 < width < 130
    assert 0.5 <= face.score <= 1


def test_keypoints_are_named_pixels(portrait, detector):
    keypoints = dict(zip(KEYPOINT_NAMES, detector.detect(portrait)[0].keypoints, strict=True))
    np.testing.assert_allclose(keypoints["right_eye"], (201, 105), atol=6)
    np.testing.assert_allclose(keypoints["left_eye"], (246, 108), atol=6)
    np.testing.assert_allclose(keypoints["mouth"], (222, 146), atol=8)


def test_largest_face_first(portrait, detector):
    canvas = np.full((330, 520, 3), 128, np.uint8)
    small, large = portrait[0:250, 130:330], cv2.resize(portrait[0:220, 130:330], (300, 330))
    canvas[40:290, :200] = small
    canvas[:, 210:510] = large
    faces = detector.detect(canvas)
    areas = [face.box[2] * face.box[3] for face in faces]
    assert len(faces) == 2
    assert areas == sorted(areas, reverse=True)
    assert faces[0].box[0] > 200


def test_auto_finds_what_only_the_full_range_model_sees(portrait):
    canvas = np.full((700, 700, 3), 120, np.uint8)
    canvas[200:500, 200:500] = cv2.resize(portrait, (300, 300), interpolation=cv2.INTER_AREA)
    with FaceDetector("short") as short, FaceDetector("auto") as auto:
        assert short.detect(canvas) == []
        assert len(auto.detect(canvas)) == 1


@pytest.fixture(scope="module")
def group(portrait):
    """Three people, 60 pixels wide, in a photograph of 6 megapixels; `(canvas, boxes)`."""
    canvas = np.full((2000, 3000, 3), 120, np.uint8)
    small = cv2.resize(portrait, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    with FaceDetector() as detector:
        x, y, width, height = detector.detect(portrait)[0].box
    boxes = []
    for left, top in ((100, 150), (1370, 880), (2600, 1690)):
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
        boxes.append(
            (
                left + round(0.6 * x),
                top + round(0.6 * y),
                *(round(0.6 * side) for side in (width, height)),
            )
        )
    return canvas, boxes


@pytest.mark.parametrize("kind", ["full", "auto"])
def test_small_faces_of_a_group_photograph(group, kind):
    canvas, boxes = group
    with FaceDetector(kind) as detector:
        faces = sorted(detector.detect(canvas, in_parts=True), key=lambda face: face.box[0])
        assert detector.detect(canvas) == []
    assert len(faces) == len(boxes)
    for face, box in zip(faces, boxes, strict=True):
        assert intersection_over_union(face.box, box) > 0.6
        inside = face.keypoints - (box[0], box[1])
        assert (inside > -10).all()
        assert (inside < box[2] + 10).all()


def test_bystanders_of_a_portrait_are_left_out(group, portrait, detector):
    canvas = group[0].copy()
    canvas[500:1500, 100:1800] = cv2.resize(portrait[:300], (1700, 1000))
    (face,) = detector.detect(canvas, in_parts=True)
    assert face.box[2] > 300


def test_no_face(detector):
    assert detector.detect(np.full((120, 160, 3), 90, np.uint8)) == []
    assert detector.detect(np.zeros((1200, 1600, 3), np.uint8), in_parts=True) == []
    assert detector.detect(np.full((120, 160, 3), 90, np.uint8)) == []


def test_reads_views(portrait, detector):
    mirrored = detector.detect(portrait[:, ::-1])[0]
    assert mirrored.box == detector.detect(np.ascontiguousarray(portrait[:, ::-1]))[0].box


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((20, 20, 3), np.float32), "`image` must be a uint8"),
        (np.zeros((20, 20), np.uint8), r"`image` must have shape \(H, W, 3\)"),
        (np.zeros((20, 20, 4), np.uint8), r"Received: image.shape=\(20, 20, 4\)"),
        (np.zeros((0, 20, 3), np.uint8), "shape"),
        (None, "Received: image=NoneType"),
    ],
)
def test_wrong_image(detector, image, message):
    with pytest.raises(ValueError, match=message):
        detector.detect(image)


@pytest.mark.parametrize("arguments", [{"kind": "long"}, {"min_confidence": 1.5}])
def test_wrong_arguments(arguments):
    with pytest.raises(ValueError, match=f"`{next(iter(arguments))}` must be"):
        FaceDetector(**arguments)


def test_closed_detector(portrait):
    with FaceDetector() as detector:
        detector.detect(portrait)
    detector.close()
    with pytest.raises(RuntimeError, match="closed"):
        detector.detect(portrait)


def test_process_is_quiet_and_free_of_tensorflow():
    program = """
import sys, cv2
from keras_madd.demo import sample_photo_path
from keras_madd.faces import FaceDetector
unclosed = FaceDetector("full")
assert unclosed.detect(cv2.imread(str(sample_photo_path())))
assert not {"tensorflow", "keras", "jax", "matplotlib"} & set(sys.modules)
print("still heard", file=sys.stderr)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stderr == "still heard\n"


class SpeaksLate:
    """A native detector that complains of an unaligned buffer in its third picture."""

    detections = ()
    pictures = 0

    def detect(self, picture):
        self.pictures += 1
        if self.pictures == 3:
            os.write(2, b"WARNING: Logging before InitGoogle() is written to STDERR\n")
            os.write(2, b"W0000 x.cc:1418] Input tensor memory is not aligned according to ...\n")
        os.write(2, f"said of picture {self.pictures}\n".encode())
        return self

    def close(self):
        pass


def test_a_later_unaligned_buffer_is_not_told_about(monkeypatch, capfd):
    monkeypatch.setattr(detect, "_has_been_said", False)
    with FaceDetector("short") as detector:
        detector._native["short"] = SpeaksLate()
        for _ in range(4):
            detector.detect(np.zeros((8, 8, 3), np.uint8))
        # Said once a process: from there on nothing is looked through any more.
        assert detect._has_been_said
    heard = capfd.readouterr().err
    assert heard == "".join(f"said of picture {number}\n" for number in range(1, 5))


def test_sides_that_would_end_the_process_are_refused():
    with FaceDetector() as detector, pytest.raises(ValueError, match="sides of 32000"):
        detector.detect(np.zeros((1, 32767, 3), np.uint8))


def test_mediapipes_plots_still_find_matplotlib():
    script = (
        "from keras_madd.faces.detect import _import_mediapipe\n"
        "_import_mediapipe()\n"
        "from mediapipe.tasks.python.vision import drawing_utils\n"
        "from matplotlib import pyplot\n"
        "assert drawing_utils.plt.figure is pyplot.figure\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
