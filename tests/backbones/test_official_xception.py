"""The released code's Xception against a PyTorch run of the same network."""

import keras
import numpy as np
import pytest
import reference_rule

from keras_madd.backbones import official_xception
from keras_madd.layers.sample_variance_batch_normalization import (
    SampleVarianceBatchNormalization,
)

STAGES = tuple(official_xception.STAGE_CHANNELS)


@pytest.mark.parametrize("size", [128, 155])
@pytest.mark.parametrize("static", [True, False])
def test_every_stage_equals_pytorch(size, static):
    shape = (size, size, 3) if static else (None, None, 3)
    model = official_xception.build("official_xception", shape)
    reference_rule.fill_backbone(model, "net.", reference_rule.BACKBONE_GAINS["xception"])
    outputs = model(reference_rule.pixels(size))
    for stage in STAGES:
        value = reference_rule.channels_first(keras.ops.convert_to_numpy(outputs[stage]))
        error, noise = reference_rule.backbone_error(f"official_xception_{size}.{stage}", value)
        assert error <= 5 * noise, f"{stage}: {error:.1e}, noise {noise:.1e}"


def test_stages_at_the_nominal_size():
    model = official_xception.build("official_xception", (299, 299, 3))
    sizes = {stage: output.shape[1] for stage, output in model.output.items()}
    assert sizes == {
        "b0": 147,
        "b1": 74,
        "b2": 37,
        **{f"b{number}": 19 for number in range(3, 12)},
        "b12": 10,
        "final": 10,
    }
    channels = {stage: output.shape[-1] for stage, output in model.output.items()}
    assert channels == official_xception.STAGE_CHANNELS


def test_only_the_first_and_last_taps_are_rectified():
    model = official_xception.build("official_xception", (128, 128, 3))
    reference_rule.fill_backbone(model, "net.", 1.0)
    outputs = model(reference_rule.pixels(128))
    lowest = {stage: float(keras.ops.min(output)) for stage, output in outputs.items()}
    assert {stage for stage, value in lowest.items() if value >= 0} == {"b0", "final"}


@pytest.mark.parametrize("size", [5, 6])
def test_pooling_pads_both_sides_with_cells_that_never_win(size):
    x = -np.arange(1.0, size * size + 1).reshape(1, size, size, 1).astype("float32")
    inputs = keras.Input((size, size, 1))
    pooled = keras.Model(inputs, official_xception._halve(inputs, "pool"))(x)
    padded = np.pad(x[0, :, :, 0], 1, constant_values=-np.inf)
    count = (size + 1) // 2
    expected = [
        [padded[2 * i : 2 * i + 3, 2 * j : 2 * j + 3].max() for j in range(count)]
        for i in range(count)
    ]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(pooled)[0, :, :, 0], expected)


def test_batch_statistics_follow_pytorch():
    model = official_xception.build("official_xception", (128, 128, 3))
    norms = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]
    assert len(norms) == 40
    for norm in norms:
        assert isinstance(norm, SampleVarianceBatchNormalization)
        assert (norm.momentum, norm.epsilon) == (0.9, 1e-5)


def test_weights_of_keras_applications_fit_by_name_and_order(tmp_path):
    path = str(tmp_path / "xception.weights.h5")
    donor = keras.applications.Xception(include_top=False, weights=None)
    donor.save_weights(path)
    model = official_xception.build("official_xception", (128, 128, 3), weights=path)
    total = sum(np.abs(value).sum(dtype="float64") for value in donor.get_weights())
    copied = sum(np.abs(value).sum(dtype="float64") for value in model.get_weights())
    np.testing.assert_allclose(copied, total)
    np.testing.assert_array_equal(
        model.get_layer("block14_sepconv2").get_weights()[1],
        donor.get_layer("block14_sepconv2").get_weights()[1],
    )


@pytest.mark.parametrize(
    ("name", "shape"), [("xception", (299, 299, 3)), ("official_xception", (299, 299, 1))]
)
def test_wrong_arguments_are_named(name, shape):
    with pytest.raises(ValueError, match=r"`(name|input_shape)`.*Received: "):
        official_xception.build(name, shape)
