import functools

import keras
import numpy as np
import pytest
from keras import ops

from keras_madd.backbones import create_backbone

# Stride of the texture and the attention tap, and the size it is built at.
QUICK = {
    "efficientnet_b0": (4, 16, 96),
    "mobilenet_v2": (4, 16, 96),
    "mobilenet_v2_035": (4, 16, 96),
    "mobilenet_v3_small": (4, 16, 96),
    "small": (4, 16, 64),
    "tiny": (4, 16, 64),
}
IMAGENET = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


@functools.cache
def built(name, size=96):
    return create_backbone(name, (size, size, 3))


@pytest.mark.parametrize("name", QUICK)
def test_default_taps(name):
    texture_stride, attention_stride, size = QUICK[name]
    backbone, prefix = built(name, size)
    shapes = {tap: tuple(output.shape) for tap, output in backbone.output.items()}
    assert shapes["texture"][1] == size // texture_stride
    assert shapes["attention"][1] == size // attention_stride
    assert tuple(prefix.output["attention"].shape) == shapes["attention"]
    assert {id(weight) for weight in prefix.weights} < {id(weight) for weight in backbone.weights}


@pytest.mark.parametrize("name", ["tiny", "mobilenet_v2_035"])
def test_odd_sizes_and_the_prefix(name):
    backbone, prefix = create_backbone(name, (75, 67, 3))
    pixels = np.random.default_rng(0).uniform(0, 255, (2, 75, 67, 3)).astype("float32")
    np.testing.assert_allclose(
        ops.convert_to_numpy(prefix(pixels)["attention"]),
        ops.convert_to_numpy(backbone(pixels)["attention"]),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("efficientnet_b0", lambda x: (x / 255 - IMAGENET[0]) / IMAGENET[1]),
        ("efficientnet_v2_b0", lambda x: (x / 255 - IMAGENET[0]) / IMAGENET[1]),
        ("efficientnet_v2_s", lambda x: x / 128 - 1),
        ("mobilenet_v2", lambda x: x / 127.5 - 1),
        ("mobilenet_v3_small", lambda x: x / 127.5 - 1),
        ("xception", lambda x: x / 127.5 - 1),
        ("tiny", lambda x: x / 127.5 - 1),
    ],
)
def test_pixels_are_scaled_as_the_weights_expect(name, expected):
    backbone, _ = built(name)
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 96, 96, 3)).astype("float32")
    scaled = ops.convert_to_numpy(backbone.get_layer("scaling")(pixels)) if name != "tiny" else None
    if scaled is None:
        scaled = pixels / 127.5 - 1
        stem = keras.Model(backbone.input, backbone.get_layer("scaling").output)
        scaled = ops.convert_to_numpy(stem(pixels))
    np.testing.assert_allclose(scaled, expected(pixels.astype("float64")), atol=2e-6)


def test_a_layer_can_be_tapped_by_name():
    backbone, _ = create_backbone(
        "mobilenet_v2_035", (96, 96, 3), texture_tap="block_1_expand_relu"
    )
    assert tuple(backbone.output["texture"].shape[1:3]) == (48, 48)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("resnet", (96, 96, 3)), "`backbone` must be one of efficientnet_b0"),
        (("tiny", (64, 64, 3), "b7"), "`texture_tap` must be one of the stages b0, b1"),
        (("mobilenet_v2", (96, 96, 3), "b2", "nowhere"), "`attention_tap` must be one of"),
        (("mobilenet_v2", (16, 96, 3)), "`input_size` must be at least 32"),
        (("xception", (64, 64, 3)), "`input_size` must be at least 71"),
        (("tiny", (64, 64, 3), None, None, "imagenet"), "`weights` must be None"),
    ],
)
def test_what_cannot_work_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        create_backbone(*arguments)


def test_weights_from_a_file(tmp_path):
    donor = keras.applications.MobileNetV2(
        alpha=0.35, weights=None, include_top=False, input_shape=(96, 96, 3)
    )
    donor.save_weights(tmp_path / "donor.weights.h5")
    backbone, _ = create_backbone(
        "mobilenet_v2_035", (96, 96, 3), weights=str(tmp_path / "donor.weights.h5")
    )
    pixels = np.random.default_rng(0).uniform(0, 255, (1, 96, 96, 3)).astype("float32")
    np.testing.assert_allclose(
        ops.convert_to_numpy(backbone(pixels)["final"]),
        ops.convert_to_numpy(donor(pixels / 127.5 - 1)),
        atol=1e-5,
    )
