import numpy as np
import pytest

from keras_madd.evaluation.attention import (
    hiding_curves,
    mean_attention_overlap,
    occlusion_agreement,
    occlusion_map,
)


def test_overlap_in_closed_form():
    maps = np.zeros((1, 2, 2, 3))
    maps[0, 0, 0, 0] = 1
    maps[0, 0, :, 1] = 2  # cosine with the first: 1 / sqrt(2)
    maps[0, 1, 1, 2] = 5  # shares nothing
    assert mean_attention_overlap(maps) == pytest.approx(1 / np.sqrt(2) / 3)


def test_overlap_limits():
    rng = np.random.default_rng(0)
    one = rng.random((4, 5, 6, 1))
    assert mean_attention_overlap(one * np.array([1, 3, 0.5])) == pytest.approx(1)
    assert mean_attention_overlap(np.eye(4).reshape(1, 2, 2, 4)) == 0
    assert mean_attention_overlap(np.zeros((2, 3, 3, 2))) == 0


@pytest.mark.parametrize(
    "maps",
    [np.ones((2, 3, 3)), np.ones((1, 3, 3, 1)), np.ones((0, 3, 3, 2)), -np.ones((1, 3, 3, 2))],
)
def test_overlap_refuses_what_is_no_stack_of_maps(maps):
    with pytest.raises(ValueError, match="`maps`"):
        mean_attention_overlap(maps)


GRID, SIDE = 4, 32
CELL = (1, 2)


def faces(count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)


def cell_texture(pictures: np.ndarray) -> np.ndarray:
    """A score that looks at the texture of one cell and at nothing else."""
    row, column = (place * SIDE // GRID for place in CELL)
    patch = pictures[:, row : row + 8, column : column + 8].astype(float)
    return np.clip(patch.std(axis=(1, 2, 3)) / 100, 0.01, 0.99)


def maps_at(place: tuple[int, int], count: int = 3) -> np.ndarray:
    maps = np.full((count, GRID, GRID, 2), 0.1)
    maps[:, place[0], place[1]] = 1
    return maps


def test_hiding_what_matters_first_moves_the_score_at_once():
    curves = hiding_curves(cell_texture, faces(), maps_at(CELL), steps=GRID * GRID)
    deletion = curves.deletion
    assert deletion["attended first"][0] == 0
    assert deletion["attended first"][1] == pytest.approx(deletion["attended first"][-1])
    assert deletion["attended last"][-2] == 0
    assert curves.insertion["attended first"][1] == pytest.approx(0)
    areas = curves.summary()
    assert areas["deletion"] > 1 > areas["insertion"]


def test_maps_that_mark_the_wrong_place_are_found_out():
    curves = hiding_curves(cell_texture, faces(), maps_at((3, 0)), steps=GRID * GRID)
    marked = np.trapezoid(curves.deletion["attended first"], curves.shares)
    right = hiding_curves(cell_texture, faces(), maps_at(CELL), steps=GRID * GRID)
    assert marked < np.trapezoid(right.deletion["attended first"], right.shares)


def test_maps_that_say_nothing_are_as_good_as_chance():
    """Class activation is 0 in all places of a face that nothing speaks against."""
    silent = np.zeros((24, GRID, GRID, 1))
    pictures = np.concatenate([faces()] * 8)
    areas = hiding_curves(cell_texture, pictures, silent, steps=GRID * GRID).summary()
    assert areas["deletion"] == pytest.approx(1, abs=0.3)
    assert areas["insertion"] == pytest.approx(1, abs=0.3)


def test_all_orders_end_alike():
    curves = hiding_curves(cell_texture, faces(), maps_at(CELL), steps=5)
    for orders in (curves.deletion, curves.insertion):
        ends = [values[-1] for values in orders.values()]
        np.testing.assert_allclose(ends, ends[0])
    assert curves.insertion["random"][-1] == 0


def test_a_score_that_nothing_moves():
    curves = hiding_curves(lambda x: np.full(len(x), 0.5), faces(), maps_at(CELL))
    assert curves.summary() == {"deletion": 1.0, "insertion": 1.0}
    assert np.isnan(occlusion_agreement(lambda x: np.full(len(x), 0.5), faces(1), maps_at(CELL, 1)))


def test_occlusion_finds_the_only_place_that_matters():
    effect = occlusion_map(cell_texture, faces(1)[0], (GRID, GRID))
    assert np.unravel_index(effect.argmax(), effect.shape) == CELL
    assert np.count_nonzero(effect) == 1
    assert occlusion_agreement(cell_texture, faces(), maps_at(CELL)) == pytest.approx(1)
    assert occlusion_agreement(cell_texture, faces(), maps_at((3, 0))) < 0
