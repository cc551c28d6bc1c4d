"""Stage-1 classifiers: the backbone with its own classifier, or the start of stage 2."""

import functools

import numpy as np
import pytest
import reference_rule
from backends import as_numpy

from keras_madd.published_weights import CheckpointError, load_backbone
from keras_madd.published_weights.backbone import recognise


@functools.cache
def classifier(case, backbone):
    """The backbone's part of a whole checkpoint, under its own names."""
    tensors = reference_rule.state_dict(case, backbone)
    return {
        name.removeprefix("net."): value
        for name, value in tensors.items()
        if name.startswith("net.")
    }


def b0():
    return classifier("b0_128_m4", "efficientnet-b0")


@pytest.mark.parametrize("prefix", ["", "net.", "module.", "module.net."])
def test_logits_of_efficientnet_equal_the_released_code(prefix):
    tensors = {prefix + name: value for name, value in b0().items()}
    model = load_backbone({"state_dict": tensors}, input_size=128)
    assert model.config.backbone == "official_efficientnet_b0"
    assert (model.config.num_attentions, model.config.num_classes) == (0, 2)
    logits = as_numpy(model(reference_rule.pixels(128)))
    error, noise = reference_rule.error("b0_128_m4", "layer_logits", logits)
    assert error <= 8 * noise


def test_logits_of_xception_equal_pytorch():
    model = load_backbone(classifier("xception_299_m4", "xception"), input_size=155)
    logits = as_numpy(model(reference_rule.pixels(155)))
    with np.load(reference_rule.GOLDEN / "pytorch_backbones.npz") as data:
        expected = data["official_xception_155.logits"]
        noise = float(data["official_xception_155.logits.noise"])
    np.testing.assert_allclose(logits, expected, atol=8 * noise)


def test_old_files_without_step_counters_are_taken():
    tensors = {name: value for name, value in b0().items() if "num_batches" not in name}
    assert load_backbone(tensors, input_size=64).config.num_classes == 2
    tensors["_bn0.num_batches_tracked"] = np.asarray(1)
    with pytest.raises(CheckpointError, match=r"missing: _bn1.num_batches_tracked"):
        load_backbone(tensors, input_size=64)


def test_number_of_classes_and_nominal_size():
    tensors = {**b0(), "_fc.weight": np.zeros((5, 1280), "f4"), "_fc.bias": np.zeros(5, "f4")}
    config = load_backbone(tensors).config
    assert (config.num_classes, config.input_size) == (5, (224, 224))


def test_a_classifier_of_more_classes_begins_anew():
    with pytest.warns(UserWarning, match="begin anew: head .num_classes 2, here 3"):
        model = load_backbone(b0(), num_classes=3, input_size=64)
    own = load_backbone(b0(), input_size=64)
    ours, theirs = (
        as_numpy(each.network(reference_rule.pixels(64))["global_features"])
        for each in (model, own)
    )
    np.testing.assert_array_equal(ours, theirs)


def test_a_detector_starts_from_the_backbone():
    detector = load_backbone(b0(), num_attentions=4, input_size=128)
    assert detector.config.variant == "official"
    final = as_numpy(detector.network.get_layer("backbone")(reference_rule.pixels(128))["final"])
    final = reference_rule.channels_first(final)
    error, noise = reference_rule.error("b0_128_m4", "layer_final", final)
    assert error <= 8 * noise
    assert detector(reference_rule.pixels(128)).shape == (2, 2)


@pytest.mark.parametrize("backbone", ["efficientnet_b0", "official_efficientnet_b1", "tiny"])
def test_another_backbone_than_the_tensors_tell_is_refused(backbone):
    with pytest.raises(CheckpointError, match="`backbone` must be official_efficientnet_b0: the t"):
        load_backbone(b0(), backbone=backbone, input_size=64)


def test_the_same_backbone_with_other_padding_is_taken():
    tensors = classifier("b4_380_m4", "efficientnet-b4")
    for name in ("official_efficientnet_b4", "deepfakebench_efficientnet_b4"):
        assert recognise(tensors, {"backbone": name}).fields["backbone"] == name


@pytest.mark.parametrize("name", ["_fc.bias", "_conv_head.weight", "_blocks.4._bn1.weight"])
def test_one_missing_tensor_is_named(name):
    tensors = {key: value for key, value in b0().items() if key != name}
    with pytest.raises(CheckpointError, match=rf"fit:\n  missing: {name} \(.*\)\Z"):
        load_backbone(tensors, input_size=64)


@pytest.mark.parametrize(
    ("case", "backbone"), [("b0_128_m4", "efficientnet-b0"), ("xception_299_m4", "xception")]
)
def test_a_whole_detector_is_refused(case, backbone):
    with pytest.raises(CheckpointError):
        load_backbone(reference_rule.state_dict(case, backbone), input_size=64)


def test_another_network_is_refused():
    with pytest.raises(CheckpointError, match=r"neither an EfficientNet.*among others: conv1"):
        load_backbone({"conv1.weight": np.zeros((64, 3, 7, 7), "float32")})
