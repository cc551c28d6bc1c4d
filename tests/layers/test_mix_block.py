import numpy as np
import pytest
from backends import as_numpy
from layer_check import check_layer

from keras_madd.layers import MixBlock


def streams(channels=16):
    random = np.random.default_rng(0)
    shape = (2, 3, 5, channels)
    return [random.normal(0, 1, shape).astype("float32") for _ in range(2)]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_each_stream_gets_what_the_other_shows_it():
    first, second = streams()
    layer = MixBlock(reduction=4)
    layer(first, second)
    layer.scales.assign([0.5, -2.0])
    rows = [each.reshape(2, 15, 16).astype("float64") for each in (first, second)]
    queries = rows[0] @ as_numpy(layer.query.kernel.value)
    keys = rows[1] @ as_numpy(layer.key.kernel.value)
    assert queries.shape == (2, 15, 4)
    energies = queries @ keys.transpose(0, 2, 1) / 2
    expected = (
        rows[0] + 0.5 * softmax(energies) @ rows[1],
        rows[1] - 2.0 * softmax(energies.transpose(0, 2, 1)) @ rows[0],
    )
    for found, wanted in zip(layer(first, second), expected, strict=True):
        np.testing.assert_allclose(as_numpy(found), wanted.reshape(2, 3, 5, 16), atol=1e-5)


def test_scales_of_nothing_leave_the_streams_alone():
    first, second = streams()
    found = MixBlock(initial_scale=0.0)(first, second)
    np.testing.assert_array_equal(as_numpy(found[0]), first)
    np.testing.assert_array_equal(as_numpy(found[1]), second)


def test_common_checks():
    check_layer(MixBlock(), *streams(), trainable=3)


def test_wrong_arguments_are_told():
    with pytest.raises(ValueError, match="`reduction` must be 1 or more"):
        MixBlock(reduction=0)
    first, second = streams()
    with pytest.raises(ValueError, match="must have the same shape"):
        MixBlock()(first, second[:, :2])
