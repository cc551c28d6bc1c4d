"""The EfficientNets of published PyTorch detectors against their recorded feature maps."""

import keras
import numpy as np
import pytest
import reference_rule

from keras_madd.backbones import official_efficientnet
from keras_madd.layers import PortableDropout
from keras_madd.layers.sample_variance_batch_normalization import (
    SampleVarianceBatchNormalization,
)
from keras_madd.model.seeds import seeds_from

STAGES = ("b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "final")


@pytest.mark.parametrize(
    ("case", "backbone", "size"),
    [
        ("b0_128_m4", "efficientnet-b0", 128),
        pytest.param("b4_380_m4", "efficientnet-b4", 380, marks=pytest.mark.slow),
    ],
)
def test_every_stage_equals_the_released_code(case, backbone, size):
    name = f"official_efficientnet_{backbone[-2:]}"
    model = official_efficientnet.build(name, (size, size, 3))
    reference_rule.fill_backbone(model, "net.", reference_rule.BACKBONE_GAINS[backbone])
    outputs = model(reference_rule.pixels(size))
    for stage in STAGES:
        value = reference_rule.channels_first(keras.ops.convert_to_numpy(outputs[stage]))
        error, noise = reference_rule.error(case, f"layer_{stage}", value)
        assert error <= 5 * noise, f"{stage}: {error:.1e}, noise {noise:.1e}"


@pytest.mark.parametrize("size", [96, pytest.param(256, marks=pytest.mark.slow)])
def test_every_stage_equals_deepfakebench(size):
    name = official_efficientnet.DEEPFAKEBENCH_NAME
    model = official_efficientnet.build(name, (size, size, 3))
    reference_rule.fill_backbone(model, "backbone.efficientnet.", 1.1)
    outputs = model(reference_rule.pixels(size))
    for stage in STAGES:
        value = reference_rule.channels_first(keras.ops.convert_to_numpy(outputs[stage]))
        error, noise = reference_rule.backbone_error(f"{name}_{size}.{stage}", value)
        assert error <= 5 * noise, f"{stage}: {error:.1e}, noise {noise:.1e}"


def widths(name, size):
    model = official_efficientnet.build(name, (size, size, 3))
    return [model.output[stage].shape[1] for stage in ("b1", "b2", "b3", "b4", "b6")]


def test_padding_does_not_follow_the_input_size():
    assert widths("official_efficientnet_b4", 380) == [190, 95, 47, 23, 11]
    assert widths("official_efficientnet_b4", 256) == [128, 64, 32, 16, 8]
    assert widths("deepfakebench_efficientnet_b4", 256) == [127, 63, 32, 16, 8]


@pytest.mark.parametrize(
    "variant",
    [
        variant if variant in ("b0", "b4") else pytest.param(variant, marks=pytest.mark.slow)
        for variant in official_efficientnet.SCALINGS
    ],
)
def test_channels_and_blocks_are_those_of_the_model(variant):
    model = official_efficientnet.build(f"official_efficientnet_{variant}", (64, 64, 3))
    channels = {stage: output.shape[-1] for stage, output in model.output.items()}
    assert channels == official_efficientnet.stage_channels(variant)
    blocks = [layer.name.split("_")[0] for layer in model.layers if layer.name.endswith("_dwconv")]
    assert blocks == official_efficientnet.block_names(variant)


def test_any_input_size_without_a_static_one():
    model = official_efficientnet.build("official_efficientnet_b0", (None, None, 3))
    outputs = model(np.zeros((1, 70, 100, 3), "uint8"))
    assert outputs["b5"].shape == (1, 4, 6, 112)


def test_blocks_are_dropped_in_training_only_and_by_seed():
    models = []
    for rate in (0.9, 0.9, 0.0):
        with seeds_from(3):
            models.append(
                official_efficientnet.build(
                    "official_efficientnet_b0", (64, 64, 3), drop_connect_rate=rate
                )
            )
    first, second, never = models
    second.set_weights(first.get_weights())
    pixels = reference_rule.pixels(64)
    drops = [layer for layer in first.layers if isinstance(layer, PortableDropout)]
    assert [round(layer.rate, 6) for layer in drops] == [
        round(0.9 * index / 16, 6) for index in (2, 4, 6, 7, 9, 10, 12, 13, 14)
    ]
    assert not any(isinstance(layer, PortableDropout) for layer in never.layers)
    trained = [
        keras.ops.convert_to_numpy(model(pixels, training=True)["b7"]) for model in (first, second)
    ]
    np.testing.assert_array_equal(*trained)


def test_deepfakebench_drops_nothing_by_default():
    model = official_efficientnet.build(official_efficientnet.DEEPFAKEBENCH_NAME, (64, 64, 3))
    assert not any(isinstance(layer, PortableDropout) for layer in model.layers)


def test_batch_statistics_follow_pytorch():
    model = official_efficientnet.build("official_efficientnet_b0", (64, 64, 3))
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert len(norms) == 49
    for norm in norms:
        assert isinstance(norm, SampleVarianceBatchNormalization)
        assert (norm.momentum, norm.epsilon) == (0.99, 1e-3)


def test_saved_model_loads_without_custom_objects(tmp_path):
    model = official_efficientnet.build("official_efficientnet_b0", (64, 64, 3))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    pixels = reference_rule.pixels(64)
    before, after = (keras.ops.convert_to_numpy(x(pixels)["final"]) for x in (model, loaded))
    np.testing.assert_array_equal(before, after)


def test_weights_of_keras_applications_fit_by_name(tmp_path):
    path = str(tmp_path / "b0.weights.h5")
    donor = keras.applications.EfficientNetB0(include_top=False, weights=None)
    donor.save_weights(path)
    name = "official_efficientnet_b0"
    model = official_efficientnet.build(name, (64, 64, 3), weights=path)
    for layer in model.layers:
        for mine, theirs in zip(
            layer.get_weights(),
            donor.get_layer(layer.name).get_weights() if layer.weights else (),
            strict=True,
        ):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("efficientnet_b4", (64, 64, 3)), {}, "`name`.*Received: name='efficientnet_b4'"),
        (("official_efficientnet_b0", (3, 64, 64)), {}, "`input_shape`.*channels last"),
        (
            ("official_efficientnet_b0", (64, 64, 3)),
            {"drop_connect_rate": 1.0},
            "`drop_connect_rate`.*Received",
        ),
    ],
)
def test_wrong_arguments_are_named(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        official_efficientnet.build(*arguments, **options)
