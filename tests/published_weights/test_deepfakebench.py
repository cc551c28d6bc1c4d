"""DeepfakeBench's detector: names, and closed-form cases of what it does differently."""

import functools

import keras
import numpy as np
import pytest
import reference_rule
from backends import as_numpy

from keras_madd import MADD
from keras_madd.published_weights import CheckpointError, load_deepfakebench
from keras_madd.published_weights.deepfakebench import SETTINGS, slots

FIELDS = {"num_attentions": 3, "head_width": 16, "input_size": 96, "num_classes": 2}


@functools.cache
def checkpoint():
    """A state dict with the benchmark's names, by rule, for three maps and 16 hidden units."""
    shapes = {name: slot.torch_shape for name, slot in slots(MADD(**SETTINGS, **FIELDS)).items()}
    shapes["backbone.last_layer.weight"], shapes["backbone.last_layer.bias"] = (2, 1792), (2,)
    shapes["attention_generation.mask"] = (1, 1, 24, 24)
    return {
        name: reference_rule.weight(name, shape, backbone_gain=1.1)
        for name, shape in shapes.items()
    }


@functools.cache
def loaded():
    return load_deepfakebench(checkpoint(), input_size=96)


def test_configuration_is_read_off_the_tensors():
    config = loaded().config
    assert config.variant == "deepfakebench"
    assert config.backbone == "deepfakebench_efficientnet_b4"
    assert (config.num_attentions, config.head_width, config.num_classes) == (3, 16, 2)
    assert (config.texture_tap, config.attention_tap) == ("b2", "b5")
    assert config.drop_connect_rate == 0.0


def test_a_head_of_more_classes_on_the_benchmarks_weights():
    with pytest.warns(UserWarning, match="begin anew: head/ensemble_2"):
        model = load_deepfakebench(checkpoint(), input_size=96, num_classes=5)
    ours, theirs = (each.network.get_layer("head").project_final for each in (model, loaded()))
    np.testing.assert_array_equal(as_numpy(ours.kernel), as_numpy(theirs.kernel))


def test_names_are_those_of_the_benchmark():
    names = set(checkpoint())
    for name in (
        "backbone.efficientnet._conv_stem.weight",
        "backbone.efficientnet._blocks.31._bn2.running_var",
        "backbone.efficientnet._bn1.bias",
        "attention_generation.conv_extract.bias",
        "attention_generation.conv2.weight",
        "texture_enhance.conv0.weight",
        "texture_enhance.bn_last.running_mean",
        "projection_local.0.weight",
        "projection_local.2.bias",
        "projection_final.0.weight",
        "ensemble_classifier_fc.2.weight",
    ):
        assert name in names
    assert not any("conv_extract" in name for name in names if name.startswith("texture_enhance"))


def convolve(x, weight, bias):
    """PyTorch's convolution of (B, H, W, C) with a 1x1 or 3x3 kernel, padding kept, float64."""
    reach = weight.shape[-1] // 2
    padded = np.pad(x, ((0, 0), (reach, reach), (reach, reach), (0, 0)))
    height, width = x.shape[1:3]
    return bias + sum(
        padded[:, i : i + height, j : j + width] @ weight[:, :, i, j].T
        for i in range(2 * reach + 1)
        for j in range(2 * reach + 1)
    )


def normalise(x, name):
    """Batch normalisation of PyTorch in eval mode with the checkpoint's tensors."""
    tensors = {key: value.astype("float64") for key, value in checkpoint().items()}
    scale = tensors[f"{name}.weight"] / np.sqrt(tensors[f"{name}.running_var"] + 1e-5)
    return (x - tensors[f"{name}.running_mean"]) * scale + tensors[f"{name}.bias"]


def test_texture_block_is_one_ungrouped_dense_block():
    tensors = {key: value.astype("float64") for key, value in checkpoint().items()}
    features = np.random.default_rng(0).normal(size=(2, 12, 12, 32))
    maps = np.zeros((2, 4, 4, 3))
    average = features.reshape(2, 4, 3, 4, 3, 32).mean(axis=(2, 4))
    residual = features - average.repeat(3, axis=1).repeat(3, axis=2)

    def convolution(x, name):
        block = f"texture_enhance.{name}"
        return convolve(x, tensors[f"{block}.weight"], tensors[f"{block}.bias"])

    def activated(x, name):
        return np.maximum(normalise(x, f"texture_enhance.{name}"), 0)

    dense = convolution(residual, "conv0")
    for number in (1, 2, 3):
        grown = convolution(activated(dense, f"bn{number}"), f"conv{number}")
        dense = np.concatenate([dense, grown], axis=-1)
    expected = normalise(
        convolution(activated(dense, "bn4"), "conv_last"), "texture_enhance.bn_last"
    )
    layer = loaded().network.get_layer("texture")
    found, found_average = as_numpy(layer(features.astype("float32"), maps.astype("float32")))
    np.testing.assert_allclose(found_average, average, atol=1e-6)
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert found.shape == (2, 12, 12, 4 * 32)
    assert found.min() < 0, "there is no ReLU at the end"


def test_texture_of_maps_as_large_as_the_features_has_no_residual():
    features = np.random.default_rng(0).normal(size=(1, 4, 4, 32)).astype("float32")
    layer = loaded().network.get_layer("texture")
    maps = np.zeros((1, 4, 4, 3), "float32")
    found, _ = as_numpy(layer(features, maps))
    of_nothing, _ = as_numpy(layer(np.zeros_like(features), maps))
    np.testing.assert_array_equal(found, of_nothing)


def hard_swish(x):
    return x * np.clip(x + 3, 0, 6) / 6


def test_head_has_two_hard_swishes_on_the_global_features():
    tensors = {key: value.astype("float64") for key, value in checkpoint().items()}
    rng = np.random.default_rng(0)
    local, pooled = rng.normal(size=(2, 3, 128)), rng.normal(size=(2, 1792))

    def linear(x, name):
        return x @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    x = hard_swish(linear(local.reshape(2, -1), "projection_local.0"))
    x = hard_swish(linear(x, "projection_local.2"))
    y = hard_swish(hard_swish(linear(pooled, "projection_final.0")))
    x = hard_swish(linear(np.concatenate([x, y], axis=1), "ensemble_classifier_fc.0"))
    expected = linear(x, "ensemble_classifier_fc.2")
    head = loaded().network.get_layer("head")
    found = as_numpy(head(local.astype("float32"), pooled.astype("float32")))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def bilinear_matrix(source, target):
    """Interpolation with aligned corners as a (target, source) matrix."""
    position = np.arange(target) * (source - 1) / (target - 1)
    return np.maximum(0, 1 - np.abs(position[:, None] - np.arange(source)))


def test_pooling_from_the_networks_own_features():
    model, pixels = loaded(), reference_rule.pixels(96)
    features = as_numpy(model.network.get_layer("backbone")(pixels))
    outputs = as_numpy(model.network(pixels))
    maps = outputs["attention_maps"].astype("float64")
    assert maps.shape == (2, 6, 6, 3)
    texture, _ = as_numpy(
        model.network.get_layer("texture")(features["texture"], outputs["attention_maps"])
    )

    def resized(values, size):
        matrix = bilinear_matrix(6, size)
        return np.einsum("yi,xj,bijm->byxm", matrix, matrix, values)

    local = np.einsum("byxm,byxn->bmn", resized(maps, 23), texture)
    local /= np.linalg.norm(local, axis=-1, keepdims=True)
    np.testing.assert_allclose(outputs["local_features"], local, atol=2e-6)
    weight = resized(maps.sum(axis=-1, keepdims=True), 3)
    pooled = (weight * features["final"]).sum(axis=(1, 2)) / weight.sum(axis=(1, 2))
    np.testing.assert_allclose(outputs["global_features"], pooled, atol=2e-5)


def test_saved_and_loaded_model_is_the_same(tmp_path):
    loaded().save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    pixels = reference_rule.pixels(96)
    first, second = (as_numpy(model.network(pixels)["logits"]) for model in (loaded(), again))
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_everything_that_is_wrong_is_listed_at_once():
    tensors = dict(checkpoint())
    del tensors["backbone.last_layer.bias"]
    tensors["backbone.adjust_channel.0.weight"] = np.zeros((512, 1792, 1, 1), "float32")
    tensors["texture_enhance.conv3.weight"] = np.zeros((32, 32, 3, 3), "float32")
    with pytest.raises(CheckpointError) as caught:
        load_deepfakebench(tensors, input_size=96)
    message = str(caught.value)
    assert "missing: backbone.last_layer.bias (2,)" in message
    assert "unexpected: backbone.adjust_channel.0.weight (512, 1792, 1, 1)" in message
    assert "wrong shape: texture_enhance.conv3.weight" in message


def test_the_authors_checkpoint_is_refused():
    tensors = {"attentions.mask": np.zeros((1, 1, 24, 24), "float32")}
    with pytest.raises(CheckpointError, match="not of DeepfakeBench's multi_attention detector"):
        load_deepfakebench(tensors)
