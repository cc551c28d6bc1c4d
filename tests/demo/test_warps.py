import numpy as np
import pytest

from keras_madd.demo.portrait import load_portrait
from keras_madd.demo.warps import (
    CELL,
    EXPRESSIONS,
    GRID,
    SHAPE_SPREAD,
    expression_modes,
    grid_points,
    move_points,
    shape_modes,
)
from keras_madd.faces.landmarks import LIPS


def test_one_field_per_mode():
    assert shape_modes().shape == (len(SHAPE_SPREAD), GRID, GRID, 2)
    assert expression_modes().shape == (len(EXPRESSIONS), GRID, GRID, 2)
    assert shape_modes().dtype == expression_modes().dtype == np.float32


def test_grid_points_are_the_middles_of_cells():
    np.testing.assert_array_equal(grid_points()[0, 0], [(CELL - 1) / 2] * 2)
    np.testing.assert_array_equal(grid_points()[2, 1], [CELL * 1.5 - 0.5, CELL * 2.5 - 0.5])


def test_no_warp_moves_nothing():
    points = load_portrait().landmarks[:, :2]
    np.testing.assert_array_equal(
        move_points(points, np.zeros((GRID, GRID, 2), np.float32)), points
    )


def test_constant_warp_moves_against_its_field():
    field = np.full((GRID, GRID, 2), (3, -2), np.float32)
    points = np.float32([(100, 120), (180, 90)])
    np.testing.assert_allclose(move_points(points, field), points - (3, -2), atol=1e-4)


def test_moved_points_show_the_portrait_points():
    weights = np.float32(list(SHAPE_SPREAD.values()))
    field = np.tensordot(weights, shape_modes(), axes=1)
    points = load_portrait().landmarks[:, :2]
    moved = move_points(points, field)
    assert np.abs(moved - points).max() > 2
    cells = np.round((moved + 0.5) / CELL - 0.5).astype(int)
    shown = moved + field[cells[:, 1], cells[:, 0]]
    assert np.abs(shown - points).max() < 2.5  # The nearest grid point's shift, not interpolated.


@pytest.mark.parametrize(
    ("mode", "widens"), [("mouth_width", True), ("mouth_closed", False), ("eye_distance", None)]
)
def test_modes_do_what_they_are_called(mode, widens):
    points = load_portrait().landmarks[:, :2]
    index = list(SHAPE_SPREAD).index(mode)
    moved = move_points(points, 0.15 * shape_modes()[index])

    def width(landmarks, left, right):
        return landmarks[right, 0] - landmarks[left, 0]

    if mode == "eye_distance":
        assert width(moved, 133, 362) > width(points, 133, 362) + 2
    else:
        wider = width(moved, 61, 291) > width(points, 61, 291)
        assert wider == widens


def test_smile_lifts_the_corners_of_the_mouth():
    points = load_portrait().landmarks[:, :2]
    moved = move_points(points, 0.1 * expression_modes()[EXPRESSIONS.index("smile")])
    assert (moved[[61, 291], 1] < points[[61, 291], 1] - 2).all()
    assert np.abs(moved[list(LIPS)] - points[list(LIPS)]).max() < 10
