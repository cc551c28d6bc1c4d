import cv2
import numpy as np
import pytest

from keras_madd.data.self_blend import SelfBlend, _down_and_up, _draw_move, _sharpen
from keras_madd.data.self_blend_mask import MASKS, PARTIAL_MASKS
from keras_madd.data.self_blends import SELF_BLENDS, named_self_blend
from keras_madd.demo.portrait import load_portrait
from keras_madd.training.settings import BLENDINGS

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


def test_ratios_are_taken_as_an_array(face):
    ratios = [0.5, 1.0]
    arrays = SelfBlend(ratios=np.array(ratios))(*face, 0)
    for one, other in zip(arrays, SelfBlend(ratios=ratios)(*face, 0), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="`ratios` must be above 0"):
        SelfBlend(ratios=np.array([]))


@pytest.mark.parametrize("blending", ["authors", "varied"])
def test_a_face_of_a_few_pixels_is_blended_or_left_alone(face, blending):
    image, landmarks = face
    small = cv2.resize(image, (8, 8), interpolation=cv2.INTER_AREA)
    points = landmarks * (8 / image.shape[0])
    for seed in range(150):
        fake, real, mask = named_self_blend(blending).blend(small, points, seed)
        np.testing.assert_array_equal(fake[mask == 0], real[mask == 0])


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


VARIED = {
    "resynthesis": 1.0,
    "any_strength": True,
    "rotation": 3.0,
    "bending": 2.0,
    "reshaping": 0.1,
}


def test_beyond_the_paper_is_equal_outside_the_mask_too(face):
    blend = SelfBlend(masks=(*MASKS, *PARTIAL_MASKS), **VARIED)
    differ = 0
    for seed in range(60):
        fake, real, mask = blend.blend(*face, seed)
        np.testing.assert_array_equal(fake[mask == 0], real[mask == 0])
        differ += (fake != real).any()
    assert differ > 57


def test_beyond_the_paper_changes_no_draw_of_the_paper(face):
    """Target and mask are those of the paper's recipe; only the source is another."""
    varied = SelfBlend(resynthesis=1.0, bending=2.0)
    fakes = 0
    for seed in range(20):
        fake, real, mask = SelfBlend().blend(*face, seed)
        other, same_real, same_mask = varied.blend(*face, seed)
        np.testing.assert_array_equal(real, same_real)
        np.testing.assert_array_equal(mask, same_mask)
        fakes += (fake != other).any()
    assert fakes == 20


def test_resynthesis_takes_detail_from_the_fake_alone(face):
    """Inside full masks the fake has less detail than its real picture; without, it has not."""

    def median_of_detail(blend):
        ratios = []
        for seed in range(60):
            fake, real, mask = blend.blend(*face, seed)
            inside = mask > 0.95
            if inside.sum() > 200:
                fine = [cv2.Laplacian(np.float32(each).mean(-1), -1) for each in (fake, real)]
                found, expected = (np.abs(each)[inside].mean() for each in fine)
                ratios.append(found / expected)
        return np.median(ratios)

    assert median_of_detail(SelfBlend(resynthesis=1.0)) < 0.7 < median_of_detail(SelfBlend())


def test_colours_of_any_strength(face):
    """Their mean strength is half of the full one."""
    changes = {True: [], False: []}
    for weak in changes:
        blend = SelfBlend(any_strength=weak)
        for seed in range(150):
            changed = blend._perturb(np.full((8, 8, 3), 120, np.uint8), np.random.default_rng(seed))
            changes[weak].append(np.abs(np.float32(changed) - 120).mean())
    assert 0.4 < np.mean(changes[True]) / np.mean(changes[False]) < 0.6


def test_the_authors_units_leave_the_hue(face):
    """In their library's units a hue, saturation or value of 0.3 is a third of a grey level."""
    grey = np.full((8, 8, 3), (120, 90, 60), np.uint8)
    for seed in range(30):
        changed = SELF_BLENDS["authors"]._perturb(grey, np.random.default_rng(seed))
        # Brightness, contrast and shifts alone: all differences of channels are stretched alike,
        # but for the shifts.
        assert np.abs(np.float32(changed) - grey).max() <= 25.5 + 0.1 * 127.5 + 20 + 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"resynthesis": 1.5}, "`resynthesis` must be between 0 and 1"),
        ({"rotation": -1}, "`rotation` must be between 0 and 45"),
        ({"reshaping": 0.6}, "`reshaping` must be between 0 and 0.4"),
        ({"ratios": ()}, "`ratios` must be above 0"),
        ({"masks": ("face",)}, "`masks` must be some of"),
    ],
)
def test_settings_that_cannot_be(arguments, words):
    with pytest.raises(ValueError, match=words):
        SelfBlend(**arguments)


def test_names():
    assert named_self_blend("varied") is SELF_BLENDS["varied"]
    own = SelfBlend(hue=0.1)
    assert named_self_blend(own) is own
    assert set(SELF_BLENDS) == set(BLENDINGS)
    with pytest.raises(ValueError, match=r"authors, strong, varied\. Received: blending='paper'"):
        named_self_blend("paper")
