import colorsys

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from keras_madd.data.color import apply_color, color_transform


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)


def test_nothing_changed_is_the_identity(image):
    np.testing.assert_allclose(color_transform(), np.eye(3, 4), atol=1e-5)
    np.testing.assert_array_equal(apply_color(image, color_transform()), image)


@pytest.mark.parametrize("saturation", [-1.0, -0.4, 0.5])
def test_saturation_is_that_of_pillow(image, saturation):
    expected = ImageEnhance.Color(Image.fromarray(image)).enhance(1 + saturation)
    found = apply_color(image, color_transform(saturation=saturation))
    assert np.abs(np.int32(found) - np.asarray(expected)).max() <= 1


@pytest.mark.parametrize("value", [-0.5, 0.3])
def test_value_is_the_brightness_of_pillow(image, value):
    expected = ImageEnhance.Brightness(Image.fromarray(image)).enhance(1 + value)
    found = apply_color(image, color_transform(value=value))
    assert np.abs(np.int32(found) - np.asarray(expected)).max() <= 1


def test_contrast_brightness_and_shift_in_closed_form(image):
    found = apply_color(image, color_transform(contrast=0.2, brightness=-0.1, shift=(20, -10, 5)))
    expected = 1.2 * (image - 127.5) + 127.5 - 25.5 + np.array([20, -10, 5])
    assert np.abs(found - np.clip(expected, 0, 255)).max() <= 0.51


def test_a_turn_of_the_hue_keeps_greys_and_luma_and_goes_round():
    grey = np.full((1, 1, 3), 90, np.uint8)
    transform = color_transform(hue=0.3)
    np.testing.assert_array_equal(apply_color(grey, transform), grey)
    np.testing.assert_allclose([0.299, 0.587, 0.114] @ transform[:, :3], [0.299, 0.587, 0.114])
    np.testing.assert_allclose(color_transform(hue=2 * np.pi), np.eye(3, 4), atol=1e-9)
    skin = np.array([190.0, 150.0, 120.0])
    there = transform[:, :3] @ skin
    np.testing.assert_allclose(color_transform(hue=-0.3)[:, :3] @ there, skin)
    turned = colorsys.rgb_to_hsv(*there)[0] - colorsys.rgb_to_hsv(*skin)[0]
    assert 0.03 < abs(turned) < 0.07  # 0.3 of 2 pi, on a circle of length 1.
