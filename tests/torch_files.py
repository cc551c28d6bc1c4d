"""Checkpoints as PyTorch writes them, opcode by opcode: both layouts, without PyTorch."""

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

STORAGES = {"float32": "FloatStorage", "float64": "DoubleStorage", "int64": "LongStorage"} | {
    "float16": "HalfStorage",
    "bool": "BoolStorage",
}
ORDERED_DICT = b"ccollections\nOrderedDict\n)R"


def write_zip(path: Path, tensors: Mapping[str, np.ndarray], **changes) -> Path:
    """Write the layout of PyTorch 1.6 and later; `changes` go to `state_dict`."""
    with zipfile.ZipFile(path, "w", changes.pop("compression", zipfile.ZIP_STORED)) as archive:
        archive.writestr("model/data.pkl", state_dict(tensors, **changes))
        archive.writestr("model/byteorder", "little")
        for key, value in enumerate(tensors.values()):
            archive.writestr(f"model/data/{key}", _raw(value))
        archive.writestr("model/version", "3\n")
    return path


def write_legacy(path: Path, tensors: Mapping[str, np.ndarray]) -> Path:
    """Write the layout of PyTorch before 1.6."""
    magic = b"\x80\x02\x8a\x0a" + (0x1950A86A20F9469CFC6C).to_bytes(10, "little") + b"."
    protocol = b"\x80\x02M" + (1001).to_bytes(2, "little") + b"."
    system = b"\x80\x02}(" + _text("little_endian") + b"\x88u."
    keys = b"\x80\x02](" + b"".join(_text(str(key)) for key in range(len(tensors))) + b"e."
    parts = [magic, protocol, system, state_dict(tensors, view=b"N"), keys]
    for value in tensors.values():
        parts += [struct.pack("<q", value.size), _raw(value)]
    path.write_bytes(b"".join(parts))
    return path


def state_dict(tensors, view=b"", strides=None, function="torch._utils\n_rebuild_tensor_v2"):
    """Pickle of an OrderedDict of tensors; `strides` replaces those of every tensor."""
    items = b"".join(
        _text(name) + _tensor(str(key), value, view, strides, function)
        for key, (name, value) in enumerate(tensors.items())
    )
    return b"\x80\x02" + ORDERED_DICT + b"(" + items + b"u."


def _tensor(key, value, view, strides, function):
    steps = strides or [
        step // value.itemsize for step in np.empty(value.shape, value.dtype).strides
    ]
    storage = _text("storage") + f"ctorch\n{STORAGES[value.dtype.name]}\n".encode() + _text(key)
    record = b"(" + storage + _text("cpu") + _number(value.size) + view + b"tQ"
    shape = b"(" + b"".join(map(_number, value.shape)) + b"t"
    places = b"(" + b"".join(map(_number, steps)) + b"t"
    arguments = b"(" + record + _number(0) + shape + places + b"\x89" + ORDERED_DICT + b"t"
    return f"c{function}\n".encode() + arguments + b"R"


def _raw(value):
    return np.ascontiguousarray(value).tobytes()


def _text(text):
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


def _number(number):
    return b"J" + struct.pack("<i", number)
