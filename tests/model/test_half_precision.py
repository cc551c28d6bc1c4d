import h5py
import numpy as np
from exported_model import tiny_model

from keras_madd import MADD
from keras_madd.model.half_precision import store_in_half_precision


def test_weights_come_back_as_float16_rounds_them(tmp_path):
    model = tiny_model()
    model.save_to_preset(tmp_path / "whole")
    model.save_to_preset(tmp_path / "half", half_precision=True)
    sizes = [(tmp_path / name / "model.weights.h5").stat().st_size for name in ("whole", "half")]
    assert sizes[1] < sizes[0]
    loaded = MADD.from_preset(tmp_path / "half")
    for before, after in zip(model.get_weights(), loaded.get_weights(), strict=True):
        expected = (
            before.astype("float16").astype("float32") if before.dtype == "float32" else before
        )
        assert after.dtype == before.dtype
        np.testing.assert_array_equal(after, expected)


def test_what_half_precision_cannot_hold_stays(tmp_path):
    path = tmp_path / "x.weights.h5"
    values = {
        "large": np.float32([1e5, 1]),
        "whole": np.arange(70000, 70003),
        "small": np.float32([[0.1]]),
        "scalar": np.float32(2.5),
        "empty": np.zeros(0, "float32"),
    }
    with h5py.File(path, "w") as file:
        for name, value in values.items():
            file[f"layer/vars/{name}"] = value
        file["layer"].attrs["name"] = "kept"
    store_in_half_precision(path)
    with h5py.File(path) as file:
        assert file["layer"].attrs["name"] == "kept"
        found = {name: file[f"layer/vars/{name}"][()] for name in values}
    assert {name: value.dtype.name for name, value in found.items()} == {
        "large": "float32",
        "whole": "int64",
        "small": "float16",
        "scalar": "float16",
        "empty": "float16",
    }
    np.testing.assert_array_equal(found["large"], values["large"])
