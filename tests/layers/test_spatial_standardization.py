"""SpatialStandardization: zero mean and unit deviation over space."""

import keras
import numpy as np
from backends import as_numpy, input_gradients
from layer_check import check_layer

from keras_madd.layers import SpatialStandardization

FEATURES = np.random.default_rng(0).normal(3, 2, (2, 4, 5, 3)).astype("float32")


def test_mean_and_unbiased_deviation():
    found = as_numpy(SpatialStandardization()(FEATURES))
    mean = FEATURES.mean(axis=(1, 2), keepdims=True)
    deviation = FEATURES.std(axis=(1, 2), ddof=1, keepdims=True)
    np.testing.assert_allclose(found, (FEATURES - mean) / (deviation + 1e-8), atol=1e-5)


def test_a_constant_channel_gives_zeros_and_finite_gradients():
    features = FEATURES.copy()
    features[..., 1] = 4.0
    assert not as_numpy(SpatialStandardization()(features))[..., 1].any()
    (gradient,) = input_gradients(
        lambda x: keras.ops.sum(keras.ops.square(SpatialStandardization()(x))), features
    )
    assert np.isfinite(gradient).all()


def test_a_single_place_gives_zeros_and_finite_gradients():
    feature = FEATURES[:, :1, :1]
    assert not as_numpy(SpatialStandardization()(feature)).any()
    (gradient,) = input_gradients(lambda x: keras.ops.sum(SpatialStandardization()(x)), feature)
    assert np.isfinite(gradient).all()


def test_as_a_layer():
    check_layer(SpatialStandardization(), FEATURES, trainable=0)
