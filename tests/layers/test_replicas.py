"""Layers on two replicas of unequal parts give what one device gives for the whole batch."""

import numpy as np
import pytest
from backends import run_script, tensorflow_only

SCRIPT = """
import json
import keras
import numpy as np
import tensorflow as tf
from keras_madd.layers import (
    OfficialRegionIndependence, RegionIndependence, SampleVarianceBatchNormalization
)
from keras_madd.layers import portable_random
from keras_madd.layers.match_loss import match_loss

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, 2 * [tf.config.LogicalDeviceConfiguration()])
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
random = np.random.default_rng(0)
ROWS = 7
BATCH = {
    "features": random.normal(0, 0.3, (ROWS, 3, 4)).astype("float32"),
    "labels": np.array([0, 0, 0, 1, 0, 1, 1]),
    "weights": random.uniform(0.2, 2, ROWS).astype("float32"),
    "index": random.integers(0, 3, ROWS),
}

class Numbers(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.seed_generator = keras.random.SeedGenerator(3)

    def call(self, rows):
        return {
            "uniform": portable_random.uniform((rows, 2), self.seed_generator),
            "normal": portable_random.normal((rows, 2), self.seed_generator),
            "choice": portable_random.choice(tf.ones((rows, 5)), self.seed_generator)[:, None],
            "scalar": portable_random.uniform((), self.seed_generator),
        }

def make():
    losses = [RegionIndependence(0.5), RegionIndependence(0.5, reduction="mean", squared=False),
              OfficialRegionIndependence(0.5)]
    for layer in losses:
        layer.build((None, 3, 4))
        layer.feature_centres.assign(0.1 * np.arange(12.0).reshape(3, 4))
    norm = SampleVarianceBatchNormalization(synchronized=True)
    norm.build((None, 3, 4))
    return losses, norm, Numbers()

def step(layers, features, labels, weights, index):
    losses, norm, numbers = layers
    found = numbers(tf.shape(labels)[0])
    with tf.GradientTape() as tape:
        tape.watch(features)
        values = [layer(features, labels, weights, training=True) for layer in losses]
        values.append(match_loss(features, index, weights))
        # As Keras does it: every replica counts its share, and gradients are summed.
        shares = tf.add_n(values) / tf.distribute.get_strategy().num_replicas_in_sync
    found["gradient"] = tape.gradient(shares, features)
    norm(features, training=True)
    return found | {
        "values": tf.stack(values),
        "centres": tf.stack([layer.feature_centres.value for layer in losses]),
        "averages": tf.stack([norm.moving_mean.value, norm.moving_variance.value]),
    }

def lists(results):
    return {name: value.numpy().tolist() for name, value in results.items()}

whole = lists(step(make(), **{name: tf.constant(value) for name, value in BATCH.items()}))
found = {}
for first in (5, 7):
    with strategy.scope():
        layers = make()
    cuts = [slice(0, first), slice(first, ROWS)]
    parts = {
        name: strategy.experimental_distribute_values_from_function(
            lambda context, value=value: tf.constant(
                value[cuts[context.replica_id_in_sync_group]]
            )
        )
        for name, value in BATCH.items()
    }
    result = tf.function(lambda: strategy.run(step, args=(layers,), kwargs=parts))()
    replicas = [strategy.experimental_local_results(value) for value in result.values()]
    found[first] = [lists(dict(zip(result, values))) for values in zip(*replicas)]
print(json.dumps({"whole": whole, "found": found}))
"""


@pytest.fixture(scope="module")
def results():
    return run_script(SCRIPT)


@pytest.mark.slow
@tensorflow_only
@pytest.mark.parametrize("first", ["5", "7"])
def test_two_replicas_draw_and_compute_what_one_device_does(results, first):
    whole, parts = results["whole"], results["found"][first]
    for name in ("uniform", "normal", "choice", "gradient"):
        together = [row for part in parts for row in part[name]]
        np.testing.assert_allclose(together, whole[name], atol=1e-6, err_msg=name)
    for name in ("scalar", "values", "centres", "averages"):
        for part in parts:
            np.testing.assert_allclose(part[name], whole[name], rtol=1e-5, atol=1e-6, err_msg=name)
    draws = np.array(whole["uniform"])
    assert len(np.unique(draws)) == draws.size
    assert min(whole["values"]) > 0.01
