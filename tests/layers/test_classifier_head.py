"""The heads: P and G in, logits out, each with its activations."""

import numpy as np
import pytest
from backends import as_numpy
from layer_check import check_layer

from keras_madd.layers import ClassifierHead, DeepfakeBenchHead, OfficialHead

RNG = np.random.default_rng(0)
LOCAL = RNG.normal(0, 1, (3, 4, 5)).astype("float32")
GLOBAL = RNG.normal(0, 1, (3, 7)).astype("float32")
HEADS = {
    "paper": lambda: ClassifierHead(2),
    "standardized": lambda: ClassifierHead(2, standardize_local=True),
    "official": lambda: OfficialHead(2, width=6),
    "deepfakebench": lambda: DeepfakeBenchHead(2, width=6),
}


def hard_swish(x):
    return x * np.clip(x + 3, 0, 6) / 6


def test_paper_head_by_hand():
    head = HEADS["paper"]()
    head.build(LOCAL.shape, GLOBAL.shape)
    kernel, bias = head.get_weights()
    bias = np.array([1.0, -2.0], "float32")
    head.set_weights([kernel, bias])
    joined = np.concatenate([LOCAL.reshape(3, 20), GLOBAL], axis=1)
    np.testing.assert_allclose(as_numpy(head(LOCAL, GLOBAL)), joined @ kernel + bias, atol=1e-5)


def test_standardized_head_by_hand():
    """Vectors that hardly turn from face to face count as much as those that do."""
    head = HEADS["standardized"]()
    head.build(LOCAL.shape, GLOBAL.shape)
    kernel, bias = head.logits.get_weights()
    local = (0.3 + 0.01 * LOCAL).astype("float32")
    flat = local.reshape(3, 20).astype("float64")
    scaled = (flat - flat.mean(0)) / np.sqrt(flat.var(0) + 1e-6)
    joined = np.concatenate([scaled, GLOBAL], axis=1)
    found = as_numpy(head(local, GLOBAL, training=True))
    np.testing.assert_allclose(found, joined @ kernel + bias, atol=1e-3)
    mean, variance = (as_numpy(weight) for weight in head.standardization.non_trainable_weights)
    np.testing.assert_allclose(mean, 0.1 * flat.mean(0), atol=1e-6)
    joined[:, :20] = (flat - mean) / np.sqrt(variance + 1e-6)
    found = as_numpy(head(local, GLOBAL, training=False))
    np.testing.assert_allclose(found, joined @ kernel + bias, atol=1e-4)


@pytest.mark.parametrize(("name", "times"), [("official", 1), ("deepfakebench", 2)])
def test_released_heads_by_hand(name, times):
    head = HEADS[name]()
    head.build(LOCAL.shape, GLOBAL.shape)
    head.set_weights([RNG.normal(0, 0.5, w.shape) for w in head.get_weights()])

    def dense(part, x):
        kernel, bias = getattr(head, part).get_weights()
        return x @ kernel + bias

    local = hard_swish(dense("projection_local_0", LOCAL.reshape(3, 20)))
    local = hard_swish(dense("projection_local_2", local))
    overall = dense("project_final", GLOBAL)
    for _ in range(times):
        overall = hard_swish(overall)
    joined = np.concatenate([local, overall], axis=1)
    expected = dense("ensemble_2", hard_swish(dense("ensemble_0", joined)))
    np.testing.assert_allclose(as_numpy(head(LOCAL, GLOBAL)), expected, atol=1e-5)


def test_logits_are_float32_under_mixed_precision():
    for cls in (ClassifierHead, OfficialHead, DeepfakeBenchHead):
        head = cls(2, dtype="mixed_float16")
        logits = head(LOCAL.astype("float16"), GLOBAL.astype("float16"))
        assert as_numpy(logits).dtype == "float32"


@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("paper", (2, 0)),
        ("standardized", (2, 2)),
        ("official", (10, 0)),
        ("deepfakebench", (10, 0)),
    ],
)
def test_as_a_layer(name, weights):
    trainable, non_trainable = weights
    check_layer(HEADS[name](), LOCAL, GLOBAL, trainable=trainable, non_trainable=non_trainable)


def test_standardized_head_is_itself_at_inference_after_few_steps():
    """Its averages have to have forgotten where they began when the first epoch is validated."""
    head = HEADS["standardized"]()
    random = np.random.default_rng(1)
    mean = random.normal(0, 0.3, (4, 5))
    for _ in range(200):
        local = (mean + 0.003 * random.normal(0, 1, (32, 4, 5))).astype("float32")
        other = np.zeros((32, 7), "float32")
        trained = as_numpy(head(local, other, training=True))
    scored = as_numpy(head(local, other, training=False))
    assert trained.std() > 0.1
    assert scored.std() == pytest.approx(trained.std(), rel=0.3)
