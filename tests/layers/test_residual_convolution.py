import keras
import numpy as np
import pytest
from backends import JIT_COMPILE, as_numpy
from layer_check import check_layer
from scipy.optimize import minimize
from scipy.signal import correlate2d

from keras_madd.layers import ResidualConvolution
from keras_madd.layers.residual_convolution import ResidualConstraint


def assert_constrained(kernel, atol=1e-5):
    size = len(kernel)
    np.testing.assert_allclose(kernel[size // 2, size // 2], -1.0, atol=atol)
    np.testing.assert_allclose(kernel.sum((0, 1)), 0.0, atol=atol)


def test_the_constraint_gives_the_nearest_filter():
    kernel = np.random.default_rng(0).normal(0, 1, (3, 3, 1, 1))
    found = as_numpy(ResidualConstraint()(keras.ops.convert_to_tensor(kernel, "float32")))
    limits = [
        {"type": "eq", "fun": lambda w: w[4] + 1},
        {"type": "eq", "fun": lambda w: w.sum()},
    ]
    best = minimize(lambda w: ((w - kernel.ravel()) ** 2).sum(), np.zeros(9), constraints=limits)
    np.testing.assert_allclose(found.ravel(), best.x, atol=1e-5)
    again = as_numpy(ResidualConstraint()(keras.ops.convert_to_tensor(found)))
    np.testing.assert_allclose(again, found, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_filters_keep_the_constraint_through_training(optimizer):
    layer = ResidualConvolution(3, seed=0)
    model = keras.Sequential(
        [keras.Input((9, 9, 2)), layer, keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    random = np.random.default_rng(0)
    before = as_numpy(layer.kernel.value)
    assert_constrained(before)
    model.compile(optimizer, "mse", jit_compile=JIT_COMPILE)
    x, y = random.normal(0, 1, (16, 9, 9, 2)), random.normal(0, 1, (16, 1))
    model.fit(x.astype("float32"), y, batch_size=4, epochs=2, verbose=0)
    after = as_numpy(layer.kernel.value)
    assert_constrained(after)
    assert np.abs(after - before).max() > 1e-4


def test_values_are_scipys_and_an_even_surface_gives_nothing():
    x = np.random.default_rng(0).normal(0, 1, (1, 8, 7, 2)).astype("float32")
    layer = ResidualConvolution(2, 3, seed=1)
    found = as_numpy(layer(x))
    kernel = as_numpy(layer.kernel.value)
    for output in range(2):
        expected = sum(
            correlate2d(x[0, :, :, given], kernel[:, :, given, output], "valid")
            for given in range(2)
        )
        np.testing.assert_allclose(found[0, :, :, output], expected, atol=1e-5)
    np.testing.assert_allclose(as_numpy(layer(np.full_like(x, 3.0))), 0.0, atol=1e-5)


def test_common_checks():
    x = np.random.default_rng(0).normal(0, 1, (2, 8, 8, 3)).astype("float32")
    check_layer(ResidualConvolution(4, seed=0), x, trainable=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((4, 4), "`kernel_size` must be odd"), ((4, 1), "at least 3"), ((0,), "`filters` must be")],
)
def test_wrong_arguments_are_told(arguments, message):
    with pytest.raises(ValueError, match=message):
        ResidualConvolution(*arguments)
