"""PyTorch's file formats, read without PyTorch: plain tensors in plain containers, nothing else.

A `.pth` is a pickle of records that say where in the file each tensor's numbers lie. The pickle is
read by an unpickler that knows these records and no other name, so that nothing a file contains is
ever run. Two layouts are in use: since PyTorch 1.6 a zip archive, before it some pickles followed
by the storages one after the other.

Reference:
    `torch/serialization.py` of PyTorch; https://pytorch.org/docs/stable/notes/serialization.html
"""

import collections
import dataclasses
import io
import math
import pickle
import zipfile
from typing import Any, BinaryIO

import numpy as np

# Two pickles, of a magic number and of the protocol 1001.
LEGACY_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."
DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "?",
}


class UnreadableError(ValueError):
    """A file that is damaged, or that holds more than tensors."""


def read_torch_file(file: BinaryIO) -> Any:
    """Read what `torch.save` wrote, tensors as NumPy arrays.

    Args:
        file: A file in one of the two layouts, open for reading.

    Returns:
        The saved object. bfloat16 comes as float32, which holds all its values.

    Raises:
        UnreadableError: If the file is damaged, of another kind, or holds anything but tensors,
            numbers, strings and the containers of Python.
        OSError: If the file cannot be read.
    """
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                return _read_archive(archive)
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        return _read_legacy(file, size)
    except (UnreadableError, OSError):
        raise
    except Exception as error:  # A damaged pickle fails in any way that Python's objects can.
        raise UnreadableError(f"it is damaged ({type(error).__name__}: {error})") from error


@dataclasses.dataclass
class _Storage:
    """Numbers that tensors look into; in the old layout they come after the tensors."""

    kind: str
    count: int
    values: np.ndarray | None = None

    def fill(self, raw: bytes) -> None:
        """Take the numbers from their bytes."""
        dtype = np.dtype(DTYPES[self.kind])
        if len(raw) != self.count * dtype.itemsize:
            raise UnreadableError("it is damaged: a storage is shorter or longer than it says")
        values = np.frombuffer(raw, dtype)
        if self.kind == "BFloat16Storage":
            values = (values.astype("<u4") << 16).view("<f4")
        self.values = values


@dataclasses.dataclass(frozen=True)
class _Tensor:
    """A view of a storage, not looked at before all storages are read."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def array(self) -> np.ndarray:
        """Return the view, after checking that it stays inside its storage."""
        numbers = (self.offset, *self.shape, *self.strides)
        if len(self.shape) != len(self.strides) or not all(
            type(number) is int and number >= 0 for number in numbers
        ):
            raise UnreadableError("it is damaged: a tensor has no proper shape")
        values = self.storage.values
        if values is None:
            raise UnreadableError("it is damaged: a tensor without the numbers of its storage")
        last = self.offset + sum(
            (size - 1) * step for size, step in zip(self.shape, self.strides, strict=True)
        )
        count = math.prod(self.shape)
        if (count and last >= self.storage.count) or count > self.storage.count:
            raise UnreadableError("it is damaged: a tensor reaches beyond its storage")
        if not count:
            return np.zeros(self.shape, values.dtype)
        steps = [step * values.itemsize for step in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, steps)


def _rebuild_tensor(storage, offset, shape, strides, *_):
    if not isinstance(storage, _Storage):
        raise UnreadableError("it is damaged: a tensor without a storage")
    return _Tensor(storage, offset, tuple(shape), tuple(strides))


def _rebuild_parameter(tensor, *_):
    return tensor


class _Unpickler(pickle.Unpickler):
    """Builds tensors and Python's containers; every other name in the file is an error."""

    KNOWN = {  # noqa: RUF012
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
        **{("torch", kind): kind for kind in DTYPES},
    }

    def __init__(self, file: BinaryIO, read_storage=None):
        super().__init__(file, encoding="utf-8")
        self.storages: dict[Any, _Storage] = {}
        self._read_storage = read_storage

    def find_class(self, module, name):
        if (module, name) not in self.KNOWN:
            raise UnreadableError(
                f"it wants to call {module}.{name}, and nothing but tensors is read"
            )
        return self.KNOWN[module, name]

    def persistent_load(self, record):
        """`("storage", kind, key, device, count)`, and in the old layout a view of it."""
        label, kind, key, _, count, *view = record
        if label != "storage" or kind not in DTYPES or type(count) is not int or any(view):
            raise UnreadableError("it is damaged: a storage of no known kind")
        if key not in self.storages:
            self.storages[key] = _Storage(kind, count)
            if self._read_storage is not None:
                self.storages[key].fill(self._read_storage(key))
        return self.storages[key]


def _read_archive(archive: zipfile.ZipFile) -> Any:
    names = [name for name in archive.namelist() if name.endswith("/data.pkl")]
    # PyTorch compresses nothing, so that what is read is never larger than the file.
    if len(names) != 1 or any(x.compress_type != zipfile.ZIP_STORED for x in archive.infolist()):
        raise UnreadableError("it is a zip archive, but none that PyTorch wrote")
    folder = names[0].removesuffix("data.pkl")
    if folder + "byteorder" in archive.namelist():
        order = archive.read(folder + "byteorder")
        if order != b"little":
            raise UnreadableError("its numbers are big-endian, which is not read")

    def read_storage(key):
        return archive.read(f"{folder}data/{key}")

    unpickler = _Unpickler(io.BytesIO(archive.read(names[0])), read_storage)
    return _with_arrays(unpickler.load())


def _read_legacy(file: BinaryIO, size: int) -> Any:
    if file.read(len(LEGACY_START)) != LEGACY_START:
        raise UnreadableError("it is no file of PyTorch")
    if not _Unpickler(file).load().get("little_endian"):
        raise UnreadableError("its numbers are big-endian, which is not read")
    unpickler = _Unpickler(file)
    content = unpickler.load()
    keys = _Unpickler(file).load()
    if sorted(keys) != sorted(unpickler.storages):
        raise UnreadableError("it is damaged: its storages are not those of its tensors")
    for key in keys:
        storage = unpickler.storages[key]
        count = int.from_bytes(file.read(8), "little")
        length = storage.count * np.dtype(DTYPES[storage.kind]).itemsize
        if count != storage.count or length > size - file.tell():
            raise UnreadableError("it is damaged: a storage is shorter or longer than it says")
        storage.fill(file.read(length))
    if file.read(1):
        raise UnreadableError("it is damaged: there is more behind its last storage")
    return _with_arrays(content)


def _with_arrays(content: Any) -> Any:
    if isinstance(content, _Tensor):
        return content.array()
    if isinstance(content, dict):
        return {key: _with_arrays(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_with_arrays(value) for value in content]
    return content
