"""The moving variance is PyTorch's; all else is Keras's batch normalisation."""

import keras
import numpy as np
import pytest

from keras_madd.layers.sample_variance_batch_normalization import (
    SampleVarianceBatchNormalization,
)

to_numpy = keras.ops.convert_to_numpy
RNG = np.random.default_rng(0)
X = RNG.normal(2.0, 3.0, (2, 3, 3, 4)).astype("float32")


def test_moving_variance_takes_the_unbiased_variance():
    layer = SampleVarianceBatchNormalization(momentum=0.9, epsilon=1e-5)
    layer(X, training=True)
    expected = 0.9 + 0.1 * X.var(axis=(0, 1, 2), ddof=1)
    np.testing.assert_allclose(layer.get_weights()[3], expected, rtol=1e-5)
    np.testing.assert_allclose(layer.get_weights()[2], 0.1 * X.mean(axis=(0, 1, 2)), rtol=1e-5)


def test_outputs_are_those_of_keras():
    ours, keras_own = (
        cls(momentum=0.9, epsilon=1e-5)
        for cls in (SampleVarianceBatchNormalization, keras.layers.BatchNormalization)
    )
    np.testing.assert_allclose(
        to_numpy(ours(X, training=True)), to_numpy(keras_own(X, training=True)), atol=1e-6
    )
    keras_own.set_weights(ours.get_weights())
    np.testing.assert_array_equal(to_numpy(ours(X)), to_numpy(keras_own(X)))


def test_statistics_rest_outside_training_and_when_frozen():
    layer = SampleVarianceBatchNormalization()
    layer(X, training=False)
    layer.trainable = False
    layer(X, training=True)
    np.testing.assert_array_equal(layer.get_weights()[3], np.ones(4))


def test_one_value_per_channel_leaves_the_variance_finite():
    layer = SampleVarianceBatchNormalization(momentum=0.9)
    layer(np.ones((1, 4), "float32"), training=True)
    np.testing.assert_allclose(layer.get_weights()[3], np.full(4, 0.9), rtol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_keeps_float32_statistics(policy):
    layer = SampleVarianceBatchNormalization(momentum=0.9, dtype=policy)
    half = keras.dtype_policies.get(policy).compute_dtype
    outputs = layer(keras.ops.cast(X, half), training=True)
    assert keras.backend.standardize_dtype(outputs.dtype) == half
    expected = 0.9 + 0.1 * X.var(axis=(0, 1, 2), ddof=1)
    np.testing.assert_allclose(layer.get_weights()[3], expected, rtol=1e-2)
    assert layer.moving_variance.dtype == "float32"


def test_trains_inside_a_compiled_step_with_any_batch_size():
    inputs = keras.Input((3, 3, 4))
    layer = SampleVarianceBatchNormalization(momentum=0.0)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(layer(inputs)))
    model.compile("sgd", "mse", jit_compile=True)
    model.fit(X, np.zeros((2, 4)), verbose=0)
    np.testing.assert_allclose(layer.get_weights()[3], X.var(axis=(0, 1, 2), ddof=1), rtol=1e-5)


def test_saved_model_loads_without_custom_objects(tmp_path):
    inputs = keras.Input((3, 3, 4))
    model = keras.Model(inputs, SampleVarianceBatchNormalization(momentum=0.7)(inputs))
    model(X, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(to_numpy(model(X)), to_numpy(loaded(X)))
    assert loaded.layers[1].momentum == 0.7


def test_renorm_is_refused():
    with pytest.raises(ValueError, match=r"`renorm`.*Received: renorm=True"):
        SampleVarianceBatchNormalization(renorm=True)
