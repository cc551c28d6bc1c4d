import numpy as np
import pytest

from keras_madd.faces.parts import are_one_face, has_small_faces, parts


@pytest.mark.parametrize("size", [(1, 1), (700, 2000), (3000, 4000), (9000, 12000), (30000, 1500)])
def test_a_small_face_lies_whole_in_a_part(size):
    picture = np.lib.stride_tricks.as_strided(np.zeros(1, np.uint8), (*size, 3), (0, 0, 0))
    found = [(left, top, *part.shape[:2]) for left, top, part in parts(picture)]
    side = max(800, -(-max(size) // 8))
    assert len(found) == len(set(found)) <= 15 * 15
    face = side // 2 - 1  # Pixels, more than a twentieth of any picture.
    random = np.random.default_rng(0)
    for _ in range(200):
        y, x = (int(random.integers(0, max(1, length - face))) for length in size)
        bottom, right = min(y + face, size[0]), min(x + face, size[1])
        assert any(
            left <= x and top <= y and right <= left + width and bottom <= top + height
            for left, top, height, width in found
        )


def test_only_large_pictures_without_a_large_face():
    assert has_small_faces((3000, 4000, 3), [])
    assert has_small_faces((3000, 4000, 3), [(0, 0, 399, 300)])
    assert not has_small_faces((3000, 4000, 3), [(0, 0, 399, 300), (0, 0, 400, 400)])
    assert not has_small_faces((800, 800, 3), [])


def test_boxes_of_one_face():
    assert are_one_face((10, 10, 50, 50), (20, 5, 50, 55))
    half = (10, 30, 20, 25)
    assert are_one_face((10, 10, 50, 50), half)
    assert are_one_face(half, (10, 10, 50, 50))
    assert not are_one_face((10, 10, 50, 50), (45, 10, 50, 50))
