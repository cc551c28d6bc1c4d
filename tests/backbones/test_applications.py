"""Stages, scaling and small changes of the backbones from keras.applications."""

import keras
import numpy as np
import pytest
from backends import as_numpy

from keras_madd.backbones import applications

EFFICIENTNET_STRIDES = {"b0": 2, "b1": 2, "b2": 4, "b3": 8, "b4": 16, "b5": 16, "b6": 32}
STRIDES = {
    "efficientnet_v2": {**EFFICIENTNET_STRIDES, "final": 32},
    "efficientnet": {**EFFICIENTNET_STRIDES, "b7": 32, "final": 32},
    "mobilenet_v2": {**EFFICIENTNET_STRIDES, "b7": 32, "final": 32},
    "mobilenet_v3_small": {"b0": 2, "b1": 4, "b2": 8, "b3": 16, "b4": 16, "b5": 32, "final": 32},
    "mobilenet_v3_large": {**EFFICIENTNET_STRIDES, "final": 32},
    "xception": {
        **{"b0": 2, "b1": 4, "b2": 8},
        **{f"b{number}": 16 for number in range(3, 12)},
        **{"b12": 32, "final": 32},
    },
}
# Channels of the texture tap, the attention tap and the last feature map.
CHANNELS = {
    "efficientnet_b0": (24, 112, 1280),
    "efficientnet_b1": (24, 112, 1280),
    "efficientnet_b2": (24, 120, 1408),
    "efficientnet_b3": (32, 136, 1536),
    "efficientnet_b4": (32, 160, 1792),
    "efficientnet_b5": (40, 176, 2048),
    "efficientnet_b6": (40, 200, 2304),
    "efficientnet_b7": (48, 224, 2560),
    "efficientnet_v2_b0": (32, 112, 1280),
    "efficientnet_v2_b1": (32, 112, 1280),
    "efficientnet_v2_b2": (32, 120, 1408),
    "efficientnet_v2_b3": (40, 136, 1536),
    "efficientnet_v2_s": (48, 160, 1280),
    "xception": (128, 728, 2048),
    "mobilenet_v2": (24, 96, 1280),
    "mobilenet_v2_035": (8, 32, 1280),
    "mobilenet_v3_small": (16, 48, 576),
    "mobilenet_v3_large": (24, 112, 960),
}
QUICK = ("efficientnet_b0", "efficientnet_v2_b0", "mobilenet_v2_035", "mobilenet_v3_small")


def shapes(name, size):
    application, stages = applications.build(name, (*size, 3))
    return {stage: application.get_layer(at).output.shape[1:] for stage, at in stages.items()}


@pytest.mark.parametrize(
    "name",
    [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CHANNELS],
)
def test_stages(name):
    found = shapes(name, (128, 96))
    strides = next(STRIDES[prefix] for prefix in STRIDES if name.startswith(prefix))
    if name == "xception":
        # Two convolutions of the stem are not padded.
        assert {stage: shape[0] for stage, shape in found.items()} == {
            **{"b0": 61, "b1": 31, "b2": 16, "b12": 4, "final": 4},
            **{f"b{number}": 8 for number in range(3, 12)},
        }
    else:
        expected = {stage: (128 // stride, 96 // stride) for stage, stride in strides.items()}
        assert {stage: shape[:2] for stage, shape in found.items()} == expected
    assert set(found) == set(strides)
    family = applications.CONSTRUCTORS[name][1]
    taps = (family.texture_tap, family.attention_tap, "final")
    assert tuple(found[tap][2] for tap in taps) == CHANNELS[name]


def test_every_backbone_is_covered():
    assert set(CHANNELS) == set(applications.CONSTRUCTORS)


@pytest.mark.slow
def test_the_papers_sizes_at_380_pixels():
    found = shapes("efficientnet_b4", (380, 380))
    assert found["b2"] == (95, 95, 32)
    assert found["b5"] == (24, 24, 160)
    assert found["final"] == (12, 12, 1792)


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "efficientnet_v2_b0"])
def test_the_scaling_of_keras_is_replaced_by_its_equal(name):
    size = (64, 64, 3)
    application, stages = applications.build(name, size)
    ours = applications.attach(name, application, {"final": stages["final"]}, "ours")
    theirs = getattr(keras.applications, applications.CONSTRUCTORS[name][0])(
        include_top=False, weights=None, input_shape=size, include_preprocessing=True
    )
    for layer in theirs.layers:
        if layer.weights and not isinstance(layer, keras.layers.Normalization):
            layer.set_weights(application.get_layer(layer.name).get_weights())
    pixels = np.random.default_rng(0).uniform(0, 255, (2, *size)).astype("float32")
    expected = as_numpy(theirs(pixels))
    tolerance = 1e-4 * np.abs(expected).max()
    np.testing.assert_allclose(as_numpy(ours(pixels)["final"]), expected, atol=tolerance)


def test_stochastic_depth_grows_to_the_rate_asked_for():
    for rate in (0.0, 0.4):
        application, _ = applications.build("efficientnet_b0", (64, 64, 3), drop_connect_rate=rate)
        rates = [
            layer.rate for layer in application.layers if isinstance(layer, keras.layers.Dropout)
        ]
        assert len(rates) == 9
        assert rates == sorted(rates)
        # The last of the 16 blocks has no residual: the greatest rate is that of the 15th.
        assert rates[-1] == pytest.approx(rate * 14 / 16)


@pytest.mark.parametrize("name", ["mobilenet_v2_035", "mobilenet_v3_small"])
def test_batch_norm_averages_follow_short_runs(name):
    application, _ = applications.build(name, (64, 64, 3))
    norms = [x for x in application.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert norms
    assert max(norm.momentum for norm in norms) == 0.99


@pytest.mark.parametrize("name", QUICK)
def test_the_setting_of_channels_first_is_no_matter(name):
    size = (96, 96, 3)
    model, stages = applications.build(name, size)
    keras.config.set_image_data_format("channels_first")
    try:
        found, found_stages = applications.build(name, size)
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")
    pixels = np.random.default_rng(0).uniform(-1, 1, (1, *size)).astype("float32")
    found.set_weights(model.get_weights())
    np.testing.assert_allclose(
        as_numpy(found(pixels)[found_stages["final"]]),
        as_numpy(model(pixels)[stages["final"]]),
        atol=1e-5,
    )


def test_weights_are_copied_under_channels_first(tmp_path):
    from keras_madd.backbones import official_efficientnet

    donor = keras.applications.EfficientNetB0(include_top=False, weights=None)
    donor.save_weights(tmp_path / "b0.weights.h5")
    keras.config.set_image_data_format("channels_first")
    try:
        model = official_efficientnet.build(
            "official_efficientnet_b0", (64, 64, 3), weights=str(tmp_path / "b0.weights.h5")
        )
    finally:
        keras.config.set_image_data_format("channels_last")
    stem = [as_numpy(each.get_layer("stem_conv").kernel.value) for each in (model, donor)]
    np.testing.assert_array_equal(*stem)
