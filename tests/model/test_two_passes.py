"""One pass at a time gives the step that both passes at once give."""

import contextlib

import keras
import numpy as np
import pytest
from backends import BACKEND, tensorflow_only
from training_step import RATE, assert_same_step, one_step

from keras_madd import MADD
from keras_madd.layers.match_loss import match_loss

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
            terms["match"] = match_loss(difference, index, sample_weight)
        for name, value in terms.items():
            total = total + getattr(config, f"{name}_weight") * value
            self.term_trackers[name].update_state(value)
        return total


# JAX compiles each step for half a minute.
@pytest.mark.parametrize("case", ("paper", "released code") if BACKEND == "jax" else CASES)
def test_gradients_state_and_terms_are_those_of_both_passes_at_once(case):
    found, expected = (
        one_step(kind, CASES[case], run_eagerly=BACKEND != "jax") for kind in (MADD, BothAtOnce)
    )
    assert_same_step(found, expected, 2e-5)


@tensorflow_only
@pytest.mark.parametrize("case", ["paper", "released code"])
def test_a_traced_step_is_that_of_both_passes_at_once(case):
    found, expected = (
        one_step(kind, CASES[case], steps=2, jit_compile=False) for kind in (MADD, BothAtOnce)
    )
    assert_same_step(found, expected, 1e-4)


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
