"""One seed, one run: initial weights, stochastic depth, losses; and a resumed run goes on."""

import random

import keras
import numpy as np
import pytest
from backends import as_numpy, run_script, tensorflow_only

from keras_madd import MADD
from keras_madd.model.seeds import seeds_from

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype("uint8")
LABELS = np.array([0, 1, 0, 1])
FIELDS = {"input_size": 32, "drop_connect_rate": 0.5, "global_dropout": 0.2}
TWICE = """
import json
import keras
import numpy as np
from keras_madd import MADD

def built(seed):
    model = MADD(backbone="efficientnet_b0", input_size=32, seed=seed)
    values = [*model.get_weights(), *map(keras.ops.convert_to_numpy, model._seed_states())]
    return np.concatenate([value.ravel() for value in values])

def losses(seed):
    model = MADD(
        backbone="tiny", input_size=32, seed=seed, region_dropout=0.5, global_dropout=0.5
    )
    model.compile()
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3)).astype("uint8")
    return [float(model.train_on_batch(images, np.arange(4) % 2)[0]) for _ in range(3)]

first, second = built(0), built(0)
print(json.dumps({
    "weights": [len(first), float(np.abs(first - second).max())],
    "losses": [losses(0), losses(0), losses(1)],
}))
"""


def train(model, steps):
    return [model.train_on_batch(IMAGES, LABELS, return_dict=True)["loss"] for _ in range(steps)]


@pytest.mark.slow
def test_a_seed_gives_weights_and_losses_and_a_saved_model_goes_on(tmp_path):
    first, second, other = (
        MADD(backbone="efficientnet_b0", seed=seed, **FIELDS) for seed in (0, 0, 1)
    )
    for mine, twin in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, twin)
    kernels = [as_numpy(each.network.trainable_variables[0]) for each in (first, other)]
    assert np.abs(kernels[0] - kernels[1]).max() > 0.01

    for model in (first, second):
        model.compile(keras.optimizers.SGD(0.001), run_eagerly=True)
    losses = train(first, 2)
    # Stochastic depth moves the loss of equal weights far more than this.
    np.testing.assert_allclose(train(second, 1), losses[:1], rtol=1e-5)
    second.save(tmp_path / "model.keras")
    resumed = keras.models.load_model(tmp_path / "model.keras")
    resumed.compile(keras.optimizers.SGD(0.001), run_eagerly=True)
    np.testing.assert_allclose(train(resumed, 1), losses[1:], rtol=1e-4)


@pytest.mark.slow
@tensorflow_only
def test_a_seed_gives_weights_and_losses_on_jax():
    found = run_script(TWICE, "jax")
    count, difference = found["weights"]
    assert count > 4e6
    assert difference == 0
    first, second, other = found["losses"]
    np.testing.assert_allclose(second, first, rtol=1e-5)
    assert abs(other[0] - first[0]) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("backbone", ["efficientnet_v2_b0", "official_efficientnet_b0"])
def test_stochastic_depth_of_other_backbones_is_seeded(backbone):
    first, second = (MADD(backbone=backbone, seed=0, **FIELDS) for _ in range(2))
    states = [np.array(as_numpy(model._seed_states())) for model in (first, second)]
    assert len(np.unique(states[0][:, 0])) == len(states[0]) > 9
    np.testing.assert_array_equal(*states)


def test_every_random_layer_has_a_seed_of_its_own():
    model = MADD(backbone="tiny", input_size=32, seed=0, region_dropout=0.5, global_dropout=0.5)
    seeds = [int(state[0]) for state in as_numpy(model._seed_states())]
    assert len(set(seeds)) == len(seeds) == 3


def test_pythons_own_random_numbers_go_on_undisturbed():
    random.seed(5)
    expected = [random.random(), random.random()]
    random.seed(5)
    found = [random.random()]
    with seeds_from(0):
        inside = random.random()
    found.append(random.random())
    assert found == expected
    with seeds_from(0):
        assert random.random() == inside
