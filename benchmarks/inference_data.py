"""What the benchmarks of inference share: models, held-out faces, the machine's description."""

import importlib.metadata
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parent.parent / "tests"


@dataclass(frozen=True, eq=False)
class Faces:
    """Generated faces: some of training people to calibrate on, others of test people."""

    calibration: np.ndarray
    images: np.ndarray
    labels: np.ndarray


def faces(size: int, identities: int, calibrate: int, verify: int, seed: int = 0) -> Faces:
    """Draws faces of the embedded data set, as the quickstart generates it."""
    from keras_madd.demo import build_crops

    crops = build_crops(size, seed, identities=identities)
    random = np.random.default_rng(seed)
    train, test = (random.permutation(np.flatnonzero(crops.splits == s)) for s in ("train", "test"))
    test = test[:verify]
    return Faces(crops.images[train[:calibrate]], crops.images[test], crops.labels[test])


def official_b4():
    """The released code's network at 380 pixels, its weights by the tests' rule."""
    sys.path.insert(0, str(TESTS))
    import reference_rule

    from keras_madd.published_weights import load_official

    weights = reference_rule.state_dict("b4_380_m4", "efficientnet-b4")
    return load_official(weights, input_size=380)


def train(preset: str, identities: int, epochs: int, path: Path, seed: int = 0, weights=None):
    """Trains a preset by the quickstart's recipe, one training pass a step, and saves it."""
    import keras

    from keras_madd import MADD
    from keras_madd.demo import build_crops, quickstart

    keras.utils.set_random_seed(seed)
    model = MADD.from_preset(
        preset, seed=seed, agda_attention="detached_prefix", backbone_weights=weights
    )
    for layer in model._flatten_layers(include_self=False):
        if isinstance(layer, keras.layers.BatchNormalization):
            # Averages of a few hundred steps, not of ImageNet's million.
            layer.momentum = 0.9
    crops = build_crops(model.config.input_size[0], seed, identities=identities)
    settings = quickstart.Settings(epochs=epochs, identities=identities, seed=seed)
    quickstart.train(model, crops, settings, lambda done, total, note: None)
    model.save(path)
    return model


def machine() -> dict[str, object]:
    """Describes what the figures were measured on."""
    packages = ("keras", "tensorflow", "ai-edge-litert", "ai-edge-quantizer", "onnxruntime")
    versions = {}
    for package in packages:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "processors": os.cpu_count(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        **versions,
    }
