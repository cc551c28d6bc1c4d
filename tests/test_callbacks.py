import keras
import numpy as np

from keras_madd import MADD
from keras_madd.callbacks import BatchProgress, BestOnValidation


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
        aucs.append(logs["val_auc"])
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
