"""Weights and inputs by rule, and the reference numbers.

The rule is told in tests/golden/reference/README.txt.
"""

import functools
import json
import pathlib
import zlib

import numpy as np

from keras_madd.torch_weights.names import backbone_slots

GOLDEN = pathlib.Path(__file__).parent / "golden"
DIRECTORY = GOLDEN / "reference"
BACKBONE_GAINS = {"efficientnet-b0": 1.5, "efficientnet-b4": 1.35, "xception": 1.0}
BACKBONE_PREFIXES = ("net.", "backbone.")


@functools.cache
def report(case):
    """The JSON beside the arrays of a case, such as "b0_128_m4"."""
    return json.loads((DIRECTORY / f"{case}.json").read_text())


@functools.cache
def arrays(case):
    """The reference arrays of a case by name, in PyTorch's layout."""
    with np.load(DIRECTORY / f"{case}.npz") as data:
        return {name: data[name] for name in data.files}


def state_dict(case, backbone):
    """The whole checkpoint of a case: every PyTorch name with its array by rule."""
    entries = json.loads((DIRECTORY / f"{case}.state_dict.json").read_text())
    return {
        name: weight(name, shape, dtype, BACKBONE_GAINS[backbone]) for name, shape, dtype in entries
    }


def weight(name, shape, dtype="float32", backbone_gain=1.0):
    """One entry of a state dict by rule."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    shape = tuple(shape)
    leaf = name.rsplit(".", 1)[-1]
    if leaf in ("running_mean", "bias", "feature_centers"):
        value = rng.normal(0, 0.1, shape)
    elif leaf == "running_var":
        value = rng.uniform(0.5, 1.5, shape)
    elif leaf == "weight":
        value = _weight(rng, name, shape, backbone_gain)
    elif leaf == "mask":
        value = np.zeros((1, 1, 24, 24))
        value[:, :, 2:-2, 2:-2] = 1
    else:
        value = {"num_batches_tracked": 0, "alpha": 0.05, "inner_margin": [0.2, -0.8]}[leaf]
    return np.asarray(value, dtype)


def _weight(rng, name, shape, backbone_gain):
    if len(shape) == 1:
        return rng.uniform(0.5, 1.5, shape)
    if len(shape) == 2:
        return rng.normal(0, 1.5 / np.sqrt(shape[1]), shape)
    gain = backbone_gain if name.startswith(BACKBONE_PREFIXES) else 2.0
    return rng.normal(0, gain / np.sqrt(np.prod(shape[1:])), shape)


def images(size, batch=2):
    """Images by rule, about [-1, 1], float32, in PyTorch's layout (B, 3, size, size)."""
    noise = np.random.default_rng(0).uniform(-1, 1, (batch, 3, size, size))
    low, radius = noise, max(1, size // 16)
    for axis in (2, 3):
        for _ in range(3):
            low = np.mean([np.roll(low, k, axis) for k in range(-radius, radius + 1)], axis=0)
    low = low / np.abs(low).max(axis=(1, 2, 3), keepdims=True)
    amplitude = np.array([1.0, 0.4, 0.7, 0.2])[np.arange(batch) % 4].reshape(-1, 1, 1, 1)
    shaded = 0.3 * amplitude * (0.5 + 0.5 * np.roll(low, 1, axis=1)) * noise
    return (0.7 * low + shaded).astype("float32")


def pixels(size, batch=2):
    """The same images as this package takes them: (B, size, size, 3), 0 to 255."""
    scaled = (images(size, batch).astype("float64") + 1.0) * 127.5
    return np.transpose(scaled, (0, 2, 3, 1)).astype("float32")


def channels_first(array):
    """From Keras's layout to PyTorch's: the last axis of a feature map comes second."""
    return np.moveaxis(np.asarray(array), -1, 1)


def error(case, name, array):
    """Largest absolute difference from the reference, and the reference's own rounding noise.

    Args:
        case: Name of the case.
        name: Name of the reference array.
        array: The full array to check, in PyTorch's layout.
    """
    entry = report(case)["tensors"][name]
    assert list(array.shape) == entry["shape"], f"{name}: {array.shape} {entry['shape']}"
    steps = tuple(slice(None, None, step) for step in entry["slice_step"])
    difference = np.abs(np.asarray(array, "float64")[steps] - arrays(case)[name])
    return float(difference.max()), entry["f32_vs_f64_maxabs"]


def backbone_error(name, array):
    """As `error`, for an entry of pytorch_backbones.npz."""
    with np.load(GOLDEN / "pytorch_backbones.npz") as data:
        expected, noise = data[name], float(data[f"{name}.noise"])
    _, channels, height, width = array.shape
    steps = (1, max(1, channels // 8), -(-height // 16), -(-width // 16))
    part = array[tuple(slice(None, None, step) for step in steps)]
    return float(np.abs(part.astype("float64") - expected).max()), noise


def fill_backbone(model, prefix, gain):
    """Give a backbone the weights by rule of the PyTorch names with this prefix."""
    for name, slot in backbone_slots(model, prefix).items():
        value = weight(name, slot.torch_shape, backbone_gain=gain)
        slot.variable.assign(value.transpose(slot.axes))
