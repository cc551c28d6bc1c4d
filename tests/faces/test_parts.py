"""Parts of a picture, by hand and against golden vectors.

`python tests/faces/test_parts.py` writes the golden vectors anew, not from the code under test.
The page in the browser reads the same file.
"""

import json
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import numpy as np
import pytest

from keras_madd.faces.parts import are_one_face, has_small_faces, parts

GOLDEN = Path(__file__).parents[1] / "golden" / "picture_parts.json"

SIZES = [(1, 1), (800, 600), (801, 600), (2000, 700), (3999, 3001), (12000, 9000), (1500, 30000)]
# Width and height, boxes, whether there may be small faces.
SMALL_FACES = [
    ((4000, 3000), [], True),
    ((3000, 4000), [(0, 0, 399, 500)], True),
    ((4000, 3000), [(0, 0, 399, 300), (9, 9, 400, 400)], False),
    ((801, 1), [(-5, 0, 80, 80)], True),
    ((801, 1), [(-5, 0, 81, 80)], False),
    ((800, 800), [], False),
]
ONE_FACE = [
    ((10, 10, 50, 50), (20, 5, 50, 55), True),
    ((10, 10, 50, 50), (10, 30, 20, 25), True),
    ((10, 30, 20, 25), (10, 10, 50, 50), True),
    ((0, 0, 10, 10), (5, 0, 10, 10), True),
    ((0, 0, 10, 10), (6, 0, 10, 10), False),
    ((0, 6, 10, 10), (0, 0, 10, 10), False),
    ((0, 0, 10, 10), (400, 300, 10, 10), False),
]


def stated(size):
    """Parts at least half a side over each other, as few and as evenly as that goes."""
    side = max(Fraction(800), Fraction(ceil(Fraction(max(size), 8))))

    def starts(length):
        slack = max(length - side, Fraction(0))
        steps = ceil(slack / (side / 2))
        return [floor(step * slack / steps) if steps else 0 for step in range(steps + 1)]

    width, height = (int(min(side, length)) for length in size)
    return [[x, y, width, height] for y in starts(size[1]) for x in starts(size[0])]


def vectors():
    return {
        "parts": [{"size": size, "parts": stated(size)} for size in SIZES],
        "small_faces": [
            {"size": size, "boxes": boxes, "small": small} for size, boxes, small in SMALL_FACES
        ],
        "one_face": [{"boxes": [box, other], "one": one} for box, other, one in ONE_FACE],
    }


def empty_picture(size):
    """A picture without memory of its own, `(H, W, 3)`."""
    return np.broadcast_to(np.zeros(3, np.uint8), (size[1], size[0], 3))


@pytest.mark.parametrize("size", SIZES)
def test_parts_are_the_stated_ones(size):
    found = parts(empty_picture(size))
    assert [[left, top, *part.shape[1::-1]] for left, top, part in found] == stated(size)


@pytest.mark.parametrize("size", SIZES)
def test_a_small_face_lies_whole_in_a_part(size):
    found = [(left, top, *part.shape[:2]) for left, top, part in parts(empty_picture(size))]
    side = max(800, -(-max(size) // 8))
    assert len(found) == len(set(found)) <= 15 * 15
    face = side // 2 - 1  # Pixels, more than a twentieth of any picture.
    random = np.random.default_rng(0)
    for _ in range(200):
        x, y = (int(random.integers(0, max(1, length - face))) for length in size)
        right, bottom = min(x + face, size[0]), min(y + face, size[1])
        assert any(
            left <= x and top <= y and right <= left + width and bottom <= top + height
            for left, top, height, width in found
        )


@pytest.mark.parametrize(("size", "boxes", "small"), SMALL_FACES)
def test_only_large_pictures_without_a_large_face(size, boxes, small):
    assert has_small_faces((size[1], size[0], 3), boxes) is small


@pytest.mark.parametrize(("box", "other", "one"), ONE_FACE)
def test_boxes_of_one_face(box, other, one):
    assert are_one_face(box, other) is one


def test_the_file_has_these_vectors():
    assert json.loads(GOLDEN.read_text()) == json.loads(json.dumps(vectors()))


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(vectors()) + "\n")
