"""The released code's detector: a checkpoint by rule gives the recorded numbers."""

import functools
import json

import keras
import numpy as np
import pytest
import reference_rule
from backends import as_numpy, tensorflow_only

from keras_madd import MADD
from keras_madd.published_weights import CheckpointError, layouts, load_official
from keras_madd.published_weights.official import slots

CASES = {"b0_128_m4": ("efficientnet-b0", 128), "b4_380_m4": ("efficientnet-b4", 380)}
BOTH = ["b0_128_m4", pytest.param("b4_380_m4", marks=pytest.mark.slow)]
# What the recorded numbers were made without.
NO_CHANCE = {"region_dropout": 0.0, "global_dropout": 0.0, "drop_connect_rate": 0.0}
TOLERANCE = 8


@functools.cache
def checkpoint(case):
    return reference_rule.state_dict(case, CASES[case][0])


@functools.cache
def model_of(case):
    return load_official(checkpoint(case), input_size=CASES[case][1], **NO_CHANCE)


@functools.cache
def network(fields):
    return MADD(**json.loads(fields))


def outputs_by_torch_name(model, pixels, training=False):
    """Everything on the way from pixels to logits, in PyTorch's layout."""
    network = model.network
    features = network.get_layer("backbone")(pixels, training=training)
    maps = network.get_layer("attention")(features["attention"], training=training)
    texture, average = network.get_layer("texture")(features["texture"], maps, training=training)
    rest = network(pixels, training=training)
    head = network.get_layer("head")
    local = keras.ops.reshape(rest["local_features"], (len(pixels), -1))
    hidden = keras.ops.hard_silu(head.projection_local_0(local))
    outputs = {
        "layer_final": features["final"],
        "attention_maps": maps,
        "texture_feature_maps": texture,
        "texture_feature_maps_d": average,
        "P": rest["local_features"],
        "G": rest["global_features"],
        "projection_local": head.projection_local_2(hidden),
        "project_final": head.project_final(rest["global_features"]),
        "logits": rest["logits"],
    }
    outputs = as_numpy(outputs)
    outputs["texture_feature_maps"] = np.transpose(outputs["texture_feature_maps"], (0, 3, 4, 1, 2))
    for name in ("layer_final", "attention_maps", "texture_feature_maps_d"):
        outputs[name] = reference_rule.channels_first(outputs[name])
    return outputs


@pytest.mark.parametrize("case", BOTH)
def test_every_stage_equals_the_released_code(case):
    pixels = reference_rule.pixels(CASES[case][1])
    for name, value in outputs_by_torch_name(model_of(case), pixels).items():
        error, noise = reference_rule.error(case, name, value)
        assert error <= TOLERANCE * noise, f"{name}: {error:.1e}, noise {noise:.1e}"


def test_configuration_is_read_off_the_tensors():
    config = load_official(checkpoint("b0_128_m4")).config
    assert config.backbone == "official_efficientnet_b0"
    assert config.variant == "official"
    assert (config.num_attentions, config.num_classes, config.head_width) == (4, 2, 256)
    assert (config.texture_tap, config.attention_tap) == ("b2", "b5")
    assert config.inner_margins == (0.2, -0.8)
    assert config.input_size == (224, 224)


def test_state_of_the_region_independence_loss_is_taken_over():
    tensors = dict(checkpoint("b0_128_m4"))
    tensors["auxiliary_loss.alpha"] = np.float32(0.0123)
    loss = load_official(tensors, input_size=128).region_independence
    np.testing.assert_allclose(loss.alpha, 0.0123)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(loss.feature_centres), tensors["auxiliary_loss.feature_centers"]
    )


def other_shape(names_and_shapes):
    """A checkpoint by rule of other sizes than the recorded ones."""
    return {
        name: reference_rule.weight(name, shape, backbone_gain=1.5)
        for name, shape in names_and_shapes.items()
    }


@pytest.mark.parametrize(
    ("maps", "classes", "width", "taps"),
    [(1, 5, 64, ("b1", "b4")), (8, 2, 32, ("b3", "final"))],
)
def test_other_numbers_of_maps_classes_units_and_other_taps(maps, classes, width, taps):
    wanted = {
        "num_attentions": maps,
        "num_classes": classes,
        "head_width": width,
        "texture_tap": taps[0],
        "attention_tap": taps[1],
    }
    model = load_like("b0_128_m4", 64, wanted)
    assert {name: getattr(model.config, name) for name in wanted} == wanted
    assert model.network(reference_rule.pixels(64))["logits"].shape == (2, classes)


def load_like(case, size, fields):
    """Load a checkpoint that a model with these fields would have saved in PyTorch."""
    config = model_of(case).config.replace(input_size=size, **fields)
    saved = MADD(config)
    shapes = {name: slot.torch_shape for name, slot in slots(saved).items()}
    classes, channels = config.num_classes, 1280
    shapes |= {"net._fc.weight": (classes, channels), "net._fc.bias": (classes,)}
    shapes |= {"attentions.mask": (1, 1, 24, 24), "auxiliary_loss.inner_margin": (2,)}
    return load_official(other_shape(shapes), input_size=size)


def test_a_head_of_more_classes_and_more_maps_on_published_weights():
    tensors = reference_rule.state_dict("b0_128_m4", "efficientnet-b0")
    own = load_official(tensors, input_size=64)
    with pytest.warns(UserWarning, match="begin anew: head/ensemble_2 .num_classes 2, here 5"):
        model = load_official(tensors, input_size=64, num_classes=5)
    pixels = reference_rule.pixels(64)
    ours, theirs = (as_numpy(each.network(pixels)) for each in (model, own))
    assert ours["logits"].shape == (2, 5)
    for name in ("attention_maps", "local_features", "global_features"):
        np.testing.assert_array_equal(ours[name], theirs[name])
    with pytest.warns(UserWarning, match="num_attentions 4, here 6"):
        model = load_official(tensors, input_size=64, num_attentions=6)
    ours = as_numpy(model.network.get_layer("backbone")(pixels))
    theirs = as_numpy(own.network.get_layer("backbone")(pixels))
    np.testing.assert_array_equal(ours["attention"], theirs["attention"])


def test_xception_with_a_chosen_attention_tap():
    tensors = reference_rule.state_dict("xception_299_m4", "xception")
    usual = load_official(tensors, input_size=128)
    assert usual.config.backbone == "official_xception"
    assert (usual.config.texture_tap, usual.config.attention_tap) == ("b1", "b5")
    chosen = load_official(tensors, input_size=128, attention_tap="b9")
    assert chosen.config.attention_tap == "b9"
    logits = [as_numpy(x.network(reference_rule.pixels(128))["logits"]) for x in (usual, chosen)]
    assert np.isfinite(logits).all()
    assert not np.allclose(*logits, atol=1e-3)


def test_nominal_size_of_xception():
    from keras_madd.published_weights.official import recognise

    tensors = reference_rule.state_dict("xception_299_m4", "xception")
    assert recognise(tensors, {}).fields["input_size"] == 299


@pytest.mark.parametrize("case", BOTH)
def test_saved_and_loaded_model_is_the_same(case, tmp_path):
    model, pixels = model_of(case), reference_rule.pixels(CASES[case][1])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.config == model.config
    for name, value in outputs_by_torch_name(loaded, pixels).items():
        error, noise = reference_rule.error(case, name, value)
        assert error <= TOLERANCE * noise, name
    for mine, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@tensorflow_only
@pytest.mark.parametrize("case", BOTH)
def test_exported_logits_stay_within_a_thousandth(case, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    from keras_madd.exporting.litert import export_litert

    pixels = reference_rule.pixels(CASES[case][1])
    path = export_litert(model_of(case), tmp_path / "model.tflite", batch=len(pixels))
    scored = Interpreter(str(path)).get_signature_runner()(image=pixels)
    recorded = reference_rule.arrays(case)["logits"]
    # Of two logits, the exported probability tells the difference.
    probability = scored["fake_probability"].astype("float64")
    difference = np.log(probability) - np.log1p(-probability)
    np.testing.assert_allclose(difference, recorded[:, 1] - recorded[:, 0], atol=1e-3)
    maps = reference_rule.channels_first(scored["attention_maps"])
    np.testing.assert_allclose(maps, reference_rule.arrays(case)["attention_maps"], atol=1e-3)


@pytest.mark.parametrize(
    "name",
    [
        "net._conv_stem.weight",
        "net._conv_head.weight",
        "net._fc.bias",
        "attentions.mask",
        "attentions.conv_extract.weight",
        "attentions.conv2.weight",
        "texture_enhance.conv_extract.weight",
        "ensemble_classifier_fc.2.weight",
        "auxiliary_loss.inner_margin",
        "auxiliary_loss.feature_centers",
    ],
)
def test_one_missing_tensor_is_named(name, monkeypatch):
    # What is refused fills nothing: the network that it is compared with can be the same.
    monkeypatch.setattr(layouts, "MADD", lambda **fields: network(json.dumps(fields)))
    tensors = dict(checkpoint("b0_128_m4"))
    del tensors[name]
    with pytest.raises(CheckpointError, match=rf"\A.*fit:\n  missing: {name} \(.*\)\Z"):
        load_official(tensors, input_size=64)


@pytest.mark.parametrize(
    "tensors",
    [
        {"conv1.weight": np.zeros((64, 3, 7, 7), "float32")},
        {"attentions.mask": np.zeros((1, 1, 24, 24), "float32")},
    ],
)
def test_another_network_is_refused_in_one_line(tensors):
    with pytest.raises(CheckpointError, match="Received, among others") as caught:
        load_official(tensors)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"backbone": "efficientnet_b0"}, "`backbone` must be official_efficientnet_b0: the t"),
        ({"variant": "paper"}, "`variant` must be official: the tensors are of the authors'"),
        ({"texture_enhancement": False}, "`texture_enhancement` must be True: the tensors are"),
    ],
)
def test_fields_that_contradict_the_tensors_are_refused(fields, message):
    with pytest.raises(CheckpointError, match=message):
        load_official(checkpoint("b0_128_m4"), input_size=64, **fields)


def test_everything_that_is_wrong_is_listed_at_once():
    tensors = dict(checkpoint("b0_128_m4"))
    del tensors["net._blocks.3._bn1.running_var"]
    del tensors["net._bn1.num_batches_tracked"]
    tensors["net._blocks.16._bn9.weight"] = np.zeros(3, "float32")
    tensors["attentions.bn1.bias"] = np.zeros(7, "float32")
    tensors["attentions.mask"] = np.ones((1, 1, 24, 24), "float32")
    with pytest.raises(CheckpointError) as caught:
        load_official(tensors, input_size=64)
    message = str(caught.value)
    assert "missing: net._blocks.3._bn1.running_var (144,)" in message
    assert "missing: net._bn1.num_batches_tracked ()" in message
    assert "unexpected: net._blocks.16._bn9.weight (3,)" in message
    assert "wrong shape: attentions.bn1.bias (7,), expected (112,)" in message
    assert "wrong value: attentions.mask" in message
    assert len(message.splitlines()) == 6
