"""One pass at a time gives the step that both passes at once give."""

import contextlib

import keras
import numpy as np
import pytest
from backends import BACKEND, tensorflow_only
from keras import ops

from keras_madd import MADD
from keras_madd.layers.match_loss import match_loss

SIZE = 32
RATE = 0.01
# XLA rounds the two forms differently, and a pixel at the threshold of a hard drop then falls
# to either side.
MODE = "soft" if BACKEND == "jax" else "mix"
DROPOUT = {"region_dropout": 0.3, "global_dropout": 0.3, "agda_mode": MODE}
OFFICIAL = {"variant": "official", "inner_margins": (0.2, -0.8), "outer_margin": 0.8}
TWICE = {"update_state_in_second_pass": True}
CASES = {
    "paper": DROPOUT,
    "paper, state moved twice": {**DROPOUT, **TWICE},
    "paper, no RIL": {**DROPOUT, "region_independence_weight": 0.0},
    "paper, match": {**DROPOUT, "match_weight": 0.7},
    "match alone": {**DROPOUT, "match_weight": 0.7, "augmented_classification_weight": 0.0},
    "released code": {**OFFICIAL, **DROPOUT, "match_weight": 0.7, **TWICE},
    "match, no RIL": {**DROPOUT, "match_weight": 0.7, "region_independence_weight": 0.0},
    "deepfakebench": {"variant": "deepfakebench", **DROPOUT},
}


class BothAtOnce(MADD):
    """The step as an equation: both passes, one sum, one gradient."""

    makes_two_passes = False

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if not isinstance(y_pred, dict):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        config = self.config
        total = self.additional_losses(self.losses)
        terms = self.first_pass_terms(y, y_pred, sample_weight)
        augmented, index = self.augmentation(x, y_pred["attention_maps"])
        twice = config.update_state_in_second_pass
        with contextlib.nullcontext() if twice else self._kept_averages():
            second = self.network(augmented, training=True)
        if twice and config.trains_region_independence:
            self.region_independence_term(y, second, sample_weight)
        terms["augmented_classification"] = self.classification(y, second["logits"], sample_weight)
        if config.match_weight > 0:
            difference = second["regional_features"] - y_pred["regional_features"]
            terms["match"] = match_loss(difference, index)
        for name, value in terms.items():
            total = total + getattr(config, f"{name}_weight") * value
            self.term_trackers[name].update_state(value)
        return total


def one_step(kind, fields, dtype=None, optimizer=None, steps=1, **compiled):
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
    before = arrays(model.trainable_variables)
    for _ in range(steps):
        logs = model.train_on_batch(images, labels, sample_weight=weight, return_dict=True)
    after = arrays(model.trainable_variables)
    move = np.concatenate([(old - new).ravel() for old, new in zip(before, after, strict=True)])
    return {"logs": logs, "move": move, "state": arrays(model.non_trainable_variables)}


def both_at_once(case, steps):
    return one_step(BothAtOnce, CASES[case], steps=steps, run_eagerly=BACKEND != "jax")


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


# JAX compiles each step for half a minute.
@pytest.mark.parametrize("case", ("paper", "released code") if BACKEND == "jax" else CASES)
def test_gradients_state_and_terms_are_those_of_both_passes_at_once(case):
    found = one_step(MADD, CASES[case], run_eagerly=BACKEND != "jax")
    assert_same_step(found, both_at_once(case, 1), 2e-5)


@tensorflow_only
@pytest.mark.parametrize("case", ["paper", "released code"])
def test_a_traced_step_is_that_of_both_passes_at_once(case):
    found = one_step(MADD, CASES[case], steps=2, jit_compile=False)
    assert_same_step(found, both_at_once(case, 2), 1e-4)


@tensorflow_only
@pytest.mark.parametrize("case", ["paper", "released code"])
def test_gradients_are_scaled_before_they_are_made(case):
    # Of a loss this small, float16 gradients vanish unless the loss is scaled first.
    small = {f"{name}_weight": 1e-7 for name in ("classification", "augmented_classification")}
    fields = {**CASES[case], **small, "region_independence_weight": 0.0, "match_weight": 0.0}
    if case == "released code":
        fields["match_weight"] = 1e-7

    def step(kind, scale):
        inner = keras.optimizers.SGD(1e5, momentum=0.5)
        optimizer = keras.optimizers.LossScaleOptimizer(inner, initial_scale=scale)
        return one_step(kind, fields, "mixed_float16", optimizer, run_eagerly=BACKEND != "jax")

    found, expected = (step(kind, 2.0**20) for kind in (MADD, BothAtOnce))
    size = np.linalg.norm(expected["move"])
    assert np.linalg.norm(found["move"] - expected["move"]) < 0.03 * size
    assert np.linalg.norm(step(MADD, 1.0)["move"] - expected["move"]) > 0.1 * size


@tensorflow_only
def test_a_gradient_that_overflows_leaves_the_weights_and_the_reported_loss_alone():
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(RATE), initial_scale=2.0**60
    )
    found = one_step(MADD, CASES["paper"], "mixed_float16", optimizer, run_eagerly=True)
    assert np.linalg.norm(found["move"]) == 0
    assert np.isfinite(list(found["logs"].values())).all()
