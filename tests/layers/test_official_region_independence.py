"""The region independence loss of the released code: its losses, centres and gradients."""

import numpy as np
import pytest
import reference_components
from backends import as_numpy, input_gradients, largest_difference
from reference_rule import channels_first

from keras_madd.layers import BilinearAttentionPooling, OfficialRegionIndependence

MARGINS = {"m0.8_in0.2_-0.8": ((0.2, -0.8), 0.8), "m0.5_in0.1_-2": ((0.1, -2.0), 0.5)}
LABELS = np.array([0, 1, 1, 0])
AVERAGE = reference_components.normal("ril.D", (4, 8, 7, 7))
MAPS = {
    "a7": reference_components.uniform("ril.A", (4, 4, 7, 7)),
    "a5": reference_components.uniform("ril.A5", (4, 4, 5, 5)),
}
CASES = [
    ("v2.a7.m0.8_in0.2_-0.8.train", LABELS),
    ("v2.a7.m0.5_in0.1_-2.train", LABELS),
    ("v2.a7.m0.8_in0.2_-0.8.eval", LABELS),
    ("v2.a5.m0.8_in0.2_-0.8.train", LABELS),
    ("v2.a5.m0.5_in0.1_-2.train", LABELS),
    ("v2.a5.m0.8_in0.2_-0.8.eval", LABELS),
    ("v2.a7.allfake.train", np.ones(4, "int64")),
]


def expected(case, name):
    return reference_components.expected(f"ril.{case}.{name}")


def loss_layer(case):
    margins = next((MARGINS[name] for name in MARGINS if name in case), MARGINS["m0.8_in0.2_-0.8"])
    layer = OfficialRegionIndependence(inner_margins=margins[0], outer_margin=margins[1])
    layer.build((4, 4, 8))
    layer.feature_centres.assign(reference_components.expected("ril.centers_before"))
    return layer


def pooled(average, maps):
    return BilinearAttentionPooling("l2", "align_corners")(average, maps)


@pytest.mark.parametrize(("case", "labels"), CASES)
def test_loss_and_centres_are_those_of_the_released_code(case, labels):
    layer, features = loss_layer(case), pooled(AVERAGE, MAPS[case[3:5]])
    assert largest_difference(as_numpy(features), expected(case, "V")) < 1e-6
    loss = as_numpy(layer(features, labels, training=case.endswith("train")))
    assert largest_difference(loss, expected(case, "loss")) < 1e-5
    centres = as_numpy(layer.feature_centres.value)
    assert largest_difference(centres, expected(case, "centers_after")) < 1e-7


@pytest.mark.parametrize(("case", "labels"), CASES)
def test_gradients_are_those_of_the_released_code(case, labels):
    layer = loss_layer(case)
    for_average, for_maps = input_gradients(
        lambda average, maps: layer(pooled(average, maps), labels, training=True),
        AVERAGE,
        MAPS[case[3:5]],
    )
    for name, found in [("grad_D", for_average), ("grad_A", for_maps)]:
        reference = expected(case, name)
        difference = largest_difference(channels_first(found), reference)
        assert difference <= 2e-5 * np.abs(reference).max()


def test_only_real_images_move_the_centres():
    features = np.random.default_rng(0).normal(0, 1, (4, 4, 8)).astype("float32")
    layer = loss_layer("")
    before = as_numpy(layer.feature_centres.value)
    layer(features, np.ones(4, "int64"), training=True)
    np.testing.assert_array_equal(as_numpy(layer.feature_centres.value), before)
    layer(features, LABELS, training=True)
    moved = before + 0.05 * (features[[0, 3]] - before).sum(axis=0) / 4
    np.testing.assert_allclose(as_numpy(layer.feature_centres.value), moved, atol=1e-7)


def test_an_image_of_weight_zero_is_not_there():
    features = np.random.default_rng(0).normal(0, 1, (4, 4, 8)).astype("float32")
    weighted, absent = loss_layer(""), loss_layer("")
    loss = weighted(features, LABELS, sample_weight=[1.0, 1.0, 0.0, 0.0], training=True)
    alone = absent(features[:2], LABELS[:2], training=True)
    np.testing.assert_allclose(as_numpy(loss), as_numpy(alone), rtol=1e-6)
    centres = [as_numpy(layer.feature_centres.value) for layer in (weighted, absent)]
    np.testing.assert_allclose(*centres, atol=1e-7)


def test_images_of_weight_zero_leave_the_centres():
    features = np.random.default_rng(0).normal(0, 1, (4, 4, 8)).astype("float32")
    layer = loss_layer("")
    before = as_numpy(layer.feature_centres.value)
    loss = layer(features, LABELS, sample_weight=np.zeros(4), training=True)
    assert np.isfinite(as_numpy(loss))
    np.testing.assert_array_equal(as_numpy(layer.feature_centres.value), before)


def test_an_alpha_that_has_decayed_away_breaks_nothing():
    layer = loss_layer("v2.a7.m0.8_in0.2_-0.8.train")
    layer.alpha.assign(0.05 * 0.9**1200)
    loss = layer(pooled(AVERAGE, MAPS["a7"]), LABELS, training=True)
    assert np.isfinite(as_numpy(loss))


def test_end_of_an_epoch_shrinks_alpha():
    layer = loss_layer("")
    layer.end_epoch()
    assert float(layer.alpha) == pytest.approx(0.045)
