"""PortableDropout: Keras's dropout with draws of its own."""

import keras
import numpy as np
import pytest
from backends import as_numpy
from layer_check import check_configuration, check_layer

from keras_madd.layers import PortableDropout, portable_random

ONES = np.ones((64, 5, 5, 4), "float32")


@pytest.mark.parametrize("rate", [0.25, 0.8])
def test_as_many_are_dropped_as_asked_and_the_mean_stays(rate):
    found = as_numpy(PortableDropout(rate, seed=1)(ONES, training=True))
    assert set(np.unique(found)) == {0, np.float32(1 / (1 - rate))}
    assert abs((found == 0).mean() - rate) < 0.02
    assert abs(found.mean() - 1) < 0.05


def test_the_mask_is_the_portable_draw():
    found = as_numpy(PortableDropout(0.5, seed=7)(ONES, training=True))
    drawn = portable_random.uniform(ONES.shape, keras.random.SeedGenerator(7))
    np.testing.assert_array_equal(found > 0, as_numpy(drawn) >= 0.5)


def test_whole_images_are_dropped_anew_in_every_call():
    layer = PortableDropout(0.5, noise_shape=(None, 1, 1, 1), seed=1)
    masks = []
    for _ in range(2):
        found = as_numpy(layer(ONES, training=True))
        assert (found == found[:, :1, :1, :1]).all()
        masks.append(found[:, 0, 0, 0] > 0)
        assert 20 < masks[-1].sum() < 44
    assert (masks[0] != masks[1]).any()


def test_nothing_happens_outside_training_and_at_the_ends():
    for layer, training in [(PortableDropout(0.5), False), (PortableDropout(0.0), True)]:
        np.testing.assert_array_equal(as_numpy(layer(ONES, training=training)), ONES)
    assert as_numpy(PortableDropout(1.0)(ONES, training=True)).max() == 0


def test_nothing_dropped_comes_back_as_not_a_number():
    values = np.where(np.arange(64) % 2, np.inf, 1.0).astype("float32")
    found = as_numpy(PortableDropout(0.5, seed=0)(values[:, None], training=True))
    assert not np.isnan(found).any()


def test_layer():
    check_configuration(PortableDropout(0.25, noise_shape=(None, 1, 1, 1), seed=3))
    check_layer(PortableDropout(0.0), ONES[:2], trainable=0)
