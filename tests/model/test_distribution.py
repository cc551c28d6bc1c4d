"""Training on several replicas with tf.distribute."""

import numpy as np
import pytest
from backends import run_script, tensorflow_only

SCRIPT = """
import json
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, 2 * [tf.config.LogicalDeviceConfiguration()])

import contextlib
import keras
import numpy as np
from keras_madd import MADD

images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3)).astype("uint8")
# Each replica must see both classes.
labels = np.array([0, 1, 0, 1, 0, 1, 0, 1])

def train(scope, epochs, **fields):
    keras.utils.set_random_seed(0)
    with scope:
        model = MADD.from_preset("madd_tiny", input_size=32, seed=0, **fields)
        for layer in model._flatten_layers():
            if isinstance(layer, keras.layers.BatchNormalization):
                # The statistics of half a batch are not those of a batch.
                layer.trainable = False
        model.compile(keras.optimizers.SGD(0.05), jit_compile=False)
    history = model.fit(images, labels, batch_size=8, epochs=epochs, shuffle=False, verbose=0)
    return model, history.history

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
alone, alone_logs = train(contextlib.nullcontext(), 1, augmented_classification_weight=0.0)
shared, shared_logs = train(strategy.scope(), 1, augmented_classification_weight=0.0)
full, full_logs = train(strategy.scope(), 3)

def replicas(model):
    layer = model.region_independence
    with strategy.scope():
        values = strategy.experimental_local_results(layer.feature_centres._value)
    return [np.asarray(value).tolist() for value in values]

print(json.dumps({
    "alone": keras.ops.convert_to_numpy(alone.region_independence.feature_centres).tolist(),
    "shared": replicas(shared),
    "full": replicas(full),
    "alpha": float(keras.ops.convert_to_numpy(full.region_independence.alpha)),
    "logs": [alone_logs, shared_logs, full_logs],
}))
"""


@pytest.fixture(scope="module")
def trained():
    return run_script(SCRIPT)


@pytest.mark.slow
@tensorflow_only
def test_replicas_hold_equal_centres_those_of_the_whole_batch(trained):
    first, second = np.array(trained["shared"])
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first, trained["alone"], atol=1e-6)
    assert np.abs(first).max() > 1e-3
    first, second = np.array(trained["full"])
    np.testing.assert_array_equal(first, second)


@pytest.mark.slow
@tensorflow_only
def test_reported_terms_do_not_depend_on_the_number_of_replicas(trained):
    alone, shared, _ = trained["logs"]
    assert shared["classification_loss"] == pytest.approx(alone["classification_loss"], abs=1e-5)
    # Every replica compares its images with the centres of its half of the batch.
    ratio = shared["region_independence_loss"][0] / alone["region_independence_loss"][0]
    assert ratio == pytest.approx(1, abs=0.05)


@pytest.mark.slow
@tensorflow_only
def test_the_whole_step_trains(trained):
    logs = trained["logs"][2]
    assert logs["loss"][2] < logs["loss"][0]
    assert trained["alpha"] == pytest.approx(0.05 * 0.9**3)
