import math

import keras
import numpy as np
import pytest

from keras_madd.model.warm_up import WarmUp
from keras_madd.training.schedule import make_optimizer, make_schedule
from keras_madd.training.settings import TrainSettings


def rates(settings, batches_per_epoch, steps):
    schedule = make_schedule(settings, batches_per_epoch)
    return np.array([float(schedule(step)) for step in steps])


def settings(**values):
    return TrainSettings(output="run", learning_rate=0.4, **values)


def test_the_warm_up_is_a_straight_line_to_the_highest_rate():
    found = rates(settings(epochs=4, warmup_epochs=1), 4, range(5))
    np.testing.assert_allclose(found, [0.1, 0.2, 0.3, 0.4, 0.4], rtol=1e-6)


def test_cosine_is_half_way_at_half_time_and_ends_at_zero():
    run = settings(epochs=5, warmup_epochs=1, schedule="cosine")
    found = rates(run, 10, [10, 20, 30, 49, 50, 60])
    closed = [0.4, 0.2 * (1 + math.cos(math.pi / 4)), 0.2, 0.2 * (1 + math.cos(math.pi * 39 / 40))]
    np.testing.assert_allclose(found, [*closed, 0.0, 0.0], atol=1e-7)


def test_linear_falls_in_a_straight_line():
    run = settings(epochs=5, warmup_epochs=1, schedule="linear")
    np.testing.assert_allclose(rates(run, 10, [10, 20, 40, 50]), [0.4, 0.3, 0.1, 0.0], atol=1e-7)


def test_step_halves_every_fifth_epoch_as_the_released_code_does():
    run = settings(epochs=12, warmup_epochs=0, schedule="step")
    found = rates(run, 3, [0, 14, 15, 29, 30, 35])
    np.testing.assert_allclose(found, [0.4, 0.4, 0.2, 0.2, 0.1, 0.1], rtol=1e-6)


def test_one_epoch_is_half_warm_up():
    found = rates(settings(epochs=1), 4, range(4))
    np.testing.assert_allclose(found, [0.2, 0.4, 0.4, 0.2], rtol=1e-6)


def test_it_is_saved_whole():
    schedule = make_schedule(settings(epochs=3, schedule="step"), 5)
    config = keras.saving.serialize_keras_object(schedule)
    again = keras.saving.deserialize_keras_object(config)
    assert isinstance(again, WarmUp)
    assert [float(again(step)) for step in range(15)] == [float(schedule(s)) for s in range(15)]


def test_under_accumulated_gradients_epochs_are_still_epochs():
    optimizer = make_optimizer(settings(epochs=2, gradient_accumulation=2), 4)
    variable = keras.Variable([0.0])
    optimizer.build([variable])
    seen = []
    for _ in range(5):
        seen.append(float(optimizer.learning_rate))
        optimizer.apply([keras.ops.ones((1,))])
    np.testing.assert_allclose(seen, [0.1, 0.2, 0.3, 0.4, 0.4], rtol=1e-6)


@pytest.mark.parametrize("accumulation", [1, 2])
def test_the_average_follows_its_closed_form(accumulation):
    run = settings(
        epochs=10,
        warmup_epochs=0,
        schedule="step",
        optimizer="sgd",
        weight_decay=0.0,
        ema=0.8,
        gradient_accumulation=accumulation,
    )
    optimizer = make_optimizer(run, 100 * accumulation)
    variable = keras.Variable([1.0])
    optimizer.build([variable])
    seen = []
    for _ in range(6):
        for _ in range(accumulation):
            optimizer.apply([keras.ops.ones((1,))])
        seen.append(float(variable[0]))
    # Weights count in full once the batches before their next update have gone by.
    for _ in range(accumulation - 1):
        optimizer.apply([keras.ops.ones((1,))])
    # The first update sets the average; each later one adds a fifth of the new weights.
    expected = seen[0]
    for value in seen[1:]:
        expected = 0.8 * expected + 0.2 * value
    averaged = keras.Variable([0.0])
    optimizer.finalize_variable_values([averaged])
    assert float(averaged[0]) == pytest.approx(expected, rel=1e-5)
    assert float(variable[0]) == seen[-1]


def test_a_warm_up_longer_than_half_the_run_is_as_long_as_was_asked_for():
    found = rates(settings(epochs=4, warmup_epochs=3), 2, range(8))
    np.testing.assert_allclose(found[:7], [0.4 * step / 6 for step in range(1, 7)] + [0.4], 1e-6)
    assert found[7] == pytest.approx(0.2, rel=1e-6)
