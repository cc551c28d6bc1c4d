import cv2
import numpy as np
import pytest
from people_photos import photograph

from keras_madd.datasets.unseen_fakes.appearance_model import AppearanceModel


@pytest.fixture(scope="module")
def faces():
    return [photograph(number) for number in range(9)]


def learnt(faces, **options):
    images, landmarks = zip(*faces, strict=True)
    return AppearanceModel(landmarks, iter(images), **options)


def _error(model, face):
    rebuilt, inside = model(*face)
    inside = cv2.erode(np.uint8(inside), np.ones((7, 7))) > 0
    return np.sqrt(((np.float32(rebuilt) - face[0])[inside] ** 2).mean())


def test_more_components_rebuild_a_learnt_face_better(faces):
    errors = [_error(learnt(faces[:8], components=n), faces[0]) for n in (1, 3, 7)]
    assert errors[0] > errors[1] > errors[2]
    # With as many components as faces differ by, what is left is the change of resolution.
    assert errors[2] < 0.6 * errors[0]


def test_a_stranger_is_rebuilt_as_somebody_else(faces):
    model = learnt(faces[:8])
    rebuilt, inside = model(*faces[8])
    assert _error(model, faces[8]) > 1.15 * _error(model, faces[0])
    # Still a face in the same place and light: nearer to this one than its mean colour is.
    face = np.float32(faces[8][0])[inside]
    assert np.abs(rebuilt[inside] - face).mean() < np.abs(face - face.mean(0)).mean()


def test_components_are_orthonormal(faces):
    basis = learnt(faces[:8])._basis
    np.testing.assert_allclose(basis @ basis.T, np.eye(len(basis)), atol=1e-3)
    assert len(basis) == 7


def test_one_face_is_no_model(faces):
    with pytest.raises(ValueError, match=r"`landmarks` must be of two faces or more\. Received: 1"):
        learnt(faces[:1])
