"""Checkpoints are read without running anything, or refused in one clear line."""

import builtins
import os
import pickle
import zipfile

import numpy as np
import pytest

from keras_madd.published_weights import CheckpointError, read_checkpoint
from keras_madd.support.errors import UserError

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


class Trap:
    """Creates a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


def traps(tmp_path):
    """A pickle with code in it, bare, and inside an archive laid out as PyTorch does."""
    sprung = tmp_path / "sprung"
    payload = pickle.dumps({"state_dict": Trap(sprung)})
    bare = tmp_path / "bare.pth"
    bare.write_bytes(payload)
    archive = tmp_path / "archive.pth"
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("archive/data.pkl", payload)
        writer.writestr("archive/version", "3\n")
        writer.writestr("archive/byteorder", "little")
    return sprung, bare, archive


def test_a_bare_pickle_is_refused_unread(tmp_path):
    sprung, bare, _ = traps(tmp_path)
    with pytest.raises(CheckpointError, match="not a zip archive"):
        read_checkpoint(bare)
    assert not sprung.exists()
    pickle.loads(bare.read_bytes())
    assert sprung.exists(), "the trap must be able to spring"


def test_without_pytorch_the_message_says_what_to_install(tmp_path, monkeypatch):
    sprung, _, archive = traps(tmp_path)
    real_import = builtins.__import__

    def no_torch(name, *args, **kwargs):
        if name == "torch":
            raise ImportError("no torch")
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_torch)
    with pytest.raises(UserError, match=r"pip install keras-madd\[torch\]"):
        read_checkpoint(archive)
    assert not sprung.exists()


@pytest.mark.torch
class TestFiles:
    """Files, with PyTorch installed."""

    @pytest.fixture(autouse=True)
    def _torch(self):
        self.torch = pytest.importorskip("torch")

    def save(self, tmp_path, content):
        self.torch.save(content, tmp_path / "model.pth")
        return tmp_path / "model.pth"

    def test_code_in_the_pickle_does_not_run(self, tmp_path):
        sprung, _, archive = traps(tmp_path)
        with pytest.raises(CheckpointError, match="contains code, which is never run"):
            read_checkpoint(archive)
        assert not sprung.exists()

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

    @pytest.mark.parametrize("kept", [0.3, 0.9])
    def test_a_truncated_file_is_refused(self, tmp_path, kept):
        path = self.save(tmp_path, {"w": self.torch.zeros(1000)})
        content = path.read_bytes()
        path.write_bytes(content[: int(len(content) * kept)])
        with pytest.raises(CheckpointError, match="not a zip archive"):
            read_checkpoint(path)

    def test_a_damaged_archive_is_refused(self, tmp_path):
        path = tmp_path / "model.pth"
        with zipfile.ZipFile(path, "w") as writer:
            writer.writestr("model/data.pkl", b"\x80\x02}q\x00(X")
        with pytest.raises(CheckpointError, match="cannot be read"):
            read_checkpoint(path)

    def test_a_whole_module_is_refused(self, tmp_path):
        path = self.save(tmp_path, self.torch.nn.Linear(2, 2))
        with pytest.raises(CheckpointError, match="cannot be read as a file of plain tensors"):
            read_checkpoint(path)

    def test_a_list_is_refused(self, tmp_path):
        with pytest.raises(CheckpointError, match=r"must hold tensors by name. Received: list"):
            read_checkpoint(self.save(tmp_path, [self.torch.zeros(2)]))
