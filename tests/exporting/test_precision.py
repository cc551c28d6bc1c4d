"""Models of any dtype policy are exported in float32."""

import keras
import numpy as np
import pytest

from keras_madd import MADD
from keras_madd.exporting.litert import export_litert
from keras_madd.exporting.onnx import export_onnx
from keras_madd.exporting.run_export import ExportSettings, run_export
from keras_madd.exporting.verify import compare_export, sample_pictures
from keras_madd.inference.model_description import write_model_json
from keras_madd.inference.onnx_runner import ONNXRunner
from keras_madd.inference.runner import LiteRTRunner

SIZE = 64
PICTURES = sample_pictures((SIZE, SIZE), 8)


@pytest.fixture(scope="module")
def half():
    keras.utils.set_random_seed(0)
    return MADD.from_preset("madd_tiny", dtype="mixed_float16")


@pytest.fixture(scope="module")
def exact(half):
    """What the same weights give in float32."""
    whole = MADD(half.config, dtype="float32")
    whole.set_weights(half.get_weights())
    return whole.fake_probability(PICTURES)


def test_a_saved_model_of_mixed_precision_is_exported_and_verified(half, exact, tmp_path):
    half.save(tmp_path / "half.keras")
    output = tmp_path / "model.tflite"
    result = run_export(ExportSettings(model=str(tmp_path / "half.keras"), output=output))
    assert not result.problems
    found, _ = LiteRTRunner(output).run(PICTURES)
    np.testing.assert_allclose(found, exact, atol=1e-5)
    assert compare_export(half, output, PICTURES)["max_probability_difference"] < 1e-5
    assert half.dtype_policy.name == "mixed_float16"


def test_in_8_bits(half, exact, tmp_path):
    path = tmp_path / "model.tflite"
    export_litert(half, path, "int8", calibration=PICTURES)
    write_model_json(
        path,
        format="litert",
        quantization="int8",
        input_size=(SIZE, SIZE),
        num_attention_maps=4,
        batch=1,
        classes=("real", "fake"),
        training_data="none",
        output_names=("fake_probability", "attention_maps"),
    )
    found, _ = LiteRTRunner(path).run(PICTURES)
    np.testing.assert_allclose(found, exact, atol=0.05)


def test_in_onnx(exact, half, tmp_path):
    pytest.importorskip("onnx")
    other = MADD(half.config, dtype="mixed_bfloat16")
    other.set_weights(half.get_weights())
    found, _ = ONNXRunner(export_onnx(other, tmp_path / "model.onnx")).run(PICTURES)
    np.testing.assert_allclose(found, exact, atol=1e-5)
