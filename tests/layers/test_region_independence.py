"""The paper's region independence loss: numbers by hand, the reference's, and its limits."""

import keras
import numpy as np
import pytest
import reference_components
import reference_rule
from backends import as_numpy, input_gradients, largest_difference
from layer_check import check_configuration

from keras_madd.layers import BilinearAttentionPooling, RegionIndependence

RNG = np.random.default_rng(0)
FEATURES = RNG.normal(0, 1, (4, 3, 5)).astype("float32")
LABELS = np.array([0, 1, 1, 0])
CENTRES = RNG.normal(0, 0.1, (3, 5)).astype("float32")


def loss_layer(centres=CENTRES, **arguments):
    layer = RegionIndependence(**arguments)
    layer.build((None, *centres.shape))
    layer.feature_centres.assign(centres)
    return layer


def centres_of(layer):
    return as_numpy(layer.feature_centres.value)


# Two regions on a line. The real image is 1 from both centres, the fake one 2 from both, and the
# centres are 0.3 apart; margins are 0.25 and 0.5, and 0.4 between centres.
BY_HAND = [
    (False, "sum", 2 * 0.75 + 2 * 1.5 + 2 * 0.1),
    (False, "mean", (2 * 0.75 + 2 * 1.5) / 2 + 2 * 0.1),
    (True, "sum", 2 * 0.75 + 2 * 3.5 + 2 * (0.4 - 0.09)),
    (True, "mean", (2 * 0.75 + 2 * 3.5) / 2 + 2 * (0.4 - 0.09)),
]


@pytest.mark.parametrize(("squared", "reduction", "expected"), BY_HAND)
def test_loss_by_hand(squared, reduction, expected):
    centres = np.array([[0.0], [0.3]], "float32")
    features = np.stack([centres + 1.0, centres - 2.0])
    layer = loss_layer(
        centres,
        squared=squared,
        reduction=reduction,
        inner_margins=(0.25, 0.5),
        outer_margin=0.4,
    )
    loss = as_numpy(layer(features, np.array([0, 1])))
    assert loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("squared", [True, False])
def test_loss_and_centres_are_those_of_the_papers_equation(squared):
    features = reference_components.expected("ril.v2.a7.m0.8_in0.2_-0.8.train.V")
    layer = loss_layer(reference_components.expected("ril.centers_before"), squared=squared)
    loss = as_numpy(layer(features, LABELS, training=True))
    case = f"ril.paper_eq.{'squared' if squared else 'unsquared'}.ordered_pairs"
    intra, inter = (
        reference_components.expected(f"{case}.{term}_sum") for term in ("intra", "inter")
    )
    assert largest_difference(loss, intra + inter) < 1e-5
    expected = reference_components.expected("ril.paper_eq.centers_after")
    assert largest_difference(centres_of(layer), expected) < 1e-7


AVERAGE = reference_components.normal("ril.D", (4, 8, 7, 7))
MAPS = {
    "a7": reference_components.uniform("ril.A", (4, 4, 7, 7)),
    "a5": reference_components.uniform("ril.A5", (4, 4, 5, 5)),
}
EARLIER = [(code, maps, margin) for code in ("v1", "dfb") for maps in MAPS for margin in (0.2, 1.0)]


@pytest.mark.parametrize(("code", "maps", "margin"), EARLIER)
def test_earlier_codes_weigh_the_same_two_terms_differently(code, maps, margin):
    """The released code's first version and DeepfakeBench: means over regions, unordered pairs."""
    layer = loss_layer(
        reference_components.expected("ril.centers_before"),
        squared=False,
        reduction="mean",
        outer_margin=margin,
    )
    real, weight = keras.ops.equal(LABELS, 0), keras.ops.ones(4)
    # DeepfakeBench divides by the number of regions and alpha, and detaches the centres.
    pairs = 0.5 if code == "v1" else 0.5 / (4 * 0.05)

    def loss(average, maps):
        features = BilinearAttentionPooling("l2", "align_corners")(average, maps)
        centres = layer.centres_for(features, real, weight, training=True)
        if code == "dfb":
            centres = keras.ops.stop_gradient(centres)
        intra, inter = layer.loss_terms(features, keras.ops.cast(real, "float32"), weight, centres)
        return intra / 4 + pairs * inter

    def expected(name):
        case = f"ril.{code}.{maps}.m{margin}_in0.05_0.1.train"
        return reference_components.expected(f"{case}.{name}")

    assert largest_difference(as_numpy(loss(AVERAGE, MAPS[maps])), expected("loss")) < 1e-5
    found = input_gradients(loss, AVERAGE, MAPS[maps])
    for name, gradient in zip(("grad_D", "grad_A"), found, strict=True):
        reference = expected(name)
        difference = largest_difference(reference_rule.channels_first(gradient), reference)
        assert difference < 2e-5 * np.abs(reference).max()
    features = BilinearAttentionPooling("l2", "align_corners")(AVERAGE, MAPS[maps])
    layer(features, LABELS, training=True)
    assert largest_difference(centres_of(layer), expected("centers_after")) < 1e-7


def test_centres_are_the_batch_mean_with_a_step_of_one():
    layer = loss_layer(alpha=1.0)
    layer(FEATURES, LABELS, training=True)
    np.testing.assert_allclose(centres_of(layer), FEATURES.mean(axis=0), atol=1e-6)


def test_centres_rest_outside_training():
    layer = loss_layer()
    layer(FEATURES, LABELS, training=False)
    np.testing.assert_array_equal(centres_of(layer), CENTRES)


def test_only_the_held_apart_centres_pull_when_the_inner_margins_are_met():
    layer = loss_layer(inner_margins=(1e6, 1e6), outer_margin=100.0)
    (found,) = input_gradients(lambda features: layer(features, LABELS, training=True), FEATURES)
    moved = CENTRES + 0.05 * (FEATURES.mean(axis=0) - CENTRES)
    # Ordered pairs count twice, each with a slope of 2 (c_i - c_j); alpha / batch reaches V.
    slope = -4 * (moved[:, None] - moved[None]).sum(axis=1)
    expected = np.repeat(slope[None] * 0.05 / 4, 4, axis=0)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_loss_and_gradient_vanish_when_every_margin_is_met():
    layer = loss_layer(inner_margins=(1e6, 1e6), outer_margin=0.0)
    assert as_numpy(layer(FEATURES, LABELS)) == 0
    (found,) = input_gradients(lambda features: layer(features, LABELS, training=True), FEATURES)
    assert not found.any()


@pytest.mark.parametrize("squared", [True, False])
def test_gradient_is_finite_where_features_sit_on_equal_centres(squared):
    layer = loss_layer(np.zeros((3, 5), "float32"), squared=squared, inner_margins=(0.0, 0.0))
    (found,) = input_gradients(
        lambda features: layer(features, LABELS, training=True), 0 * FEATURES
    )
    assert np.isfinite(found).all()


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_an_image_of_weight_zero_is_not_there(reduction):
    weighted, absent = loss_layer(reduction=reduction), loss_layer(reduction=reduction)
    weights = np.array([1.0, 1.0, 0.0, 0.0])
    loss = weighted(FEATURES, LABELS, sample_weight=weights, training=True)
    alone = absent(FEATURES[:2], LABELS[:2], training=True)
    np.testing.assert_allclose(as_numpy(loss), as_numpy(alone), rtol=1e-6)
    np.testing.assert_allclose(centres_of(weighted), centres_of(absent), atol=1e-7)


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_a_batch_of_weight_zero_leaves_the_centres(reduction):
    layer = loss_layer(reduction=reduction)
    loss = layer(FEATURES, LABELS, sample_weight=np.zeros(4), training=True)
    assert np.isfinite(as_numpy(loss))
    np.testing.assert_array_equal(centres_of(layer), CENTRES)


def test_the_mean_does_not_depend_on_the_batch_size():
    once, twice = loss_layer(reduction="mean"), loss_layer(reduction="mean")
    doubled = twice(np.tile(FEATURES, (2, 1, 1)), np.tile(LABELS, 2), training=True)
    loss = once(FEATURES, LABELS, training=True)
    np.testing.assert_allclose(as_numpy(doubled), as_numpy(loss), rtol=1e-5)


def test_end_of_an_epoch_shrinks_alpha():
    layer = loss_layer(alpha=0.5, alpha_decay=0.8)
    layer.end_epoch()
    layer.end_epoch()
    assert as_numpy(layer.alpha.value) == pytest.approx(0.32)
    assert layer.get_config()["alpha"] == 0.5


def test_configuration_is_complete():
    check_configuration(
        RegionIndependence(0.1, 0.5, (0.2, 0.3), 0.4, squared=False, reduction="mean")
    )


def test_centres_and_alpha_are_saved_but_not_trained():
    layer = loss_layer()
    assert {weight.name for weight in layer.non_trainable_weights} == {"feature_centres", "alpha"}
    assert not layer.trainable_weights


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_distances_stay_in_float32_under_mixed_precision(policy):
    mixed = loss_layer(dtype=policy)(FEATURES, LABELS)
    assert keras.backend.standardize_dtype(mixed.dtype) == "float32"
    np.testing.assert_array_equal(as_numpy(mixed), as_numpy(loss_layer()(FEATURES, LABELS)))


@pytest.mark.parametrize(
    ("argument", "value"), [("alpha", 0), ("alpha_decay", 1.5), ("reduction", "max")]
)
def test_invalid_arguments_are_named(argument, value):
    with pytest.raises(ValueError, match=rf"`{argument}` must be.*Received: {argument}={value!r}"):
        RegionIndependence(**{argument: value})
