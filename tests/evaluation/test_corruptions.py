import io

import cv2
import numpy as np
import pytest
from PIL import Image

from keras_madd.evaluation.corruptions import CORRUPTIONS, SEVERITIES, corrupt


@pytest.fixture(scope="module")
def clip() -> np.ndarray:
    """A smooth, coloured scene that moves a little; odd sides, as a crop may have."""
    rows, columns = np.mgrid[:63, :65] / 10
    frames = [
        np.stack(
            [
                np.sin(rows + 0.2 * time),
                np.cos(columns - 0.1 * time),
                np.sin(rows + columns) * np.cos(columns * 3),
            ],
            axis=-1,
        )
        for time in range(5)
    ]
    return np.rint(np.stack(frames) * 80 + 120).astype(np.uint8)


def distance(one, other) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize("name", list(CORRUPTIONS))
def test_each_severity_is_worse_than_the_last(clip, name):
    damaged = [corrupt(clip, name, severity, "v") for severity in SEVERITIES]
    distances = [distance(clip, each) for each in damaged]
    assert all(np.diff(distances) > 0), distances
    assert distances[0] > 0
    for each in damaged:
        assert each.shape == clip.shape
        assert each.dtype == np.uint8


@pytest.mark.parametrize("name", list(CORRUPTIONS))
def test_seed_and_video_decide(clip, name):
    first = corrupt(clip, name, 3, "v", seed=1)
    assert (first == corrupt(clip, name, 3, "v", seed=1)).all()
    if name in ("noise", "blocks"):
        assert (first != corrupt(clip, name, 3, "v", seed=2)).any()
        assert (first != corrupt(clip, name, 3, "w", seed=1)).any()


def test_no_saturation_is_luma(clip):
    grey = corrupt(clip, "saturation", 5, "v")
    expected = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip])
    np.testing.assert_allclose(grey, np.repeat(expected[..., None], 3, -1), atol=1)


def test_contrast_keeps_the_mean_and_scales_the_spread(clip):
    flat = corrupt(clip, "contrast", 5, "v").astype(float)
    np.testing.assert_allclose(flat.mean((1, 2, 3)), clip.mean((1, 2, 3)), atol=0.5)
    np.testing.assert_allclose(flat.std(), 0.35 * clip.std(), rtol=0.02)


def test_noise_has_its_variance():
    grey = np.full((2, 200, 200, 3), 128, np.uint8)
    noisy = corrupt(grey, "noise", 2, "v") / 255
    assert noisy.var() == pytest.approx(0.002, rel=0.02)
    assert noisy.mean() == pytest.approx(128 / 255, abs=1e-3)


def test_blocks_are_squares_of_one_colour():
    grey = np.full((1, 90, 90, 3), 128, np.uint8)
    changed = (corrupt(grey, "blocks", 1, "v")[0] != 128).any(-1)
    # 16 squares of 2 x 2 pixels, some of which overlap or are drawn in that very grey.
    assert 40 <= changed.sum() <= 64


def test_blur_is_the_kernel(clip):
    kernel = cv2.getGaussianKernel(13, 0)
    expected = cv2.sepFilter2D(clip[0].astype(np.float64), -1, kernel, kernel)
    np.testing.assert_allclose(corrupt(clip, "blur", 3, "v")[0], expected, atol=1)


def test_jpeg_is_pillows_within_rounding(clip):
    buffer = io.BytesIO()
    Image.fromarray(clip[0]).save(buffer, "JPEG", quality=30)
    expected = np.asarray(Image.open(buffer).convert("RGB")).astype(float)
    assert distance(expected, corrupt(clip, "jpeg", 5, "v")[0]) < 1


def test_h264_keeps_the_frames_in_order(clip):
    damaged = corrupt(clip, "h264", 1, "v")
    for index, frame in enumerate(damaged):
        nearest = min(range(len(clip)), key=lambda other: distance(clip[other], frame))
        assert nearest == index


@pytest.mark.parametrize("name", [name for name in CORRUPTIONS if name != "h264"])
def test_a_shorter_fake_is_damaged_as_its_real(clip, name):
    np.testing.assert_array_equal(corrupt(clip[:3], name, 3, "v"), corrupt(clip, name, 3, "v")[:3])


def test_one_frame_is_a_clip(clip):
    for name in CORRUPTIONS:
        assert corrupt(clip[:1], name, 2, "v").shape == (1, 63, 65, 3)


def test_unknown_names_and_severities(clip):
    with pytest.raises(ValueError, match=r"`name` must be one of.*Received: name='rain'"):
        corrupt(clip, "rain", 1, "v")
    with pytest.raises(ValueError, match=r"`severity` must be 1 to 5. Received: severity=6"):
        corrupt(clip, "blur", 6, "v")
