import numpy as np
import pytest
import tensorflow as tf

from keras_madd.data.augmentation import AUGMENTATIONS, Augmentation, draw, named
from keras_madd.training.settings import AUGMENTATIONS as SETTINGS_AUGMENTATIONS

STRONG = AUGMENTATIONS["strong"]


@pytest.fixture(scope="module")
def draws():
    """Parameters of 4000 crops under the strong preset."""

    @tf.function
    def all_draws(count):
        signature = draw(STRONG, tf.zeros(2, tf.int32))
        return tf.map_fn(
            lambda number: draw(STRONG, tf.stack([7, number])),
            tf.range(count),
            fn_output_signature={name: tf.type_spec_from_value(v) for name, v in signature.items()},
        )

    return {name: values.numpy() for name, values in all_draws(4000).items()}


def test_windows_and_mirroring(draws):
    assert 1.1 <= draws["margin"].min() < 1.11
    assert 1.49 < draws["margin"].max() <= 1.5
    assert abs(draws["margin"].mean() - 1.3) < 0.01
    np.testing.assert_allclose(np.abs(draws["shift"]).max(0), STRONG.shift, rtol=0.02)
    np.testing.assert_allclose(draws["shift"].mean(0), 0, atol=0.003)
    assert abs(draws["flip"].mean() - 0.5) < 0.03


@pytest.mark.parametrize(
    ("name", "nothing", "probability", "low", "high"),
    [
        ("scale", 1.0, STRONG.scale, STRONG.smallest_scale, 1.0),
        ("sigma", 0.0, STRONG.blur, 0.2, STRONG.largest_sigma),
        ("noise", 0.0, STRONG.noise, 0.0, STRONG.largest_noise),
        ("quality", -1, STRONG.jpeg, 40, 100),
    ],
)
def test_chances_and_ranges(draws, name, nothing, probability, low, high):
    values = draws[name]
    happened = values[values != nothing]
    assert abs(len(happened) / len(values) - probability) < 0.03
    assert low <= happened.min() < low + 0.03 * (high - low)
    assert high - 0.03 * (high - low) < happened.max() <= high
    assert abs(happened.mean() - (low + high) / 2) < 0.03 * (high - low)


def test_colors(draws):
    colors = draws["color"]
    happened = colors[(colors != 0).any(1)]
    assert abs(len(happened) / len(colors) - STRONG.color) < 0.03
    largest = [STRONG.hue, STRONG.saturation, STRONG.value, STRONG.contrast, STRONG.brightness]
    largest += 3 * [STRONG.rgb_shift]
    np.testing.assert_allclose(np.abs(happened).max(0), largest, rtol=0.02)
    np.testing.assert_allclose(np.corrcoef(happened.T), np.eye(8), atol=0.08)


def test_draws_are_independent_of_each_other(draws):
    names = ("margin", "flip", "scale", "sigma", "noise", "quality")
    table = np.stack([draws[name].astype(float) for name in names])
    np.testing.assert_allclose(np.corrcoef(table), np.eye(len(names)), atol=0.08)
    assert len(np.unique(draws["noise_seed"], axis=0)) == 4000


def test_none_draws_nothing():
    for number in range(20):
        drawn = draw(AUGMENTATIONS["none"], tf.constant([3, number]))
        assert not drawn["flip"]
        assert drawn["scale"] == 1
        assert drawn["quality"] == -1
        for name in ("margin", "shift", "color", "sigma", "noise"):
            assert not np.any(drawn[name])


def test_light_is_lighter_than_strong():
    light = AUGMENTATIONS["light"]
    for name in ("color", "scale", "blur", "noise", "jpeg", "shift", "saturation", "largest_sigma"):
        assert 0 < getattr(light, name) < getattr(STRONG, name)
    assert light.lowest_quality == STRONG.lowest_quality == 40
    assert STRONG.margins[0] < light.margins[0] < light.margins[1] < STRONG.margins[1]


def test_names():
    assert named("light") is AUGMENTATIONS["light"]
    own = Augmentation(flip=1.0)
    assert named(own) is own
    with pytest.raises(ValueError, match=r"one of none, light, strong, video\. Received"):
        named("mild")


def test_grey_takes_all_colour_and_nothing_else():
    drawn = [
        draw(Augmentation(color=1.0, hue=0.1, grey=1.0), tf.constant([1, n])) for n in range(5)
    ]
    for each in drawn:
        np.testing.assert_array_equal(each["color"], [0, -1, 0, 0, 0, 0, 0, 0])
    never = Augmentation(color=1.0, hue=0.1, grey=0.0)
    assert all(draw(never, tf.constant([1, n]))["color"][1] == 0 for n in range(20))


def test_settings_of_train_name_all_sets():
    assert set(AUGMENTATIONS) == set(SETTINGS_AUGMENTATIONS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"flip": 1.5}, "`flip` must be from 0 to 1"),
        ({"jpeg": 1, "lowest_quality": -20}, "`lowest_quality` must be from 0 to 100"),
        ({"scale": 1, "smallest_scale": 0}, "`smallest_scale` must be above 0"),
        ({"blur": 0.5}, "`blur` needs `largest_sigma` from 0.2 on"),
        ({"noise": float("nan")}, "`noise` must be from 0 to 1"),
    ],
)
def test_settings_that_do_nothing_or_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Augmentation(**settings)
