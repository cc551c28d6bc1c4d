"""PyTorch's two layouts are read without PyTorch, and nothing in them is ever run."""

import io
import os
import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch_files

from keras_madd.torch_weights.torch_file import UnreadableError, read_torch_file

TENSORS = {
    "conv.weight": np.arange(24, dtype="float32").reshape(2, 3, 4),
    "half": np.linspace(-2, 2, 5).astype("float16"),
    "steps": np.asarray(7),
    "empty": np.zeros((0, 3), "float32"),
    "mask": np.asarray([True, False]),
}
WRITERS = [torch_files.write_zip, torch_files.write_legacy]


def read(path):
    with open(path, "rb") as file:
        return read_torch_file(file)


@pytest.mark.parametrize("write", WRITERS)
def test_tensors_come_as_they_were_written(tmp_path, write):
    found = read(write(tmp_path / "model.pth", TENSORS))
    assert list(found) == list(TENSORS)
    for name, value in TENSORS.items():
        assert found[name].dtype == value.dtype
        np.testing.assert_array_equal(found[name], value)


def test_a_transposed_view_of_a_storage(tmp_path):
    value = np.arange(9, dtype="float32").reshape(3, 3)
    found = read(torch_files.write_zip(tmp_path / "model.pth", {"w": value}, strides=[1, 3]))
    np.testing.assert_array_equal(found["w"], value.T)


def test_bfloat16_comes_as_float32(tmp_path, monkeypatch):
    monkeypatch.setitem(torch_files.STORAGES, "uint16", "BFloat16Storage")
    value = np.asarray([1.5, -2.0, 2**100], "float32")
    high = (value.view("uint32") >> 16).astype("uint16")
    found = read(torch_files.write_zip(tmp_path / "model.pth", {"w": high}))
    np.testing.assert_array_equal(found["w"], value)


@pytest.mark.parametrize(
    "function", ["os\nsystem", "builtins\neval", "torch.serialization\nload", "torch\nFloatTensor"]
)
def test_every_other_name_is_refused_by_name(tmp_path, function):
    path = torch_files.write_zip(tmp_path / "model.pth", TENSORS, function=function)
    with pytest.raises(UnreadableError, match=f"wants to call {function.replace(chr(10), '.')}"):
        read(path)


class Trap:
    """Creates a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_no_protocol_of_pickle_calls_anything(tmp_path, protocol):
    content = pickle.dumps({"w": Trap(tmp_path / "sprung")}, protocol)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("model/data.pkl", content)
    for file, message in [(io.BytesIO(content), "no file of PyTorch"), (archive, "wants to call")]:
        with pytest.raises(UnreadableError, match=message):
            read_torch_file(file)
    assert not (tmp_path / "sprung").exists()
    pickle.loads(content)
    assert (tmp_path / "sprung").exists(), "the trap must be able to spring"


@pytest.mark.parametrize("write", WRITERS)
def test_every_shortened_file_is_refused(tmp_path, write):
    content = write(tmp_path / "model.pth", TENSORS).read_bytes()
    for length in range(0, len(content), 7):
        with pytest.raises(UnreadableError):
            read_torch_file(io.BytesIO(content[:length]))


@pytest.mark.parametrize("write", WRITERS)
def test_damage_gives_an_error_or_other_numbers_but_nothing_else(tmp_path, write):
    content = write(tmp_path / "model.pth", TENSORS).read_bytes()
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(content)
        for position in random.integers(0, len(content), 3):
            damaged[position] ^= int(random.integers(1, 256))
        try:
            read_torch_file(io.BytesIO(bytes(damaged)))
        except UnreadableError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize("strides", [[12, 4, 2], [-1, 4, 1], [10**8, 4, 1]])
def test_a_tensor_must_stay_inside_its_storage(tmp_path, strides):
    tensors = {"w": TENSORS["conv.weight"]}
    path = torch_files.write_zip(tmp_path / "model.pth", tensors, strides=strides)
    with pytest.raises(UnreadableError, match="damaged: a tensor"):
        read(path)


def test_a_compressed_archive_is_refused(tmp_path):
    path = torch_files.write_zip(
        tmp_path / "model.pth", {"w": np.zeros(10**6, "float32")}, compression=zipfile.ZIP_DEFLATED
    )
    with pytest.raises(UnreadableError, match="none that PyTorch wrote"):
        read(path)


def test_a_storage_longer_than_the_file_is_refused_before_it_is_read(tmp_path):
    path = torch_files.write_legacy(tmp_path / "model.pth", {"w": np.zeros(4, "float32")})
    content = path.read_bytes().replace(struct.pack("<i", 4), struct.pack("<i", 2**31 - 1))
    with pytest.raises(UnreadableError, match="shorter or longer"):
        read_torch_file(io.BytesIO(content))
