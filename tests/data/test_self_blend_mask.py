import cv2
import numpy as np
import pytest
from scipy.ndimage import affine_transform

from keras_madd.data.self_blend_mask import (
    MASKS,
    PARTIAL_MASKS,
    draw_region,
    reshape,
    soften,
    warp_elastically,
)
from keras_madd.demo.portrait import load_portrait
from keras_madd.faces.landmarks import LEFT_EYE, LIPS, RIGHT_EYE

SIZE = 224


@pytest.fixture(scope="module")
def landmarks():
    """The portrait's face in a crop of `SIZE` pixels."""
    points = load_portrait().landmarks[:, :2]
    low, high = points.min(0), points.max(0)
    side = 1.3 * (high - low).max()
    return np.float32((points - (low + high) / 2 + side / 2) * SIZE / side)


def _inside(landmarks, polygon_points):
    hull = cv2.convexHull(np.float32(polygon_points))
    y, x = np.mgrid[:SIZE, :SIZE]
    places = np.stack([x, y], -1).reshape(-1, 2).astype(float)
    distances = [cv2.pointPolygonTest(hull, tuple(place), True) for place in places]
    return np.reshape(distances, (SIZE, SIZE))


def test_oval_is_the_hull_of_all_landmarks(landmarks):
    mask = draw_region(landmarks, (SIZE, SIZE), "oval", np.random.default_rng(0))
    distance = _inside(landmarks, landmarks)
    assert set(np.unique(mask)) == {0, 1}
    assert (mask[distance > 1] == 1).all()
    assert (mask[distance < -1] == 0).all()


@pytest.mark.parametrize("kind", MASKS + PARTIAL_MASKS)
def test_landmarks_of_three_coordinates_are_cut_to_two(landmarks, kind):
    solid = np.column_stack([landmarks, np.zeros(len(landmarks), np.float32)])
    for seed in range(10):
        mask, other = (
            draw_region(points, (SIZE, SIZE), kind, np.random.default_rng(seed))
            for points in (landmarks, solid[:, :2])
        )
        np.testing.assert_array_equal(mask, other)


def test_kinds_nest(landmarks):
    rng = np.random.default_rng(0)
    oval, lower, features = (draw_region(landmarks, (SIZE, SIZE), k, rng) for k in MASKS[:3])
    pixel = np.ones((3, 3))  # Outlines are drawn to a pixel.
    assert (cv2.dilate(oval, pixel) >= lower).all()
    assert (cv2.dilate(lower, pixel) >= features).all()
    assert oval.sum() > 1.05 * lower.sum() > 1.4 * features.sum() > 0
    forehead = tuple(np.int32(landmarks[10] * (1, 0.7) + landmarks[9] * (0, 0.3)))
    assert oval[forehead[::-1]] == 1
    assert lower[forehead[::-1]] == 0


def test_components_are_many_shapes(landmarks):
    shapes, mouths = set(), 0
    for seed in range(200):
        mask = draw_region(landmarks, (SIZE, SIZE), "components", np.random.default_rng(seed))
        assert mask.any()
        shapes.add(cv2.connectedComponents(np.uint8(mask))[0] - 1)
        x, y = np.int32(landmarks[list(LIPS)].mean(0))
        mouths += mask[y, x]
    assert shapes >= {1, 2, 3}
    # One of the four at random, and each of them with probability 1/2: 1 - 3/4 * 1/2.
    assert abs(mouths / 200 - 0.625) < 0.1


def test_without_the_elastic_field_only_the_move_is_left(landmarks):
    mask = draw_region(landmarks, (SIZE, SIZE), "oval", np.random.default_rng(0))
    move = np.array([[1.04, 0, -3.0], [0, 1.04, 2.0]])
    warped = warp_elastically(mask, move, np.random.default_rng(1), strength=0.0)
    # SciPy works with rows first, from the result back to the mask.
    expected = affine_transform(mask, [1 / 1.04] * 2, (-2.0 / 1.04, 3.0 / 1.04), order=1)
    np.testing.assert_allclose(warped, expected, atol=0.07)  # OpenCV: 1/32 pixel.


def test_elastic_field_moves_by_what_the_recipe_gives():
    """A ramp shows how far every place moved: as uniform noise under a Gaussian, times 50."""
    ramp = np.tile(np.arange(400, dtype=np.float32) / 400, (400, 1))
    moves = []
    for seed in range(20):
        warped = warp_elastically(ramp, np.eye(2, 3), np.random.default_rng(seed))
        moves.append((warped - ramp)[20:-20, 20:-20] * 400)
    noise = np.random.default_rng(0).uniform(-1, 1, (2000, 2000))
    expected = (cv2.GaussianBlur(noise, (0, 0), 7) * 50).std()
    assert abs(np.std(moves) / expected - 1) < 0.08
    assert abs(np.mean(moves)) < 0.1


@pytest.mark.parametrize("kind", MASKS)
def test_soft_masks(landmarks, kind):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        hard = draw_region(landmarks, (SIZE, SIZE), kind, rng)
        soft = soften(hard, rng)
        assert soft.shape == hard.shape
        assert soft.dtype == np.float32
        assert soft.min() == 0
        assert 0.9 < soft.max() <= 1
        # Between hard and nothing there is a soft edge, and most of the picture is left alone.
        assert ((soft > 0.02) & (soft < 0.98)).sum() > 50
        outside = cv2.distanceTransform(np.uint8(hard == 0), cv2.DIST_L2, 5)
        assert (soft[outside > 20] == 0).all()
        # The erosion: nowhere does the full weight reach beyond the hard mask.
        assert (soft[outside > 3] < 1).all()


def test_softening_erodes(landmarks):
    hard = draw_region(landmarks, (SIZE, SIZE), "oval", np.random.default_rng(0))
    shares = [(soften(hard, np.random.default_rng(s)) > 0.5).sum() / hard.sum() for s in range(30)]
    assert 0.6 < min(shares) < max(shares) < 1.02
    assert np.std(shares) > 0.03


def test_partial_masks_are_where_reenactment_is(landmarks):
    rng = np.random.default_rng(0)
    oval, lower, mouth = (
        draw_region(landmarks, (SIZE, SIZE), kind, rng) for kind in ("oval", "lower_face", "mouth")
    )
    for mask in (lower, mouth):
        assert (mask[tuple(np.int32(landmarks[list(LIPS)]).T[::-1])] == 1).all()
        # Nothing up to the eyes.
        assert not mask[: int(landmarks[list(LEFT_EYE + RIGHT_EYE), 1].max())].any()
    assert oval.sum() > 2 * lower.sum() > 2 * mouth.sum() > 0
    assert lower[int(landmarks[152, 1]) - 2, int(landmarks[152, 0])] == 1


def test_reshape_changes_both_sides_about_the_middle(landmarks):
    rng = np.random.default_rng(0)
    shaped = np.stack([reshape(landmarks, 0.1, rng) for _ in range(400)])
    np.testing.assert_allclose(shaped.mean(1), np.tile(landmarks.mean(0), (400, 1)), atol=1e-3)
    factors = np.ptp(shaped, axis=1) / np.ptp(landmarks, axis=0)
    assert (factors.min(0) < 0.82).all()
    assert (factors.max(0) > 1.08).all()
    assert (factors > 0.8 - 1e-6).all()
    assert (factors < 1.1 + 1e-6).all()
    assert abs(np.corrcoef(factors.T)[0, 1]) < 0.15


def test_a_picture_is_bent_like_a_mask(landmarks):
    mask = draw_region(landmarks, (SIZE, SIZE), "oval", np.random.default_rng(0))
    move = np.float64([[1, 0, 3], [0, 1, -2]])
    alone = warp_elastically(mask, move, np.random.default_rng(1), 2.0)
    picture = warp_elastically(np.dstack([mask] * 3), move, np.random.default_rng(1), 2.0)
    for channel in np.moveaxis(picture, -1, 0):
        np.testing.assert_allclose(channel, alone, atol=1e-6)
