"""Models that carry code or name other files: nothing of it runs, nothing else is opened."""

import io
import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from attacks.sound_files import ASSETS
from keras_madd.inference.onnx_runner import ONNXRunner
from keras_madd.model.loading import load_madd
from keras_madd.support.errors import UserError
from keras_madd.torch_weights.checkpoint import read_checkpoint


class _Runs:
    """Unpickled, it makes a file."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (str(self.marker), "w")


@pytest.fixture
def marker(tmp_path):
    """A file that must not appear."""
    path = tmp_path / "it ran"
    yield path
    assert not path.exists()


def one_line(error):
    message = str(error.value)
    assert message.isprintable()
    assert len(message) < 1000


class TestKeras:
    def test_a_lambda(self, tmp_path, marker):
        import keras

        code = f"open({str(marker)!r}, 'w')"
        layer = keras.layers.Lambda(eval(f"lambda x: ({code}, x)[1]"), output_shape=(1,))
        model = keras.Sequential([keras.Input((1,)), layer])
        marker.unlink(missing_ok=True)  # Building the model ran it once.
        model.save(tmp_path / "m.keras")
        marker.unlink(missing_ok=True)
        with pytest.raises(UserError, match=r"m\.keras cannot be loaded") as caught:
            load_madd(tmp_path / "m.keras")
        one_line(caught)

    @pytest.mark.parametrize(
        "named",
        [
            {"module": "builtins", "class_name": "eval", "config": {}},
            {"module": "os", "class_name": "system", "config": {"command": "true"}},
            {"module": "subprocess", "class_name": "Popen", "config": {"args": ["true"]}},
            {"module": "keras", "class_name": "Sequential", "config": {"layers": 7}},
            {"module": "keras.layers", "class_name": "Lambda", "config": {"function": "x"}},
        ],
        ids=lambda named: named["class_name"],
    )
    def test_other_classes(self, tmp_path, named):
        self.archive(tmp_path / "m.keras", named | {"registered_name": None})
        with pytest.raises(UserError, match=r"m\.keras (cannot be loaded|holds a)") as caught:
            load_madd(tmp_path / "m.keras")
        one_line(caught)

    def test_members_outside(self, tmp_path):
        path = tmp_path / "in" / "m.keras"
        path.parent.mkdir()
        self.archive(path, {"module": "keras", "class_name": "Sequential", "config": {}})
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("../outside", "x")
            archive.writestr("assets/../../outside", "x")
        with pytest.raises(UserError):
            load_madd(path)
        assert not (tmp_path / "outside").exists()

    @staticmethod
    def archive(path, config):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.0"}))
            archive.writestr("config.json", json.dumps(config))
            archive.writestr("model.weights.h5", b"")


class TestTorch:
    @pytest.mark.parametrize("kind", ["zip", "old"])
    def test_a_pickle_that_calls(self, tmp_path, marker, kind):
        content = pickle.dumps({"state_dict": _Runs(marker)}, protocol=2)
        path = tmp_path / "w.pth"
        if kind == "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("w/data.pkl", content)
                archive.writestr("w/version", "3\n")
        else:
            path.write_bytes(content)
        with pytest.raises(UserError) as caught:
            read_checkpoint(path)
        one_line(caught)

    @pytest.mark.torch
    def test_with_pytorch_installed(self, tmp_path, marker):
        torch = pytest.importorskip("torch")
        torch.save({"state_dict": _Runs(marker)}, tmp_path / "w.pth")
        marker.unlink(missing_ok=True)
        with pytest.raises(UserError):
            read_checkpoint(tmp_path / "w.pth")


class TestONNX:
    @pytest.mark.parametrize("where", ["../secret.bin", "secret.bin", "absolute"])
    def test_data_in_other_files(self, tmp_path, where):
        onnx = pytest.importorskip("onnx")
        folder = tmp_path / "in"
        folder.mkdir()
        for place in (tmp_path, folder):
            (place / "secret.bin").write_bytes(np.float32([1, 2, 3, 4]).tobytes())
        where = str(tmp_path / "secret.bin") if where == "absolute" else where
        weight = onnx.TensorProto(
            name="w", data_type=1, dims=[4], data_location=onnx.TensorProto.EXTERNAL
        )
        entry = weight.external_data.add()
        entry.key, entry.value = "location", where
        ends = [onnx.helper.make_tensor_value_info(name, 1, [4]) for name in ("x", "y")]
        node = onnx.helper.make_node("Add", ["x", "w"], ["y"])
        graph = onnx.helper.make_graph([node], "g", ends[:1], ends[1:], [weight])
        opset = [onnx.helper.make_opsetid("", 17)]
        model = onnx.helper.make_model(graph, opset_imports=opset, ir_version=9)
        (folder / "m.onnx").write_bytes(model.SerializeToString())
        with pytest.raises(UserError, match="ONNX Runtime refuses it") as caught:
            ONNXRunner(folder / "m.onnx")
        one_line(caught)


class TestScores:
    def test_an_array_of_objects(self, tmp_path, marker):
        """Nothing in the package reads numpy's pickles: a `.npz` is no checkpoint, no score."""
        stream = io.BytesIO()
        np.savez(stream, w=np.array([_Runs(marker)], dtype=object))
        marker.unlink(missing_ok=True)
        for name in ("w.pth", "w.keras", "m.onnx"):
            path = tmp_path / name
            path.write_bytes(stream.getvalue())
            with pytest.raises(UserError):
                {".pth": read_checkpoint, ".keras": load_madd, ".onnx": ONNXRunner}[path.suffix](
                    path
                )


def test_nothing_is_asked_for_over_the_network():
    """A whole scoring run with every way to a network closed."""

    model = ASSETS / "model.tflite"
    program = (
        "import socket, sys\n"
        "def closed(*arguments, **named): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = closed\n"
        "from keras_madd.cli.main import main\n"
        "from keras_madd.demo import sample_photo_path\n"
        "sys.exit(main(['score', str(sample_photo_path()), '--model', sys.argv[1]]))\n"
    )
    command = [sys.executable, "-c", program, str(model)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "fake score" in result.stdout
