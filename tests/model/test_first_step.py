"""How often a step is traced before it runs."""

import keras
import numpy as np
from backends import tensorflow_only

from keras_madd import MADD

pytestmark = tensorflow_only
SIZE = 32


class Counting(MADD):
    """Counts how often Python runs through its steps: once for each tracing."""

    traced_training = traced_evaluation = 0

    def train_step(self, *args):
        self.traced_training += 1
        return super().train_step(*args)

    def test_step(self, *args):
        self.traced_evaluation += 1
        return super().test_step(*args)


def compiled(**arguments):
    model = Counting(backbone="tiny", input_size=SIZE, seed=0, **arguments)
    model.compile(jit_compile=False)
    return model


def batch(count):
    images = np.random.default_rng(0).integers(0, 256, (count, SIZE, SIZE, 3), "uint8")
    return images, np.arange(count) % 2


def test_a_batch_is_traced_once():
    model = compiled(num_attentions=0)
    model.train_on_batch(*batch(4))
    model.train_on_batch(*batch(4))
    assert model.traced_training == 1


def test_an_epoch_with_a_smaller_last_batch_and_its_validation_are_traced_once_each():
    model = compiled()
    history = model.fit(
        *batch(10), batch_size=4, epochs=2, verbose=0, validation_data=batch(6)
    ).history
    assert (model.traced_training, model.traced_evaluation) == (1, 1)
    assert {"accuracy", "val_accuracy", "val_fake_auc"} <= set(history)


def test_evaluation_alone_is_traced_once():
    model = compiled(num_attentions=0)
    logs = model.evaluate(*batch(6), batch_size=4, verbose=0, return_dict=True)
    assert model.traced_evaluation == 1
    assert set(logs) == {"loss", "accuracy", "fake_auc"}


def test_weights_unfrozen_after_compile_are_trained():
    model = compiled(num_attentions=0)
    model.network.trainable = False
    model.network.trainable = True
    before = [keras.ops.convert_to_numpy(each) for each in model.trainable_variables]
    model.train_on_batch(*batch(4))
    assert len(before) == len(model.optimizer._trainable_variables)
    assert not np.allclose(before[0], keras.ops.convert_to_numpy(model.trainable_variables[0]))
