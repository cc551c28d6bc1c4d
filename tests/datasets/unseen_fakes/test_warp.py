import cv2
import numpy as np
import pytest
from people_photos import photograph
from scipy.interpolate import LinearNDInterpolator

from keras_madd.datasets.unseen_fakes.warp import (
    fit_similarity,
    move_points,
    shrink_to,
    warp_face,
)


@pytest.fixture(scope="module")
def face():
    return photograph(0)


def test_landmarks_that_stay_leave_the_face(face):
    image, points = face
    warped, inside = warp_face(image, points, points, image.shape[:2])
    assert np.abs(np.int32(warped) - image)[inside].max() <= 1
    assert not warped[~inside].any()
    hull = cv2.contourArea(cv2.convexHull(np.float32(points)))
    assert abs(inside.sum() / hull - 1) < 0.05


def test_an_affine_map_is_that_map(face):
    image, points = face
    move = np.array([[0.8, 0.1, 20], [-0.1, 0.9, 30]])
    warped, inside = warp_face(image, points, move_points(points, move), image.shape[:2])
    expected = cv2.warpAffine(image, move, image.shape[1::-1])
    assert np.abs(np.int32(warped) - expected)[inside].mean() < 0.5


def test_piecewise_affine_as_scipy_interpolates(face):
    """A picture whose values are its places shows where each pixel was taken from."""
    points = face[1]
    rng = np.random.default_rng(0)
    wanted = points + rng.normal(0, 0.4, points.shape)
    ramp = np.uint8(np.broadcast_to(np.arange(224), (224, 224)))
    picture = np.dstack([ramp, ramp.T, ramp])
    warped, inside = warp_face(picture, points, wanted, (224, 224))
    rows, columns = (each[::7] for each in np.nonzero(cv2.erode(np.uint8(inside), np.ones((5, 5)))))
    expected = LinearNDInterpolator(wanted, points)(columns, rows)
    found = warped[rows, columns, :2]
    # A pixel on an edge may belong to either triangle.
    assert (np.abs(found - expected) < 1).mean() > 0.98


def test_touching_lips_are_no_problem(face):
    image, points = face
    wanted = points.copy()
    wanted[13] = wanted[14] = (points[13] + points[14]) / 2
    warped, inside = warp_face(image, points, wanted, image.shape[:2])
    assert np.isfinite(warped).all()
    assert inside.any()


def test_similarity_is_found():
    points = np.random.default_rng(0).normal(size=(20, 2))
    move = np.array([[0.6, -0.8, 5.0], [0.8, 0.6, -3.0]]) * [[1.5, 1.5, 1], [1.5, 1.5, 1]]
    np.testing.assert_allclose(fit_similarity(points, move_points(points, move)), move, atol=1e-12)


def test_similarity_is_the_closest_one():
    rng = np.random.default_rng(1)
    points, wanted = rng.normal(size=(2, 30, 2))
    best = fit_similarity(points, wanted)
    error = ((move_points(points, best) - wanted) ** 2).sum()
    for turn, scale, shift in rng.normal(0, 0.05, (20, 3)):
        other = best.copy()
        cosine, sine = (1 + scale) * np.cos(turn), (1 + scale) * np.sin(turn)
        other[:, :2] = np.array([[cosine, -sine], [sine, cosine]]) @ best[:, :2]
        other[:, 2] += shift
        assert ((move_points(points, other) - wanted) ** 2).sum() > error


def test_shrinking_moves_points_with_pixels():
    image = np.zeros((200, 200, 3), np.uint8)
    image[80:120, 40:60] = 255
    corners = np.array([[39.5, 79.5], [59.5, 119.5]])
    small, points = shrink_to(image, corners, 20)
    rows, columns = np.nonzero(small[..., 0] > 127)
    np.testing.assert_allclose(points, [[19.5, 39.5], [29.5, 59.5]])
    assert (rows.min() - 0.5, rows.max() + 0.5) == (39.5, 59.5)
    assert (columns.min() - 0.5, columns.max() + 0.5) == (19.5, 29.5)
    assert shrink_to(image, corners, 100)[0] is image
