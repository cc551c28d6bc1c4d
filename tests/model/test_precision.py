import keras
import numpy as np
import pytest
from backends import as_numpy

from keras_madd import MADD
from keras_madd.model.frozen import frozen_layers
from keras_madd.model.precision import float32_twin, in_float32


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "bfloat16"])
def test_the_same_weights_compute_in_float32(policy):
    model = MADD.from_preset("madd_tiny", input_size=32, seed=0, dtype=policy)
    before = model.get_weights()
    whole = in_float32(model)
    assert {layer.compute_dtype for layer in whole._flatten_layers()} == {"float32"}
    for left, right in zip(whole.get_weights(), before, strict=True):
        np.testing.assert_array_equal(left, right.astype("float32"))
    assert model.dtype_policy.name == policy


@keras.saving.register_keras_serializable(package="test_precision")
class Tempered(MADD):
    """A subclass whose constructor takes more."""

    def __init__(self, config=None, *, temperature, **arguments):
        super().__init__(config, **arguments)
        self.temperature = temperature

    def get_config(self):
        return {**super().get_config(), "temperature": self.temperature}


def test_what_a_subclass_is_made_of_goes_into_its_copies(tmp_path):
    config = MADD.from_preset("madd_tiny", input_size=32).config
    model = Tempered(config, temperature=3.0)
    model.network.get_layer("texture").trainable = False
    model.save(tmp_path / "own.keras")
    copies = [
        float32_twin(model),
        model.reset_classifier(3),
        Tempered.from_preset(tmp_path / "own.keras", dtype="mixed_bfloat16"),
    ]
    for copy in copies:
        assert (type(copy), copy.temperature) == (Tempered, 3.0)
        assert frozen_layers(copy.network) == ["texture"]
    assert copies[2].dtype_policy.name == "mixed_bfloat16"


def test_a_model_in_float32_is_itself():
    model = MADD.from_preset("madd_tiny", input_size=32, seed=0)
    assert in_float32(model) is model


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_pixels_come_to_the_network_as_they_are(policy):
    pixels = np.random.default_rng(0).uniform(200, 200.4, (2, 64, 64, 3)).astype("float32")
    model = MADD.from_preset("madd_tiny", dtype=policy)
    given = model.network(pixels, training=False)["logits"]
    np.testing.assert_array_equal(as_numpy(model(pixels, training=False)), as_numpy(given))


@pytest.mark.parametrize("floatx", ["float64", "float16"])
@pytest.mark.parametrize(
    "fields", [{}, {"match_weight": 0.5}, {"agda_attention": "detached_prefix"}]
)
def test_training_in_another_floatx(floatx, fields):
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(floatx)
    try:
        model = MADD.from_preset("madd_tiny", input_size=32, seed=0, **fields)
        model.compile("sgd")
        images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), "uint8")
        history = model.fit(images, np.arange(4) % 2, batch_size=2, verbose=0).history
        assert all(np.isfinite(float(loss)) for loss in history["loss"])
    finally:
        keras.config.set_floatx(before[0])
        keras.config.set_dtype_policy(before[1])
