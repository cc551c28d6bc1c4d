"""The loss in closed form, and where it must be nothing."""

import numpy as np
import pytest
from backends import as_numpy, input_gradients
from layer_check import check_configuration

from keras_madd.layers import RealCentre


def batch(seed=0, count=6):
    random = np.random.default_rng(seed)
    features = random.normal(0, 1, (count, 1, 4)).astype("float32")
    return features, np.arange(count) % 2, random.uniform(0.1, 2, count).astype("float32")


def closed_form(features, labels, weight, centre, inner, outer):
    distance = ((features[:, 0].astype("float64") - centre) ** 2).sum(1)
    real, fake = labels == 0, labels > 0
    terms = np.where(real, np.maximum(distance - inner, 0), np.maximum(outer - distance, 0))
    return sum((terms * weight)[some].sum() / weight[some].sum() for some in (real, fake))


@pytest.mark.parametrize("alpha", [1.0, 0.3])
def test_the_loss_and_the_centre_are_the_closed_form(alpha):
    features, labels, weight = batch()
    layer = RealCentre(alpha, inner_margin=0.7, outer_margin=5.0)
    layer.build(features.shape)
    start = np.array([[0.1, -0.2, 0.3, 0.0]])
    layer.feature_centres.assign(start)
    real = labels == 0
    mean = np.average(features[real, 0].astype("float64"), axis=0, weights=weight[real])
    centre = start[0] + alpha * (mean - start[0])
    for training, expected in ((False, start[0]), (True, centre)):
        found = float(layer(features, labels, weight, training=training))
        assert found == pytest.approx(
            closed_form(features, labels, weight, expected, 0.7, 5.0), rel=1e-5
        )
        np.testing.assert_allclose(as_numpy(layer.feature_centres.value)[0], expected, atol=1e-6)


def test_the_gradient_draws_real_faces_in_and_pushes_fakes_out():
    features, labels, weight = batch()
    layer = RealCentre(1.0, inner_margin=0.0, outer_margin=50.0)
    layer.build(features.shape)
    (gradient,) = input_gradients(lambda x: layer(x, labels, weight, training=True), features)
    real = labels == 0
    centre = np.average(features[real], axis=0, weights=weight[real])
    towards = np.where(real, 1, -1)[:, None, None] * 2 * (features - centre)
    total = np.where(real, weight[real].sum(), weight[~real].sum())
    expected = towards * (weight / total)[:, None, None]
    np.testing.assert_allclose(gradient, expected, atol=1e-5)


def test_margins_that_every_face_meets_give_nothing():
    features, labels, _ = batch()
    layer = RealCentre(0.5, inner_margin=1e3, outer_margin=1e3)
    layer.build(features.shape)
    features[labels == 1] += 100
    (gradient,) = input_gradients(lambda x: layer(x, labels), features)
    assert float(layer(features, labels)) == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_has_its_own_term_only(label):
    features, _, weight = batch()
    labels = np.full(len(features), label)
    layer = RealCentre(0.5, inner_margin=0.1, outer_margin=9.0)
    layer.build(features.shape)
    layer.feature_centres.assign(np.ones((1, 4)))
    distance = ((features[:, 0] - 1.0) ** 2).sum(1)
    terms = np.maximum(distance - 0.1, 0) if label == 0 else np.maximum(9.0 - distance, 0)
    found = float(layer(features, labels, weight))
    assert found == pytest.approx(np.average(terms, weights=weight), rel=1e-5)
    layer(features, labels, weight, training=True)
    moved = np.abs(as_numpy(layer.feature_centres.value) - 1).max() > 0
    assert moved == (label == 0)


def test_configuration():
    check_configuration(RealCentre(0.2, 0.9, 0.1, 3.0))
    with pytest.raises(ValueError, match="`inner_margin` must be from 0 to `outer_margin`"):
        RealCentre(inner_margin=3.0)
