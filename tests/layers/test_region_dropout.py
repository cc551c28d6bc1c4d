"""RegionDropout: a region's features and its map go together."""

import numpy as np
from backends import as_numpy
from layer_check import check_configuration, check_layer

from keras_madd.layers import RegionDropout

LOCAL = np.ones((1000, 4, 3), "float32")
MAPS = np.ones((1000, 2, 2, 4), "float32")


def test_outside_training_and_at_rate_zero_nothing_changes():
    for layer, training in [(RegionDropout(0.5), False), (RegionDropout(0.0), True)]:
        local, maps = as_numpy(layer(LOCAL, MAPS, training=training))
        np.testing.assert_array_equal(local, LOCAL)
        np.testing.assert_array_equal(maps, MAPS)


def test_whole_regions_go_and_the_others_grow():
    local, maps = as_numpy(RegionDropout(0.25, seed=0)(LOCAL, MAPS, training=True))
    kept = local[:, :, 0]
    np.testing.assert_allclose(np.unique(kept), [0, 1 / 0.75], rtol=1e-6)
    np.testing.assert_array_equal(local, np.broadcast_to(kept[:, :, None], local.shape))
    np.testing.assert_array_equal(maps, np.broadcast_to(kept[:, None, None], maps.shape))
    assert abs((kept == 0).mean() - 0.25) < 0.03


def test_as_a_layer():
    check_configuration(RegionDropout(0.25, seed=3))
    check_layer(RegionDropout(0.0), LOCAL[:2], MAPS[:2], trainable=0, non_trainable=0)
