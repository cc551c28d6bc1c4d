"""The fused kernel is Keras's batch normalisation: outputs, averages, gradients."""

import keras
import numpy as np
import pytest
from backends import gradients, tensorflow_only

from keras_madd.backbones import applications
from keras_madd.layers import BatchNormalization

to_numpy = keras.ops.convert_to_numpy
RNG = np.random.default_rng(0)
X = RNG.normal(2.0, 3.0, (3, 5, 4, 6)).astype("float32")
WEIGHT = RNG.normal(size=X.shape).astype("float32")
PAIR = (BatchNormalization, keras.layers.BatchNormalization)


def trained(cls, x=X, **kwargs):
    """Outputs, gradients of inputs, scale and offset, and the averages after a step."""
    layer = cls(momentum=0.9, epsilon=1e-4, **kwargs)
    layer.build(x.shape)
    random = np.random.default_rng(1)
    layer.set_weights([each + random.normal(size=each.shape) ** 2 for each in layer.get_weights()])
    inputs = keras.Variable(x)
    weights = layer.trainable_variables

    def loss():
        outputs = layer(inputs.value, training=True)
        return keras.ops.sum(keras.ops.cast(outputs, "float32") * WEIGHT[: len(x)])

    found = gradients(loss, inputs, *weights)
    return [to_numpy(layer(x, training=True)), *map(to_numpy, found), *layer.get_weights()[-2:]]


@tensorflow_only
@pytest.mark.parametrize("kwargs", [{}, {"scale": False}, {"center": False}, {"axis": 3}])
def test_a_step_is_keras_own(kwargs, monkeypatch):
    expected = trained(keras.layers.BatchNormalization, **kwargs)
    import tensorflow as tf

    calls, fused = [], tf.compat.v1.nn.fused_batch_norm
    monkeypatch.setattr(
        tf.compat.v1.nn, "fused_batch_norm", lambda *a, **k: calls.append(1) or fused(*a, **k)
    )
    found = trained(BatchNormalization, **kwargs)
    assert calls
    for own, its in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, its, rtol=1e-4, atol=2e-5)


def test_one_value_per_channel():
    found = trained(BatchNormalization, X[:1, :1, :1])
    expected = trained(keras.layers.BatchNormalization, X[:1, :1, :1])
    for own, its in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, its, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize(
    ("x", "kwargs"),
    [(X[:, 0, 0], {}), (X[:, 0], {}), (X, {"axis": 1}), (X, {"renorm": True}), (X, {})],
)
def test_all_else_is_left_to_keras(x, kwargs):
    """A vector, a sequence, another axis, renorm; and, last, feature maps outside of training."""
    layers = [cls(**kwargs) for cls in PAIR]
    training = not (x is X and not kwargs)
    own, its = (to_numpy(layer(x, training=training)) for layer in layers)
    np.testing.assert_array_equal(own, its)
    for mine, other in zip(*(layer.get_weights() for layer in layers), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_frozen_it_keeps_its_averages():
    layer = BatchNormalization()
    layer.build(X.shape)
    layer.trainable = False
    layer(X, training=True)
    np.testing.assert_array_equal(layer.moving_mean, np.zeros(6))
    np.testing.assert_array_equal(layer.moving_variance, np.ones(6))


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_keeps_float32_statistics(policy):
    half = keras.dtype_policies.get(policy).compute_dtype
    found = []
    for cls in PAIR:
        layer = cls(momentum=0.0, dtype=policy)
        outputs = layer(keras.ops.cast(X, half), training=True)
        assert keras.backend.standardize_dtype(outputs.dtype) == half
        assert layer.moving_variance.dtype == "float32"
        found.append([to_numpy(keras.ops.cast(outputs, "float32")), *layer.get_weights()])
    for own, its in zip(*found, strict=True):
        np.testing.assert_allclose(own, its, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_trains_inside_a_compiled_step_with_any_batch_size(jit_compile):
    averages = []
    for cls in PAIR:
        inputs = keras.Input((5, 4, 6))
        layer = cls(momentum=0.5)
        model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(layer(inputs)))
        model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=jit_compile)
        for x in (X, X[:2]):
            model.train_on_batch(x, np.ones((len(x), 6)))
        averages.append(layer.get_weights())
    for own, its in zip(*averages, strict=True):
        np.testing.assert_allclose(own, its, rtol=1e-4, atol=1e-6)


def test_files_of_keras_own_layer_are_read(tmp_path):
    """The weights lie in a file under the name of the layer's class."""

    def network(cls):
        inputs = keras.Input((5, 4, 6))
        return keras.Model(inputs, cls()(cls(momentum=0.5)(inputs)))

    before, after = (network(cls) for cls in reversed(PAIR))
    before(X, training=True)
    before.save_weights(tmp_path / "before.weights.h5")
    after.load_weights(tmp_path / "before.weights.h5")
    np.testing.assert_array_equal(to_numpy(after(X)), to_numpy(before(X)))
    after.save(tmp_path / "after.keras")
    loaded = keras.saving.load_model(tmp_path / "after.keras")
    assert type(loaded.layers[1]) is BatchNormalization
    np.testing.assert_array_equal(to_numpy(loaded(X)), to_numpy(before(X)))


def test_an_applications_normalisations_are_replaced_with_their_weights(tmp_path):
    application = keras.applications.MobileNetV2(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    random = np.random.default_rng(0)
    application.set_weights(
        [each + random.random(each.shape) for each in application.get_weights()]
    )
    application.save_weights(tmp_path / "application.weights.h5")
    built, _ = applications.build(
        "mobilenet_v2", (32, 32, 3), weights=str(tmp_path / "application.weights.h5")
    )
    norms = [layer for layer in built.layers if "BN" in layer.name or "bn" in layer.name]
    assert len(norms) == 52
    for norm in norms:
        assert type(norm) is BatchNormalization
        theirs = application.get_layer(norm.name)
        assert norm.momentum == min(theirs.momentum, applications.MAX_MOMENTUM)
        for own, its in zip(norm.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_array_equal(own, its)
