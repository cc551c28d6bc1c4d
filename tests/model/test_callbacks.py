import keras
import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from keras_madd import MADD
from keras_madd.model.callbacks import BatchProgress, BestOnValidation, StopOnNonFinite


def model_and_data():
    model = MADD.from_preset("madd_tiny", input_size=32, seed=0, num_attentions=0)
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), "uint8")
    return model, images, np.arange(8) % 2


def test_the_best_epoch_comes_back():
    model, images, labels = model_and_data()
    best = BestOnValidation(images, labels)
    best.set_model(model)
    scores = iter([np.linspace(0, 1, 8), labels.astype(float), 1.0 - labels])
    model.fake_probability = lambda _: next(scores)
    bias = model.network.get_layer("head").bias
    aucs = []
    for epoch in range(3):
        bias.assign([0.0, float(epoch)])
        logs = {}
        best.on_epoch_end(epoch, logs)
        aucs.append(logs["val_fake_auc"])
    best.on_train_end()
    assert best.best_epoch == 1
    assert aucs == [0.625, 1.0, 0.0]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(bias), [0.0, 1.0])


def test_progress_counts_over_all_epochs():
    model, images, labels = model_and_data()
    seen = []
    progress = BatchProgress(lambda done, total, logs: seen.append((done, total)), epochs=2)
    model.fit(images, labels, batch_size=4, epochs=2, verbose=0, callbacks=[progress])
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_best_epoch_of_a_real_fit_is_what_remains():
    """Rates rise until the weights are ruined: the last epoch is not the best."""
    model, images, labels = model_and_data()
    images[labels == 1, ::2] = 255
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([6], [0.02, 1e4])
    model.compile(keras.optimizers.SGD(schedule), run_eagerly=True)
    best = BestOnValidation(images, labels)
    history = model.fit(images, labels, batch_size=4, epochs=4, verbose=0, callbacks=[best])
    aucs = history.history["val_fake_auc"]
    assert best.best_auc == max(aucs) > min(aucs)
    assert aucs[best.best_epoch] == best.best_auc
    scores = model.fake_probability(images)
    assert roc_auc_score(labels, scores) == best.best_auc
    # Each quantity of validation stands beside that of training, under its name.
    named = {name.removeprefix("val_") for name in history.history if name.startswith("val_")}
    assert named == {"fake_auc", "accuracy", "classification_loss"} <= set(history.history)
    last = history.history["val_classification_loss"][best.best_epoch]
    assert last == pytest.approx(log_loss(labels, scores), rel=1e-5)
    accuracy = np.mean((scores >= 0.5) == labels)
    assert history.history["val_accuracy"][best.best_epoch] == accuracy


def test_a_loss_that_is_not_finite_stops_a_real_fit():
    model, images, labels = model_and_data()
    model.compile(keras.optimizers.SGD(1e30), run_eagerly=True)
    finite = StopOnNonFinite()
    history = model.fit(images, labels, batch_size=2, epochs=5, verbose=0, callbacks=[finite])
    assert len(history.epoch) == 1
    assert "loss is not finite" in finite.message


def test_half_precision_scales_its_loss():
    model = MADD.from_preset("madd_tiny", input_size=32, num_attentions=0, dtype="mixed_float16")
    model.compile()
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert isinstance(model.optimizer.inner_optimizer, keras.optimizers.AdamW)
    model = MADD.from_preset("madd_tiny", input_size=32, num_attentions=0, dtype="mixed_bfloat16")
    model.compile()
    assert isinstance(model.optimizer, keras.optimizers.AdamW)
