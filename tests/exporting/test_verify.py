import numpy as np
import pytest
from exported_model import exported, tiny_model

from keras_madd import MADD
from keras_madd.exporting.exported_file import export_bundle
from keras_madd.exporting.samples import Samples
from keras_madd.exporting.verify import (
    agreement_figures,
    sample_pictures,
    verify_export,
)
from keras_madd.inference.calibration import uncalibrated


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, float)))


def test_figures_by_hand():
    before, after = sigmoid([-2.0, -1.0, 1.0, 3.0]), sigmoid([-2.0, 1.0, -1.0, 3.0])
    labels = np.array([0, 0, 1, 1])
    found = agreement_figures(before, after, labels)
    assert found["images"] == 4
    assert found["auc"] == [1.0, 0.75]
    assert found["auc_drop"] == 0.25
    assert found["agreement"] == 0.5
    step = sigmoid(1) - sigmoid(-1)
    assert found["max_probability_difference"] == pytest.approx(step)
    assert found["mean_probability_difference"] == pytest.approx(step / 2)
    assert found["logit_rms_difference"] == pytest.approx(np.sqrt(2))
    expected = np.corrcoef([-2, -1, 1, 3], [-2, 1, -1, 3])[0, 1]
    assert found["logit_correlation"] == pytest.approx(expected)
    # Mean gap in bins of one picture each: |p - label|.
    assert found["ece"][0] == pytest.approx(np.abs(before - labels).mean())


def test_a_copy_costs_nothing():
    scores = sigmoid(np.linspace(-3, 3, 20))
    found = agreement_figures(scores, scores, np.arange(20) % 2)
    assert found["auc_drop"] == found["max_probability_difference"] == 0
    assert (found["agreement"], found["logit_correlation"]) == (1, pytest.approx(1))


def test_without_labels_of_both_classes_there_is_no_auc():
    scores = np.array([0.2, 0.7])
    for labels in (None, np.array([1, 1])):
        found = agreement_figures(scores, scores, labels)
        assert found["auc"] is found["ece"] is found["auc_drop"] is None


def test_constants_and_numbers_that_are_none():
    constant = agreement_figures(np.full(4, 0.5), np.full(4, 0.5), None)
    assert constant["logit_correlation"] is None
    broken = agreement_figures(np.array([0.1, 0.9]), np.array([np.nan, 0.9]), np.array([0, 1]))
    assert np.isnan(broken["max_probability_difference"])
    assert broken["auc"] is None


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_verdict_turns_at_the_calibrated_threshold(temperature):
    raw = uncalibrated(0.6, temperature)
    assert sigmoid(np.log(raw / (1 - raw)) / temperature) == pytest.approx(0.6)
    scores = np.array([raw - 1e-6, raw + 1e-6])
    found = agreement_figures(scores, scores[::-1], None, temperature, 0.6)
    assert found["agreement"] == 0


def test_three_words_have_two_places_where_the_verdict_turns():
    """From no trace found to uncertain is another verdict, too."""
    before, after = np.array([0.05, 0.05, 0.4, 0.9]), np.array([0.05, 0.4, 0.6, 0.95])
    assert agreement_figures(before, after, None, 1.0, 0.5)["agreement"] == 0.75
    assert agreement_figures(before, after, None, 1.0, 0.5, 0.2)["agreement"] == 0.5
    assert agreement_figures(before, before, None, 1.0, 0.5, 0.2)["agreement"] == 1


def test_class_activation_that_is_0_everywhere_is_on_a_scale_of_its_own(tmp_path):
    model = MADD.from_preset("madd_tiny", num_attentions=0, seed=0)
    model.network.get_layer("head").bias.assign([30.0, 0.0])
    export_bundle(model, tmp_path / "model.tflite")
    samples = Samples(sample_pictures((64, 64), 2), None, "generated")
    assert not model.heat_maps(samples.images).any()
    found = verify_export(model, tmp_path / "model.tflite", samples)
    assert found.figures["max_attention_difference"] == 0
    model.network.get_layer("head").bias.assign([0.0, 1e-6])
    model.network.get_layer("head").kernel.assign(np.zeros((48, 2)))
    assert verify_export(model, tmp_path / "model.tflite", samples).figures[
        "max_attention_difference"
    ] == pytest.approx(1e-6)


def test_a_file_against_its_model(tmp_path):
    pictures = sample_pictures((64, 64), 6)
    samples = Samples(pictures, np.array([0, 1, 0, 1, 0, 1]), "generated")
    found = verify_export(tiny_model(), exported(tmp_path), samples)
    np.testing.assert_allclose(found.exported, found.reference, atol=1e-5)
    assert found.figures["max_attention_difference"] < 1e-4
    assert found.figures["auc_drop"] == pytest.approx(0, abs=1e-9)
