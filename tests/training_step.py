"""One training step of small models, as arrays, to compare two ways to make it."""

import keras
import numpy as np
import pytest
from keras import ops

SIZE = 32
RATE = 0.01


def one_step(kind, fields, dtype=None, optimizer=None, steps=1, **compiled):
    """Reported figures, moves of the weights and state after steps of a small `MADD`."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (8, SIZE, SIZE, 3), "uint8")
    labels = np.arange(8) % 2
    weight = random.uniform(0.5, 1.5, 8).astype("float32")
    preset = {"backbone": "tiny", "input_size": SIZE, "drop_connect_rate": 0.0, "seed": 0}
    model = kind(**{**preset, "centre_step": 0.5, **fields}, dtype=dtype)
    centres = model.region_independence
    if centres is not None:
        value = random.normal(0, 0.1, centres.feature_centres.shape)
        centres.feature_centres.assign(value)
    # The momentum of the first step is the gradient.
    model.compile(optimizer or keras.optimizers.SGD(RATE, momentum=0.5), **compiled)
    return made(model, images, labels, steps, sample_weight=weight)


def made(model, images, labels, steps=1, **given):
    """Reported figures, moves of the weights and state after steps of a compiled model."""
    before = arrays(model.trainable_variables)
    for _ in range(steps):
        logs = model.train_on_batch(images, labels, return_dict=True, **given)
    after = arrays(model.trainable_variables)
    move = np.concatenate([(old - new).ravel() for old, new in zip(before, after, strict=True)])
    return {"logs": logs, "move": move, "state": arrays(model.non_trainable_variables)}


def arrays(variables):
    return [ops.convert_to_numpy(variable).astype("float64") for variable in variables]


def assert_same_step(found, expected, tolerance):
    assert found["logs"].keys() == expected["logs"].keys()
    for name, value in expected["logs"].items():
        assert found["logs"][name] == pytest.approx(value, rel=tolerance, abs=tolerance), name
    size = np.linalg.norm(expected["move"])
    assert size > 0
    assert np.linalg.norm(found["move"] - expected["move"]) <= tolerance * size
    for left, right in zip(found["state"], expected["state"], strict=True):
        np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)
