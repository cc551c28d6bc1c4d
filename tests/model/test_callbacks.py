import keras
import numpy as np
import pytest
from keras import ops

from keras_madd import MADD
from keras_madd.model.callbacks import BatchProgress, StopOnNonFinite


def model_and_data():
    model = MADD.from_preset("madd_tiny", input_size=32, seed=0, num_attentions=0)
    model.compile(keras.optimizers.SGD(0.0), jit_compile=False)
    images = np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3), "uint8")
    return model, images, np.arange(8) % 2


class VectorMetric(keras.metrics.Metric):
    """One figure for each class, as some users' metrics have."""

    def update_state(self, y_true, y_pred, sample_weight=None):
        pass

    def result(self):
        return ops.convert_to_tensor([0.25, float("nan")])


@pytest.mark.parametrize("known", [True, False])
def test_progress_counts_over_all_epochs_known_or_not(known):
    model, images, labels = model_and_data()
    model.compile(metrics=[VectorMetric(name="each")], run_eagerly=True)
    seen = []
    progress = BatchProgress(lambda done, total, logs: seen.append((done, total, logs)), epochs=2)
    finite = StopOnNonFinite()
    progress.set_params({"steps": 2 if known else None})
    for callback in (progress, finite):
        callback.set_model(model)
    for epoch in range(2):
        progress.on_epoch_begin(epoch)
        for step in range(2):
            logs = model.train_on_batch(images[:4], labels[:4], return_dict=True)
            for callback in (finite, progress):
                callback.on_train_batch_end(step, logs)
    assert [each[:2] for each in seen] == [(done, 4 if known else None) for done in (1, 2, 3, 4)]
    assert "each" in seen[0][2]
    assert finite.message is None


def batches(images, labels):
    """Batches of unknown number."""
    yield images[:4], labels[:4]
    yield images[4:], labels[4:]


def test_progress_of_a_fit_does_not_wait_for_the_figures():
    model, images, labels = model_and_data()
    seen, waited = [], []

    class Watch(keras.callbacks.CallbackList):
        def __init__(self, callbacks):
            super().__init__(callbacks)
            waited.append(not self._async_train)

    progress = BatchProgress(lambda done, total, logs: seen.append((done, total)), epochs=2)
    Watch([StopOnNonFinite(), progress])
    assert waited == [not keras.src.backend.IS_THREAD_SAFE]
    finite = StopOnNonFinite()
    model.fit(images, labels, batch_size=2, epochs=2, verbose=0, callbacks=[progress, finite])
    assert seen[-1] == (8, 8)
    assert seen == sorted(seen)
    one_epoch = BatchProgress(lambda done, total, logs: seen.append((done, total)), epochs=1)
    model.fit(batches(images, labels), verbose=0, callbacks=[one_epoch])
    assert seen[-1] == (2, None)


def test_the_first_loss_that_is_not_finite_is_named_whatever_the_order():
    finite = StopOnNonFinite()
    finite.set_model(model_and_data()[0])
    for batch in (5, 3, 4):
        finite.on_train_batch_end(batch, {"loss": np.inf, "fake_auc": np.nan, "match_loss": 1.0})
    finite.on_train_batch_end(0, {"loss": 1.0, "fake_auc": np.nan})
    assert finite.message.startswith("training stopped at batch 4: loss is not finite")
    assert finite.model.stop_training


def test_each_training_is_judged_alone():
    model, images, labels = model_and_data()
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    weights = model.get_weights()
    finite = StopOnNonFinite()
    for pixels, stopped in ((images * np.nan, True), (images, False), (images * np.nan, True)):
        model.set_weights(weights)
        model.fit(pixels, labels, batch_size=4, verbose=0, callbacks=[finite])
        assert (finite.message is not None) is stopped


def test_a_list_of_callbacks_may_be_used_again():
    model = MADD.from_preset("madd_tiny", input_size=32, seed=0)
    model.compile(run_eagerly=True)
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), "uint8")
    alphas = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: alphas.append(float(model.region_independence.alpha))
    )
    callbacks = keras.callbacks.CallbackList([note], add_history=True, model=model)
    for _ in range(3):
        model.fit(images, np.arange(4) % 2, verbose=0, callbacks=callbacks)
    # The decay comes before what is noted or saved at the end of an epoch, and once.
    np.testing.assert_allclose(alphas, 0.05 * 0.9 ** np.arange(1, 4), rtol=1e-5)
    assert [type(each).__name__ for each in callbacks.callbacks] == ["LambdaCallback", "History"]
