"""The phone's geometry, worked out a second time: `tests/golden/transforms.json`.

`android_demo/core` reads the file in its own tests. Its points come from here, where they are
found without transforms: turning is `np.rot90` of a picture of coordinates, and the view follows
from what a person wants of it (centred, one scale, nothing missing or nothing empty).

`python tests/android/test_android_golden.py` writes the file anew.
"""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

GOLDEN = Path(__file__).parents[1] / "golden" / "transforms.json"

# Width and height of the camera's buffer, and the part of it that is the picture.
BUFFERS = {
    "whole": ((12, 8), (0, 0, 12, 8)),
    "crop": ((16, 9), (3, 1, 10, 7)),
    "camera": ((1280, 720), (0, 0, 1280, 720)),
    "camera_crop": ((1280, 720), (160, 0, 960, 720)),
}
# A tall and a wide view, and one of the first picture's shape.
VIEWS = [(1080, 2160), (900, 500), (24, 16)]


def upright_corners(crop, rotation):
    """Where the buffer's pixel corners lie in the upright picture, as a function of (x, y).

    The corners of the crop rectangle are written into an array, which numpy turns; where a corner
    is found in the turned array is where it lies upright.
    """
    left, top, width, height = crop
    rows, columns = np.mgrid[0 : height + 1, 0 : width + 1]
    # np.rot90 turns against the clock.
    turned_rows = np.rot90(rows, -rotation // 90)
    turned_columns = np.rot90(columns, -rotation // 90)
    place = np.empty((height + 1, width + 1, 2), int)
    v, u = np.mgrid[0 : turned_rows.shape[0], 0 : turned_rows.shape[1]]
    place[turned_rows, turned_columns] = np.stack([u, v], axis=-1)
    return lambda x, y: tuple(int(value) for value in place[y - top, x - left])


def place_in_view(size, view, scale, mirrored):
    """Where a point of the upright picture is drawn, as a function of (u, v)."""
    both = np.array(view, float) / np.array(size, float)
    factor = both.max() if scale == "FILL" else both.min()
    centre_of_picture, centre_of_view = np.array(size) / 2, np.array(view) / 2

    def place(u, v):
        x, y = centre_of_view + factor * (np.array([u, v], float) - centre_of_picture)
        return (float(view[0] - x) if mirrored else float(x)), float(y)

    return place


def cases():
    rng = np.random.default_rng(7)
    for (name, (buffer, crop)), rotation, scale, mirrored in itertools.product(
        BUFFERS.items(), (0, 90, 180, 270), ("FILL", "FIT"), (False, True)
    ):
        view = VIEWS[rng.integers(len(VIEWS))]
        left, top, width, height = crop
        size = (width, height) if rotation % 180 == 0 else (height, width)
        to_upright = upright_corners(crop, rotation)
        to_view = place_in_view(size, view, scale, mirrored)
        points = []
        corners = [(left, top), (left + width, top), (left, top + height)]
        inside = zip(
            rng.integers(left, left + width, 3), rng.integers(top, top + height, 3), strict=True
        )
        for x, y in [*corners, *inside]:
            upright = to_upright(int(x), int(y))
            points.append(
                {"buffer": [int(x), int(y)], "upright": upright, "view": to_view(*upright)}
            )
        box = [int(v) for v in (*rng.integers(-3, 5, 2), *rng.integers(1, 9, 2))]
        ends = [
            to_view(box[0] + dx * box[2], box[1] + dy * box[3])
            for dx, dy in itertools.product((0, 1), repeat=2)
        ]
        yield {
            "name": f"{name} {rotation} {scale} {'mirrored' if mirrored else 'plain'}",
            "buffer_size": buffer,
            "crop": crop,
            "rotation": rotation,
            "upright_size": size,
            "view_size": view,
            "scale": scale,
            "mirrored": mirrored,
            "points": points,
            "box": box,
            "box_in_view": [
                min(x for x, _ in ends),
                min(y for _, y in ends),
                max(x for x, _ in ends),
                max(y for _, y in ends),
            ],
        }


def as_text():
    lines = ",\n".join(json.dumps(case) for case in cases())
    return f"[\n{lines}\n]\n"


def test_the_stored_vectors_are_these():
    stored, found = json.loads(GOLDEN.read_text()), json.loads(as_text())
    assert [case["name"] for case in stored] == [case["name"] for case in found]
    for old, new in zip(stored, found, strict=True):
        assert old.keys() == new.keys()
        for one, other in zip(old["points"], new["points"], strict=True):
            assert (one["buffer"], one["upright"]) == (other["buffer"], other["upright"])
            assert one["view"] == pytest.approx(other["view"], abs=1e-9)
        assert old["box_in_view"] == pytest.approx(new["box_in_view"], abs=1e-9)


def test_every_rotation_scale_and_mirror_is_there():
    seen = {(c["rotation"], c["scale"], c["mirrored"]) for c in json.loads(GOLDEN.read_text())}
    assert len(seen) == 4 * 2 * 2


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_turning_is_that_of_a_homogeneous_matrix(rotation):
    """The same corners by linear algebra: to the crop's middle, turned clockwise, to the new one.

    With y downwards, a clockwise turn takes (1, 0) to (0, 1).
    """
    crop = (3, 1, 10, 7)
    angle = np.deg2rad(rotation)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    size = np.array(crop[2:] if rotation % 180 == 0 else crop[:1:-1]) / 2
    place = upright_corners(crop, rotation)
    for x, y in itertools.product((3, 4, 9, 13), (1, 2, 8)):
        expected = turn @ (np.array([x, y]) - [3 + 5, 1 + 3.5]) + size
        np.testing.assert_allclose(place(x, y), expected, atol=1e-9)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("size", [(12, 8), (720, 1280)])
def test_fit_shows_all_and_fill_leaves_nothing_empty(size, view):
    for scale, mirrored in itertools.product(("FIT", "FILL"), (False, True)):
        place = place_in_view(size, view, scale, mirrored)
        ends = np.array([place(0, 0), place(*size)])
        low, high = ends.min(axis=0), ends.max(axis=0)
        np.testing.assert_allclose((low + high) / 2, np.array(view) / 2)
        gap = low if scale == "FIT" else -low
        assert gap.min() == pytest.approx(0, abs=1e-9)
        assert (gap >= -1e-9).all()


if __name__ == "__main__":
    GOLDEN.write_text(as_text())
