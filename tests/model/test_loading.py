import keras
import numpy as np
import pytest
from exported_model import tiny_model

from keras_madd.model.loading import load_madd
from keras_madd.support.errors import UserError


@pytest.mark.parametrize("kind", ["file", "preset"])
def test_a_saved_model_comes_back(tmp_path, kind):
    path = tmp_path / ("model.keras" if kind == "file" else "preset")
    if kind == "file":
        tiny_model().save(path)
    else:
        tiny_model().save_to_preset(path)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    found = load_madd(path).fake_probability(pixels)
    np.testing.assert_allclose(found, tiny_model().fake_probability(pixels), atol=1e-7)


def test_what_cannot_be_loaded(tmp_path):
    with pytest.raises(UserError, match="There is no model"):
        load_madd(tmp_path / "missing.keras")
    other = tmp_path / "model.h5"
    other.write_text("")
    with pytest.raises(UserError, match=r"expected a \.keras file or a preset's folder"):
        load_madd(other)
    broken = tmp_path / "broken.keras"
    broken.write_text("no archive")
    with pytest.raises(UserError, match="cannot be loaded"):
        load_madd(broken)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match="empty cannot be loaded"):
        load_madd(empty)
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(broken)
    with pytest.raises(UserError, match="not a detector"):
        load_madd(broken)
