"""The data set as the input of `fit`, on the backend that the tests run with and on JAX."""

import pytest
from backends import run_script
from shards_on_disk import sources, write_shards

TRAIN = """
import json, sys
import keras
import numpy as np
from keras_madd.data import load_dataset, steps_per_epoch

folder = sys.argv[1] if len(sys.argv) > 1 else FOLDER
keras.utils.set_random_seed(0)
model = keras.Sequential([
    keras.Input((32, 32, 3)),
    keras.layers.Rescaling(1 / 127.5, -1),
    keras.layers.Conv2D(4, 3, strides=4, activation="relu"),
    keras.layers.GlobalAveragePooling2D(),
    keras.layers.Dense(1, activation="sigmoid"),
])
model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
options = {"image_size": 32, "sampling": "paired", "augment": "light", "self_blend": 0.5}
steps = steps_per_epoch(folder, "train", 4, sampling="paired", self_blend=0.5)
training = load_dataset(folder, "train", 4, repeat=True, **options)
validation = load_dataset(folder, "val", 4, image_size=32)
history = model.fit(
    training, epochs=2, steps_per_epoch=steps, validation_data=validation, verbose=0
).history
finite = load_dataset(folder, "train", 4, **options)
model.fit(finite, epochs=1, verbose=0)
print(json.dumps({
    "backend": keras.backend.backend(),
    "losses": history["loss"] + history["val_loss"],
    "iterations": int(model.optimizer.iterations),
    "scores": model.predict(validation, verbose=0).shape,
}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax"])
def test_fit(tmp_path, backend):
    folder = write_shards(tmp_path / "shards", sources("train", 4) + sources("val", 2))
    result = run_script(f"FOLDER = {str(folder)!r}\n{TRAIN}", backend)
    assert result["backend"] == backend
    assert len(result["losses"]) == 4
    assert all(0 < loss < 5 for loss in result["losses"])
    assert result["iterations"] == 3 * (12 // 2)
    assert result["scores"] == [18, 1]
