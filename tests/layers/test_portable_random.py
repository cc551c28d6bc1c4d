"""Random draws that are equal on every backend, and random."""

import keras
import numpy as np
from backends import as_numpy

from keras_madd.layers import portable_random

KNOWN = [
    [0.622721255, 0.613423169, 0.631193459, 0.276751816],
    [0.971933067, 0.303218782, 0.0950222611, 0.528967559],
    [0.228340685, 0.568984091, 0.166312635, 0.0455191731],
]


def draw(shape=(100_000,), seed=0, draws=1):
    """Draw some times; return the last."""
    generator = keras.random.SeedGenerator(seed)
    return [as_numpy(portable_random.uniform(shape, generator)) for _ in range(draws)][-1]


def hashed(x):
    """lowbias32 on Python's whole numbers."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
    x = ((x ^ (x >> 15)) * 0x846CA68B) & 0xFFFFFFFF
    return x ^ (x >> 16)


def test_draws_by_hand():
    start = hashed((1 + hashed(0x9E3779B9)) & 0xFFFFFFFF)
    bits = [hashed((start + position) & 0xFFFFFFFF) & 0x7FFFFF for position in range(6)]
    generator = keras.random.SeedGenerator(0)
    generator.state.assign([0, 1])
    found = as_numpy(portable_random.uniform((2, 3), generator))
    np.testing.assert_array_equal(found.ravel(), (np.array(bits, "float32") + 0.5) * 2.0**-23)


def test_known_draws():
    np.testing.assert_allclose(draw((4,)), KNOWN[0], rtol=1e-6)
    np.testing.assert_allclose(draw((4,), draws=2), KNOWN[1], rtol=1e-6)
    np.testing.assert_allclose(draw((4,), seed=123456789), KNOWN[2], rtol=1e-6)


def test_draws_are_uniform():
    found = draw()
    assert 0 < found.min() < found.max() < 1
    counts, _ = np.histogram(found, bins=20, range=(0, 1))
    # Chi-square of 19 degrees of freedom: 43.8 is passed once in a thousand.
    assert ((counts - 5000) ** 2 / 5000).sum() < 43.8


def test_neighbours_draws_and_seeds_have_nothing_in_common():
    first = draw()
    for other in (np.roll(first, 1), draw(draws=2), draw(seed=1)):
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.015


def test_normal_draws_have_the_moments_of_the_normal_distribution():
    found = as_numpy(portable_random.normal((100_000,), keras.random.SeedGenerator(0)))
    assert abs(found.mean()) < 0.015
    assert abs(found.std() - 1) < 0.015
    assert abs((np.abs(found) < 1).mean() - 0.6827) < 0.007


def test_choices_come_as_often_as_asked():
    chances = np.broadcast_to([1.0, 0.0, 3.0, 4.0], (20_000, 4)).astype("float32")
    found = as_numpy(portable_random.choice(chances, keras.random.SeedGenerator(0)))
    assert found.dtype == "int32"
    np.testing.assert_allclose(
        np.bincount(found, minlength=4) / 20_000, [0.125, 0, 0.375, 0.5], atol=0.015
    )
