"""A step that computes feature maps again is the step that keeps them."""

from typing import ClassVar

import keras
import numpy as np
import pytest
from backends import BACKEND, tensorflow_only
from training_step import assert_same_step, made, one_step

from keras_madd import MADD, FaceClassifier, OwnNetwork
from keras_madd.model.early_gradient import pullback, values_of

DROPOUT = {"region_dropout": 0.3, "global_dropout": 0.3}
OFFICIAL = {"variant": "official", "inner_margins": (0.2, -0.8), "outer_margin": 0.8}
CASES = {
    "paper": DROPOUT,
    "released code": {**OFFICIAL, **DROPOUT, "match_weight": 0.7},
    "detached prefix": {**DROPOUT, "agda_attention": "detached_prefix"},
    "plain": {**DROPOUT, "num_attentions": 0},
}


def both(step):
    return step(rematerialize=True), step(rematerialize=False)


# JAX compiles each step for half a minute.
@pytest.mark.parametrize("case", ["paper"] if BACKEND == "jax" else CASES)
def test_gradients_state_and_draws_are_those_of_the_plain_step(case):
    eager = {"run_eagerly": BACKEND != "jax"}
    found, expected = both(lambda **how: one_step(MADD, CASES[case], **how, **eager))
    assert_same_step(found, expected, 2e-5)


@tensorflow_only
def test_a_traced_step_is_the_plain_step():
    found, expected = both(
        lambda **how: one_step(MADD, CASES["paper"], jit_compile=False, steps=2, **how)
    )
    assert_same_step(found, expected, 1e-4)


@tensorflow_only
def test_weights_are_read_in_full_precision():
    # Inside a call with half-precision layers Keras hands out half-precision weights.
    found, expected = both(
        lambda **how: one_step(
            MADD, CASES["detached prefix"], "mixed_bfloat16", run_eagerly=True, **how
        )
    )
    assert_same_step(found, expected, 1e-3)


@keras.saving.register_keras_serializable(package="test_rematerialization")
class Penalty(keras.layers.Layer):
    """Adds a loss, and a dropout that is told of no training."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dropout = keras.layers.Dropout(0.5, seed=1)

    def call(self, x):
        self.add_loss(0.3 * keras.ops.mean(x**2))
        return self.dropout(x)


def own_network():
    pixels = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3, strides=2, kernel_regularizer="l2")(pixels / 255.0)
    for width in (6, 8, 8):
        x = Penalty()(keras.layers.BatchNormalization()(x))
        x = keras.layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return OwnNetwork.around(keras.Model(pixels, keras.layers.Dense(2)(x)), seed=0)


def two_branch():
    small = {"width": 8, "growth": 4, "dense_layers": [2, 2], "embedding_width": 8}
    return FaceClassifier.from_preset("two_branch", input_size=32, seed=0, **small)


@pytest.mark.parametrize("make", [own_network, two_branch])
def test_losses_of_layers_and_terms_of_rivals_stay(make):
    def step(**how):
        keras.utils.set_random_seed(0)
        model = make()
        model.compile(keras.optimizers.SGD(0.01, momentum=0.5), run_eagerly=BACKEND != "jax", **how)
        side = model.config.input_size[0]
        images = np.random.default_rng(0).integers(0, 256, (4, side, side, 3), "uint8")
        return made(model, images, np.arange(4) % 2)

    assert_same_step(*both(step), 2e-5)


@keras.saving.register_keras_serializable(package="test_rematerialization")
class Counted(keras.layers.Layer):
    calls: ClassVar[list] = []

    def call(self, x):
        self.calls.append(self.name)
        return x


def test_blocks_are_computed_twice_and_the_last_segment_once():
    calls = Counted.calls
    pixels = keras.Input((16, 16, 3))
    x = pixels / 255.0
    for number in range(6):
        x = keras.layers.Conv2D(4, 3, padding="same")(Counted(name=f"layer_{number}")(x))
        x = keras.layers.Activation("tanh")(x)
    logits = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x))
    model = OwnNetwork.around(keras.Model(pixels, Counted(name="last")(logits)))
    model.compile(rematerialize=True, run_eagerly=BACKEND != "jax", jit_compile=BACKEND == "jax")
    calls.clear()
    images = keras.ops.ones((2, 16, 16, 3))
    weights = values_of(model.trainable_variables)

    def loss(weights):
        mapping = list(zip(model.trainable_variables, weights, strict=True))
        with keras.StatelessScope(mapping):
            return keras.ops.sum(model.run_network(images, training=True)["logits"]), ()

    total, _, pull = pullback(loss, weights)
    pull(keras.ops.ones_like(total))
    assert calls.count("layer_0") == 2
    assert calls.count("last") == 1


def test_a_saved_model_goes_on_as_it_was_told(tmp_path):
    model = MADD(backbone="tiny", input_size=32)
    for told in (True, False):
        model.compile(rematerialize=told)
        model.save(tmp_path / "model.keras")
        back = keras.saving.load_model(tmp_path / "model.keras")
        assert back.rematerialize is told
        assert ("rematerialize" in back.get_compile_config()) is told
