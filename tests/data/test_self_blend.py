import cv2
import numpy as np
import pytest

from keras_madd.data.self_blend import SelfBlend, _down_and_up, _draw_move, _sharpen
from keras_madd.demo.portrait import load_portrait

SIZE = 160


@pytest.fixture(scope="module")
def face():
    """The portrait's face, cropped: image and landmarks."""
    portrait = load_portrait()
    left, top, side = 96, 30, 160
    image = np.uint8(portrait.image[top : top + side, left : left + side])
    return np.ascontiguousarray(image), portrait.landmarks[:, :2] - (left, top)


def test_equal_outside_the_mask_before_the_augmentation(face):
    differ = 0
    for seed in range(100):
        fake, real, mask = SelfBlend().blend(*face, seed)
        np.testing.assert_array_equal(fake[mask == 0], real[mask == 0])
        assert (mask == 0).mean() > 0.15
        differ += (fake != real).any()
    assert differ > 95


def test_the_blend_is_the_formula(face):
    """Fake = m * source + (1 - m) * target, so it lies between the two, and where m is 1 on one."""
    for seed in range(20):
        fake, real, mask = SelfBlend().blend(*face, seed)
        assert fake.dtype == real.dtype == np.uint8
        assert mask.dtype == np.float32
        changed = np.abs(np.int32(fake) - real).max(-1)
        assert changed[mask < 0.002].max() <= 1
        # A weight of m can change a pixel by 255 m at most.
        assert (changed <= 255 * mask + 0.51).all()


def test_nothing_to_change_gives_the_image_itself(face, monkeypatch):
    """Limit case: no perturbation and no move."""
    monkeypatch.setattr(SelfBlend, "_perturb", lambda self, image, rng: image)
    monkeypatch.setattr("keras_madd.data.self_blend._draw_move", lambda *_: np.eye(2, 3))
    for seed in range(5):
        fake, real, _ = SelfBlend().blend(*face, seed)
        np.testing.assert_array_equal(fake, face[0])
        np.testing.assert_array_equal(real, face[0])


def test_statistics_of_the_draws(face):
    """Half of the targets are the image itself; ratios and kinds of masks are spread."""
    peaks, untouched = [], 0
    for seed in range(240):
        _, real, mask = SelfBlend().blend(*face, seed)
        untouched += (real == face[0]).all()
        peaks.append(mask.max())
    assert abs(untouched / 240 - 0.5) < 0.12
    counts = np.histogram(peaks, [0, 0.26, 0.51, 0.76, 1.01])[0] / 240
    np.testing.assert_allclose(counts, [1 / 6, 1 / 6, 1 / 6, 1 / 2], atol=0.1)


def test_moves_are_within_their_bounds():
    rng = np.random.default_rng(0)
    moves = np.stack([_draw_move(200, 100, rng) for _ in range(2000)])
    middles = moves @ np.array([49.5, 99.5, 1]) - (49.5, 99.5)
    scales = moves[:, 0, 0]
    np.testing.assert_array_equal(moves[:, 0, 1], 0)
    np.testing.assert_allclose(np.abs(middles).max(0), (3, 3), rtol=0.01)  # 3 %, 1.5 %.
    np.testing.assert_allclose((scales.min(), scales.max()), (0.95, 1 / 0.95), rtol=0.001)


def test_same_seed_same_pair(face):
    for make in (SelfBlend().blend, SelfBlend()):
        for first, second in zip(make(*face, (3, 4)), make(*face, (3, 4)), strict=True):
            np.testing.assert_array_equal(first, second)
        assert (make(*face, (3, 4))[0] != make(*face, (3, 5))[0]).any()


def test_the_augmentation_is_shared(face):
    """The same colours and the same JPEG for both: far from the mask they stay equal."""
    far_pixels = changed = 0
    for seed in range(40):
        plain_fake, plain_real, mask = SelfBlend().blend(*face, seed)
        fake, real, same_mask = SelfBlend()(*face, seed)
        np.testing.assert_array_equal(mask, same_mask)
        far = cv2.dilate(np.uint8(mask > 0), np.ones((65, 65))) == 0  # Beyond JPEG's blocks.
        np.testing.assert_array_equal(fake[far], real[far])
        far_pixels += far.sum()
        changed += (real != plain_real).any()
        without = SelfBlend(augment=False)(*face, seed)
        np.testing.assert_array_equal(without[0], plain_fake)
    assert far_pixels > 0
    # It is left out with probability 0.7 * 0.7 * 0.7 * 0.5.
    assert 24 <= changed < 40


def test_sharpness_changes_leave_flat_pictures_alone():
    flat = np.full((33, 47, 3), 77, np.uint8)
    for factor in (2, 4):
        np.testing.assert_array_equal(_down_and_up(flat, factor), flat)
    np.testing.assert_array_equal(_sharpen(flat, 0.4), flat)


def test_sharpen_is_the_image_plus_its_laplacian():
    image = np.random.default_rng(0).integers(90, 130, (9, 9, 3), dtype=np.uint8)
    found, values = _sharpen(image, 0.25), np.float64(image)
    around = sum(
        np.roll(values, (dy, dx), (0, 1)) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx
    )
    expected = np.clip(values + 0.25 * (8 * values - around), 0, 255)
    assert np.abs(found - expected)[1:-1, 1:-1].max() <= 0.51


def test_other_shapes_and_faces_out_of_the_picture(face):
    image, landmarks = face
    wide = np.ascontiguousarray(image[:120])
    fake, real, mask = SelfBlend().blend(wide, landmarks, 0)
    assert fake.shape == real.shape == (120, 160, 3)
    assert mask.shape == (120, 160)
    fake, real, mask = SelfBlend().blend(image, landmarks + 1000, 0)
    np.testing.assert_array_equal(fake, real)
    assert not mask.any()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hue": 2}, "`hue` must be between 0 and 1. Received: hue=2"),
        ({"masks": ("round",)}, "`masks` must be some of"),
        ({"masks": ()}, "`masks` must be some of"),
    ],
)
def test_wrong_settings(arguments, message):
    with pytest.raises(ValueError, match=message):
        SelfBlend(**arguments)


def test_wrong_arguments(face):
    image, landmarks = face
    with pytest.raises(ValueError, match="`image` must be a uint8"):
        SelfBlend()(image / 255, landmarks, 0)
    with pytest.raises(ValueError, match=r"`image` must have shape \(H, W, 3\)"):
        SelfBlend()(image[..., 0], landmarks, 0)
    with pytest.raises(ValueError, match=r"`landmarks` must be .* Received: landmarks.shape=\(5"):
        SelfBlend()(image, landmarks[:5], 0)
    with pytest.raises(ValueError, match="`landmarks` must be finite"):
        SelfBlend()(image, landmarks * np.nan, 0)
