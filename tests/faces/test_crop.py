"""The crop against golden vectors, and against exact rational arithmetic in plain loops.

`python tests/faces/test_crop.py` writes the golden vectors anew, from the rational arithmetic and
not from the code under test.
"""

import json
from fractions import Fraction
from math import floor
from pathlib import Path

import cv2
import numpy as np
import pytest

from keras_madd.faces import crop_face, crop_square

GOLDEN = Path(__file__).parents[1] / "golden" / "crops"

# name: (image, box, margin, size)
CASES = {
    "enlarged": ("photo", (30, 24, 21, 24), 1.3, 48),
    "same_size": ("photo", (20, 20, 20, 20), 1.5, 30),
    "shrunk_a_little": ("photo", (10, 12, 50, 44), 1.3, 48),
    "shrunk_by_two": ("photo", (8, 8, 64, 64), 1.0, 32),
    "shrunk_by_more": ("photo", (10, 4, 70, 70), 1.3, 32),
    "shrunk_a_lot": ("photo", (-200, -150, 460, 460), 1.3, 24),
    "left_border": ("photo", (-13, 20, 40, 40), 1.3, 32),
    "top_right_corner": ("photo", (70, -9, 38, 41), 1.3, 40),
    "bottom": ("noise", (5, 33, 24, 30), 1.1, 28),
    "image_inside_square": ("noise", (-10, -10, 90, 80), 1.0, 56),
    "wide_box": ("noise", (4, 20, 51, 12), 1.3, 40),
    "tall_box": ("noise", (30, 2, 7, 43), 1.3, 40),
    "one_pixel_box": ("noise", (31, 17, 1, 1), 1.3, 8),
    "half_rounds_up": ("noise", (21, 11, 15, 15), 1.3, 20),
    "to_one_pixel": ("noise", (12, 9, 25, 25), 1.3, 1),
    "odd_sizes": ("noise", (7, 5, 29, 31), 1.27, 17),
}


def exact_weights(side, size):
    """Per output pixel, the source pixels and their exact weights, from the geometry alone."""
    scale = Fraction(side, size)
    for i in range(size):
        if scale <= 2:
            position = min(max((i + Fraction(1, 2)) * scale - Fraction(1, 2), 0), side - 1)
            first = floor(position)
            second = min(first + 1, side - 1)
            yield [(first, 1 - (position - first)), (second, position - first)]
        else:
            start, end = i * scale, (i + 1) * scale
            pixels = range(floor(start), min(side, floor(end) + 1))
            yield [(j, (min(end, j + 1) - max(start, j)) / scale) for j in pixels]


def exact_crop(image, box, margin, size):
    x, y, width, height = box
    side = max(1, floor(margin * max(width, height) + 0.5))
    left, top = floor(x + Fraction(width - side, 2)), floor(y + Fraction(height - side, 2))
    square = np.zeros((side, side, 3), object)
    for row in range(side):
        for column in range(side):
            v, u = top + row, left + column
            if 0 <= v < image.shape[0] and 0 <= u < image.shape[1]:
                square[row, column] = [int(value) for value in image[v, u]]
    weights = list(exact_weights(side, size))
    rows = np.array([sum(square[j] * weight for j, weight in line) for line in weights], object)
    result = np.zeros((size, size, 3), np.uint8)
    for i, line in enumerate(weights):
        column = sum(rows[:, j] * weight for j, weight in line)
        result[:, i] = [[floor(value + Fraction(1, 2)) for value in pixel] for pixel in column]
    return result


def read(name):
    return cv2.cvtColor(cv2.imread(str(GOLDEN / f"{name}.png")), cv2.COLOR_BGR2RGB)


@pytest.mark.parametrize("name", CASES)
def test_bit_equal_to_golden_vectors(name):
    cases = {case["name"]: case for case in json.loads((GOLDEN / "crops.json").read_text())}
    case = cases[name]
    crop = crop_face(read(case["image"]), case["box"], case["size"], case["margin"])
    np.testing.assert_array_equal(crop, read(case["expected"]))
    assert list(crop_square(case["box"], case["margin"])) == case["square"]


def test_golden_vectors_are_the_cases_above():
    stored = json.loads((GOLDEN / "crops.json").read_text())
    assert [case["name"] for case in stored] == list(CASES)


@pytest.mark.parametrize("seed", range(6))
def test_bit_equal_to_exact_arithmetic(seed):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (rng.integers(5, 40), rng.integers(5, 40), 3), dtype=np.uint8)
    height, width = image.shape[:2]
    box = [int(rng.integers(-5, width)), int(rng.integers(-5, height))]
    box += [int(v) for v in rng.integers(6, 30, 2)]
    for size in (1, 3, 8, 19, 33):
        margin = float(rng.uniform(0.9, 1.6))
        expected = exact_crop(image, box, margin, size)
        np.testing.assert_array_equal(crop_face(image, box, size, margin), expected)


def test_large_results_do_not_overflow():
    image = np.full((40, 40, 3), 255, np.uint8)
    assert crop_face(image, (5, 5, 20, 20), 1300, 1.0).min() == 255
    assert crop_face(np.full((3000, 3000, 3), 255, np.uint8), (0, 0, 3000, 3000), 900, 1.0).all()


def test_keeps_position_and_aspect_at_the_border():
    image = np.full((30, 30, 3), 200, np.uint8)
    crop = crop_face(image, (-10, 0, 20, 20), 20, 1.0)
    assert (crop[:, :10] == 0).all()
    assert (crop[:, 10:] == 200).all()


def test_input_is_not_changed_and_views_are_read():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    copy = image.copy()
    mirrored = crop_face(image[:, ::-1], (10, 8, 20, 20), 16)
    np.testing.assert_array_equal(
        mirrored, crop_face(np.ascontiguousarray(image[:, ::-1]), (10, 8, 20, 20), 16)
    )
    np.testing.assert_array_equal(image, copy)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": np.zeros((9, 9, 3), np.float32)}, "`image` must be a uint8"),
        ({"image": "face.jpg"}, "Received: image=str"),
        ({"image": np.zeros((9, 9), np.uint8)}, r"Received: image.shape=\(9, 9\)"),
        ({"image": np.zeros((0, 9, 3), np.uint8)}, "shape"),
        ({"box": (1, 2, 3)}, "four integers"),
        ({"box": (1.5, 2, 3, 4)}, "four integers"),
        ({"box": (1, 2, 0, 4)}, "positive width"),
        ({"box": (50, 50, 4, 4)}, "must touch the 9x9 image"),
        ({"size": 0}, "`size` must be a positive integer"),
        ({"size": 2.5}, "`size` must be a positive integer"),
        ({"margin": 0}, "`margin` must be a positive number"),
        ({"margin": float("nan")}, "Received: margin=nan"),
    ],
)
def test_errors(arguments, message):
    valid = {"image": np.zeros((9, 9, 3), np.uint8), "box": (1, 1, 5, 5), "size": 8, "margin": 1.3}
    with pytest.raises(ValueError, match=message):
        crop_face(**(valid | arguments))


def write_golden():
    """Write source images, expected crops and their list."""
    GOLDEN.mkdir(parents=True, exist_ok=True)
    portrait = Path(__file__).parents[2] / "keras_madd" / "demo" / "assets" / "portrait.jpg"
    sources = {
        "photo": cv2.imread(str(portrait))[76:172, 170:280],
        "noise": np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8),
    }
    for name, image in sources.items():
        cv2.imwrite(str(GOLDEN / f"{name}.png"), image)
    stored = []
    for name, (source, box, margin, size) in CASES.items():
        expected = exact_crop(sources[source], box, margin, size)
        cv2.imwrite(str(GOLDEN / f"expected_{name}.png"), expected)
        stored.append(
            {
                "name": name,
                "image": source,
                "box": box,
                "margin": margin,
                "size": size,
                "square": crop_square(box, margin),
                "expected": f"expected_{name}",
            }
        )
    (GOLDEN / "crops.json").write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    write_golden()
