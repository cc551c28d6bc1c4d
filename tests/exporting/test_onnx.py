import numpy as np
import pytest
from exported_model import tiny_model

from keras_madd.exporting.exported_file import export_bundle
from keras_madd.exporting.onnx import OPSET, export_onnx
from keras_madd.exporting.verify import compare_export, sample_pictures
from keras_madd.inference.model_description import read_model_json
from keras_madd.inference.onnx_runner import BATCH, ONNXRunner
from keras_madd.support.errors import UserError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


@pytest.fixture(scope="module")
def onnx_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export_bundle(tiny_model(), path, training_data="none")
    return path


@pytest.mark.parametrize("count", [1, 5])
def test_any_batch_agrees_with_keras(onnx_file, count):
    pixels = sample_pictures((64, 64), count)
    compared = compare_export(tiny_model(), onnx_file, pixels)
    assert compared["max_probability_difference"] < 1e-5
    assert compared["max_attention_difference"] < 1e-4


def test_many_pictures_run_in_batches_and_give_the_same(onnx_file):
    pixels = sample_pictures((64, 64), 2 * BATCH + 3)
    runner = ONNXRunner(onnx_file)
    sizes, session = [], runner._session

    class Counted:
        def run(self, outputs, fed):
            sizes.append(len(fed["image"]))
            return session.run(outputs, fed)

    runner._session = Counted()
    probabilities, maps = runner.run(pixels)
    assert sizes == [BATCH, BATCH, 3]
    for start in (0, 20, 34):
        probability, single = runner.run(pixels[start : start + 1])
        np.testing.assert_allclose(probabilities[start], probability[0], atol=1e-6)
        np.testing.assert_allclose(maps[start], single[0], atol=1e-5)
    assert runner.run(pixels[:0])[0].shape == (0,)


def test_names_shapes_and_opset(onnx_file):
    found = onnx.load(onnx_file)
    (image,) = found.graph.input
    sizes = [each.dim_value for each in image.type.tensor_type.shape.dim]
    assert (image.name, sizes) == ("image", [0, 64, 64, 3])
    assert {each.name for each in found.graph.output} == {"fake_probability", "attention_maps"}
    assert max(each.version for each in found.opset_import if each.domain == "") == OPSET
    assert {node.domain for node in found.graph.node} == {""}


def test_description(onnx_file):
    description = read_model_json(onnx_file)
    assert (description.format, description.batch) == ("onnx", None)
    assert onnx_file.with_name("model.onnx.json").is_file()


def test_refusals(onnx_file, tmp_path):
    with pytest.raises(ValueError, match=r"`path` must end in \.onnx"):
        export_onnx(None, "model.tflite")
    with pytest.raises(UserError, match="not quantised"):
        export_bundle(tiny_model(), tmp_path / "model.onnx", quantize="float16")
    with pytest.raises(UserError, match="exists; --overwrite"):
        export_bundle(tiny_model(), onnx_file)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"nothing")
    with pytest.raises(UserError, match="ONNX Runtime refuses it"):
        ONNXRunner(broken).run(np.zeros((1, 64, 64, 3)))
