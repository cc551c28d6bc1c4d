"""A small model and its exported twin, made once for all tests that need them."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path


@functools.cache
def tiny_model():
    """The untrained tiny preset, always with the same weights."""
    import keras

    from keras_madd import MADD

    keras.utils.set_random_seed(0)
    return MADD.from_preset("madd_tiny")


@functools.cache
def _exported_once(quantize: str, batch: int) -> Path:
    from keras_madd.exporting.exported_file import export_bundle

    folder = Path(tempfile.mkdtemp(prefix="keras-madd-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "model.tflite"
    export_bundle(tiny_model(), path, quantize=quantize, batch=batch, training_data="none: random")
    return folder


def exported(folder: Path, quantize: str = "none", batch: int = 1) -> Path:
    """Copies the exported tiny model and its description into a folder."""
    source = _exported_once(quantize, batch)
    for name in ("model.tflite", "model.json"):
        shutil.copy(source / name, folder / name)
    return folder / "model.tflite"


def shaken(**fields):
    """A model whose batch normalisations do something, as after training."""
    import keras
    import numpy as np

    from keras_madd import MADD

    keras.utils.set_random_seed(0)
    model = MADD(**fields)
    random = np.random.default_rng(0)
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            for weight, low, high in (
                (layer.moving_mean, -0.2, 0.2),
                (layer.moving_variance, 0.5, 1.5),
                (layer.gamma, 0.5, 1.5),
                (layer.beta, -0.2, 0.2),
            ):
                weight.assign(random.uniform(low, high, weight.shape))
    return model
