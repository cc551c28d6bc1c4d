"""Live metrics against scikit-learn and the evaluation's own figures."""

import keras
import numpy as np
import pytest
from backends import run_script, tensorflow_only
from keras import ops
from sklearn.metrics import roc_auc_score, roc_curve

import keras_madd
from keras_madd import MADD
from keras_madd.evaluation.metrics import equal_error_rate
from keras_madd.metrics import FakeAUC, FakeEER, FakeTPRAtFPR

ALL = (FakeAUC, FakeEER, FakeTPRAtFPR)


def draw(count=3000, spread=3.0, distance=2.0, num_classes=2, seed=0):
    """Logits `(N, K)`, classes `(N,)` and the log-odds of being fake in double precision."""
    random = np.random.default_rng(seed)
    classes = random.integers(0, num_classes, count)
    logits = random.normal(0, spread, (count, num_classes)).astype("float32")
    logits[:, 0] -= distance * (classes > 0)
    wide = logits.astype("float64")
    return logits, classes, np.logaddexp.reduce(wide[:, 1:], axis=1) - wide[:, 0]


def measured(metric, logits, classes, weight=None, size=700):
    for start in range(0, len(classes), size):
        part = slice(start, start + size)
        metric.update_state(classes[part], logits[part], None if weight is None else weight[part])
    return float(ops.convert_to_numpy(metric.result()))


@pytest.mark.parametrize("num_classes", [2, 5])
@pytest.mark.parametrize(("spread", "distance"), [(0.05, 0.03), (3.0, 2.0), (40.0, 60.0)])
def test_the_area_is_scikit_learns_within_half_the_tied_pairs(num_classes, spread, distance):
    logits, classes, score = draw(spread=spread, distance=distance, num_classes=num_classes)
    metric = FakeAUC()
    found = measured(metric, logits, classes)
    exact = roc_auc_score(classes > 0, score)
    assert abs(found - exact) <= float(ops.convert_to_numpy(metric.tied_pairs())) / 2 + 1e-6
    assert found == pytest.approx(exact, abs=1e-4 if spread > 1 else 1e-3)


def test_the_area_of_sure_networks_is_not_that_of_rounded_probabilities():
    # float32 holds each of these probabilities as 1.
    logits = np.array([[0, 20], [0, 30], [0, 40], [0, 50]], "float32")
    assert measured(FakeAUC(), logits, np.array([0, 1, 0, 1])) == pytest.approx(0.75)


def test_ties_count_one_half():
    assert measured(FakeAUC(), np.zeros((4, 2)), np.array([0, 1, 0, 1])) == pytest.approx(0.5)


@pytest.mark.parametrize("num_classes", [2, 5])
def test_the_other_figures_are_those_of_evaluation(num_classes):
    logits, classes, score = draw(num_classes=num_classes)
    false_alarms, hits, _ = roc_curve(classes > 0, score, drop_intermediate=False)
    found = measured(FakeEER(), logits, classes)
    assert found == pytest.approx(equal_error_rate(false_alarms, hits), abs=2e-3)
    for fpr in (0.01, 0.05, 0.5):
        exact = hits[false_alarms <= fpr][-1]
        found = measured(FakeTPRAtFPR(fpr), logits, classes)
        assert exact - 0.005 <= found <= exact + 1e-6


def test_extremes_of_the_figures():
    logits, classes, _ = draw(spread=0.1, distance=10.0)
    for sign, auc, eer, tpr in ((1, 1.0, 0.0, 1.0), (-1, 0.0, 1.0, 0.0)):
        signed = sign * logits
        assert measured(FakeAUC(), signed, classes) == pytest.approx(auc, abs=1e-6)
        assert measured(FakeEER(), signed, classes) == pytest.approx(eer, abs=1e-6)
        assert measured(FakeTPRAtFPR(), signed, classes) == pytest.approx(tpr, abs=1e-6)


@pytest.mark.parametrize("kind", ALL)
def test_labels_in_every_form_and_weights(kind):
    logits, classes, score = draw(count=500, num_classes=3)
    expected = measured(kind(), logits, classes, size=300)
    one_hot = np.eye(3, dtype="float32")[classes]
    for labels in (classes[:, None], classes.astype("float32"), one_hot):
        assert measured(kind(), logits, labels) == expected
    # Weights of 0 to 3 are that many images.
    weight = np.random.default_rng(1).integers(0, 4, 500)
    repeated = measured(kind(), np.repeat(logits, weight, 0), np.repeat(classes, weight))
    assert measured(kind(), logits, classes, weight) == pytest.approx(repeated, abs=1e-6)
    if kind is FakeAUC:
        exact = roc_auc_score(classes > 0, score, sample_weight=weight)
        assert repeated == pytest.approx(exact, abs=1e-3)


@pytest.mark.parametrize("kind", ALL)
def test_what_is_not_known_is_not_a_number(kind):
    logits, classes, _ = draw(count=8)
    for label in (0, 1):
        assert np.isnan(measured(kind(), logits, np.full(8, label)))
    assert np.isnan(measured(kind(), logits[:0], classes[:0]))
    broken = logits.copy()
    broken[0, 0] = np.nan
    metric = kind()
    assert np.isnan(measured(metric, broken, np.arange(8) % 2))
    metric.reset_state()
    assert np.isfinite(measured(metric, logits, np.arange(8) % 2))


@pytest.mark.parametrize("kind", ALL)
def test_infinite_logits_are_the_surest(kind):
    logits = np.array([[0, -np.inf], [0, 1], [0, 2], [0, np.inf]], "float32")
    finite = np.array([[0, -1e6], [0, 1], [0, 2], [0, 1e6]], "float32")
    labels = np.array([0, 1, 0, 1])
    assert measured(kind(), logits, labels) == measured(kind(), finite, labels)


@pytest.mark.parametrize("kind", ALL)
def test_configuration_round_trip(kind):
    extra = {"fpr": 0.2} if kind is FakeTPRAtFPR else {}
    metric = kind(bins=64, name="mine", **extra)
    config = keras.metrics.serialize(metric)
    twin = keras.metrics.deserialize(config)
    assert type(twin) is kind
    assert twin.get_config() == metric.get_config()
    assert {"bins", "name", "dtype", *extra} == set(twin.get_config())


def test_names_and_bad_arguments():
    assert [kind().name for kind in ALL] == ["fake_auc", "fake_eer", "fake_tpr_at_fpr_0.01"]
    assert keras_madd.metrics.FakeAUC is FakeAUC
    with pytest.raises(ValueError, match="`bins` must be a whole number of 2 or more"):
        FakeAUC(bins=1)
    with pytest.raises(ValueError, match="`fpr` must be above 0"):
        FakeTPRAtFPR(0)
    with pytest.raises(ValueError, match=r"`y_pred` must be logits of shape \(B, K\)"):
        FakeAUC().update_state(np.zeros(3), np.zeros((3, 1)))


def test_callbacks_follow_the_area_and_a_saved_model_keeps_it(tmp_path):
    random = np.random.default_rng(0)
    images, labels = random.integers(0, 256, (8, 32, 32, 3), "uint8"), np.arange(8) % 2
    model = MADD.from_preset("madd_tiny", input_size=32, seed=0, num_attentions=0)
    model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
    early = keras.callbacks.EarlyStopping("val_fake_auc", patience=5, restore_best_weights=True)
    path = tmp_path / "best.keras"
    best = keras.callbacks.ModelCheckpoint(path, monitor="val_fake_auc", save_best_only=True)
    history = model.fit(
        *(images, labels),
        epochs=3,
        verbose=0,
        validation_data=(images, labels),
        callbacks=[early, best],
    ).history
    assert early.best == best.best == max(history["val_fake_auc"])
    loaded = keras.saving.load_model(path)
    exact = roc_auc_score(labels, loaded.fake_probability(images))
    assert exact == pytest.approx(max(history["val_fake_auc"]), abs=1e-6)
    loaded.run_eagerly = True
    logs = loaded.evaluate(images, labels, verbose=0, return_dict=True)
    assert logs["fake_auc"] == pytest.approx(exact, abs=1e-6)


REPLICAS = """
import json
import tensorflow as tf

(cpu,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, 2 * [tf.config.LogicalDeviceConfiguration()])

import keras
import numpy as np
from sklearn.metrics import roc_auc_score
from keras_madd.metrics import FakeAUC

random = np.random.default_rng(0)
# One replica sees the first half of every batch: there, fakes score lower.
logits = random.normal(0, 1, (64, 2)).astype("float32")
labels = np.arange(64) % 2
logits[:, 1] += np.where(np.arange(64) % 16 < 8, -1, 2) * labels
with tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope():
    inputs = keras.Input((2,))
    model = keras.Model(inputs, keras.layers.Activation("linear")(inputs))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, metrics=[FakeAUC()], jit_compile=False)
found = model.evaluate(logits, labels, batch_size=16, verbose=0, return_dict=True)["fake_auc"]
print(json.dumps([found, roc_auc_score(labels, logits[:, 1] - logits[:, 0])]))
"""


@pytest.mark.slow
@tensorflow_only
def test_replicas_measure_what_all_of_them_saw():
    found, exact = run_script(REPLICAS)
    assert found == pytest.approx(exact, abs=1e-3)
