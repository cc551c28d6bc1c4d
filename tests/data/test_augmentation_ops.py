import io

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from shards_on_disk import face_crop

from keras_madd.data.augmentation import AUGMENTATIONS, Augmentation, draw
from keras_madd.data.augmentation_ops import (
    add_noise,
    blur,
    change_pixels,
    cut_window,
    down_and_up,
    jpeg,
    recolor,
    to_uint8,
)
from keras_madd.data.color import apply_color, color_transform
from keras_madd.faces import crop_face

STRONG = AUGMENTATIONS["strong"]
CENTERED = tf.zeros(2)


@pytest.fixture(scope="module")
def image():
    return face_crop(148)[0]


@pytest.fixture(scope="module")
def values(image):
    return tf.constant(image, tf.float32)


def _nothing():
    return draw(Augmentation(), tf.constant([0, 0]))


def _largest_difference(first, second):
    return np.abs(np.float32(first) - np.float32(second)).max()


def test_everything_at_strength_0_is_the_identity(image, values):
    np.testing.assert_array_equal(change_pixels(tf.constant(image), _nothing(), STRONG), image)
    np.testing.assert_array_equal(blur(values, tf.constant(0.0), 4), values)
    np.testing.assert_array_equal(add_noise(values, tf.constant(0.0), tf.constant([1, 2])), values)
    np.testing.assert_array_equal(down_and_up(values, tf.constant(1.0)), values)
    assert _largest_difference(recolor(values, tf.zeros(8)), values) < 1e-3
    np.testing.assert_array_equal(to_uint8(values), image)


def test_grey_alone_takes_all_colour(image):
    settings = Augmentation(grey=1.0)
    found = change_pixels(tf.constant(image), draw(settings, tf.constant([0, 0])), settings).numpy()
    assert np.ptp(image, axis=-1).max() > 50
    assert np.ptp(found, axis=-1).max() == 0


@pytest.mark.parametrize("sigma", [0.4, 1.0, 1.6])
def test_blur_is_that_of_opencv(values, sigma):
    expected = cv2.GaussianBlur(values.numpy(), (11, 11), sigma, borderType=cv2.BORDER_REFLECT_101)
    assert _largest_difference(blur(values, tf.constant(sigma), 5), expected) < 0.01


@pytest.mark.parametrize("quality", [40, 75, 100])
def test_jpeg_is_that_of_pillow(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    expected = np.asarray(Image.open(file))
    found = jpeg(tf.constant(image), tf.constant(quality))
    assert _largest_difference(found, expected) <= 2
    assert (np.asarray(found) == expected).mean() > 0.99


def test_recolor_is_the_closed_form_of_color_transform(image, values):
    rng = np.random.default_rng(0)
    for _ in range(10):
        color = rng.uniform(-0.3, 0.3, 8)
        color[5:] *= 60
        expected = apply_color(image, color_transform(*color[:5], shift=tuple(color[5:])))
        found = to_uint8(recolor(values, tf.constant(color, tf.float32)))
        assert _largest_difference(found, expected) <= 1


@pytest.mark.parametrize("factor", [0.25, 0.5, 0.8])
def test_down_and_up_is_that_of_pillow(image, values, factor):
    """Pillow's bilinear filter smooths when it shrinks, and does not when it enlarges."""
    small = round(148 * factor)
    expected = Image.fromarray(image).resize((small, small), Image.Resampling.BILINEAR)
    expected = np.asarray(expected.resize((148, 148), Image.Resampling.BILINEAR))
    assert _largest_difference(down_and_up(values, tf.constant(factor)), expected) < 2.5


def test_noise_has_its_deviation_and_follows_its_seed():
    grey = tf.fill([200, 200, 3], 128.0)
    noise = add_noise(grey, tf.constant(5.0), tf.constant([1, 2])).numpy() - 128
    assert abs(noise.std() - 5) < 0.1
    assert abs(noise.mean()) < 0.1
    neighbours = np.corrcoef(noise[:, 1:].ravel(), noise[:, :-1].ravel())[0, 1]
    assert abs(neighbours) < 0.02
    again = add_noise(grey, tf.constant(5.0), tf.constant([1, 2])).numpy() - 128
    np.testing.assert_array_equal(again, noise)
    other = add_noise(grey, tf.constant(5.0), tf.constant([1, 3])).numpy() - 128
    assert abs(np.corrcoef(other.ravel(), noise.ravel())[0, 1]) < 0.02


def test_window_of_the_wanted_size_is_not_resized(image):
    window = cut_window(tf.constant(image), tf.constant(128.0), CENTERED, 128)
    np.testing.assert_array_equal(window, image[10:138, 10:138])


def test_window_of_everything(image):
    for side in (148.0, 500.0):
        window = cut_window(tf.constant(image), tf.constant(side), CENTERED, 148)
        np.testing.assert_array_equal(window, image)


@pytest.mark.parametrize(("side", "size"), [(100, 148), (120, 64), (128, 100)])
def test_window_is_resized_as_crop_face_does(image, side, size):
    start = (148 - side) // 2
    window = cut_window(tf.constant(image), tf.constant(float(side)), CENTERED, size)
    expected = crop_face(image, (start, start, side, side), size, margin=1.0)
    assert _largest_difference(window, expected) <= 1


def test_far_smaller_windows_are_smoothed(image):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    window = cut_window(tf.constant(noise), tf.constant(300.0), CENTERED, 60)
    expected = Image.fromarray(noise).resize((60, 60), Image.Resampling.BILINEAR)
    assert _largest_difference(window, np.asarray(expected)) <= 1
    # Bilinear sampling alone would leave two thirds of the deviation.
    assert np.std(window) < 0.3 * noise.std()


@pytest.mark.parametrize(("shift", "start"), [((0.05, -0.1), (29, 14)), ((1, -1), (48, 0))])
def test_window_moves_and_stays_in_the_picture(image, shift, start):
    window = cut_window(tf.constant(image), tf.constant(100.0), tf.constant(shift, tf.float32), 100)
    top, left = start
    np.testing.assert_array_equal(window, image[top : top + 100, left : left + 100])


def test_mirroring(image):
    drawn = _nothing() | {"flip": tf.constant(True)}
    np.testing.assert_array_equal(change_pixels(tf.constant(image), drawn, STRONG), image[:, ::-1])


def test_all_at_once_in_order(image):
    """Colour, resolution, blur, noise and JPEG, one after the other."""
    drawn = _nothing() | {
        "color": tf.constant([0.1, 0.2, -0.1, 0.1, 0.05, 5, -5, 3]),
        "scale": tf.constant(0.5),
        "sigma": tf.constant(0.8),
        "noise": tf.constant(4.0),
        "quality": tf.constant(70),
    }
    values = recolor(tf.constant(image, tf.float32), drawn["color"])
    values = blur(down_and_up(values, drawn["scale"]), drawn["sigma"], 5)
    values = add_noise(values, drawn["noise"], drawn["noise_seed"])
    expected = jpeg(to_uint8(values), tf.constant(70))
    found = change_pixels(tf.constant(image), drawn, STRONG)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == tf.uint8
