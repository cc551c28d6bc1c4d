"""AttentionMaps: one 1x1 convolution, batch normalisation and ReLU."""

import numpy as np
import pytest
from backends import as_numpy
from layer_check import check_layer

from keras_madd.layers import AttentionMaps, OfficialAttentionMaps

FEATURES = np.random.default_rng(0).normal(0, 2, (2, 5, 7, 6)).astype("float32")


def test_maps_by_hand():
    layer = AttentionMaps(3)
    layer(FEATURES)
    rng = np.random.default_rng(1)
    kernel, gamma, beta, mean = (rng.normal(0, 1, s).astype("float32") for s in [(6, 3), 3, 3, 3])
    variance = rng.uniform(0.5, 2, 3).astype("float32")
    layer.conv.set_weights([kernel[None, None]])
    layer.batch_normalization.set_weights([gamma, beta, mean, variance])
    normalised = (FEATURES @ kernel - mean) / np.sqrt(variance + 1e-3)
    expected = np.maximum(normalised * gamma + beta, 0)
    np.testing.assert_allclose(as_numpy(layer(FEATURES)), expected, atol=1e-5)
    assert 0.2 < (expected == 0).mean() < 0.8


@pytest.mark.parametrize("training", [True, False])
def test_maps_are_not_negative(training):
    maps = as_numpy(AttentionMaps(4)(FEATURES, training=training))
    assert maps.shape == (2, 5, 7, 4)
    assert maps.min() == 0 < maps.max()


@pytest.mark.parametrize("cls", [AttentionMaps, OfficialAttentionMaps])
@pytest.mark.parametrize("number", [0, -1, 2.0])
def test_a_number_of_maps_that_cannot_be_is_refused(cls, number):
    with pytest.raises(ValueError, match=rf"`num_attentions`.*Received: num_attentions={number}"):
        cls(number)


def test_as_a_layer():
    check_layer(AttentionMaps(3), FEATURES, trainable=3, non_trainable=2)
