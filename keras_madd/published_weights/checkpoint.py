"""Reading PyTorch checkpoints without running anything that is in them."""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from keras_madd.support.errors import UserError

# Where training scripts put the weights beside their optimiser's state.
CONTAINERS = ("state_dict", "model")
# torch.nn.DataParallel puts this before every name.
PARALLEL_PREFIX = "module."


class CheckpointError(UserError, ValueError):
    """A checkpoint that cannot be read, or that does not fit."""


def read_checkpoint(source: str | os.PathLike | Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Read the tensors of a PyTorch checkpoint.

    A file is read by `torch.load(weights_only=True)`, which refuses to build anything but
    tensors and plain containers; nothing that a file contains is ever executed. Only the zip
    format that PyTorch writes since version 1.6 is taken.

    Args:
        source: Path of a `.pth` or `.pt` file, or a mapping of names to arrays. Both may hold the
            tensors under `"state_dict"` or `"model"`. `module.` before all names is dropped.

    Returns:
        Arrays by name in PyTorch's layout; every floating type comes as float32.

    Raises:
        CheckpointError: If the file is missing, damaged, not in the zip format, holds more than
            tensors, or holds no tensors.
        UserError: If the source is a file and PyTorch is not installed.
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


def _load(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint {path}.")
    if not zipfile.is_zipfile(path):
        raise CheckpointError(
            f"{path} is no PyTorch checkpoint: it is not a zip archive. It is damaged, or of a "
            "version before PyTorch 1.6; open and save such a one again with a newer PyTorch."
        )
    try:
        import torch
    except ImportError as error:
        raise UserError(
            "Reading .pth files needs PyTorch: pip install keras-madd[torch]"
        ) from error
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # A damaged archive or a forbidden pickle; torch has no one class.
        raise CheckpointError(
            f"{path} cannot be read as a file of plain tensors; it is damaged, or it contains "
            f"code, which is never run. PyTorch says: {_first_line(error)}"
        ) from error
    if not isinstance(content, Mapping):
        raise CheckpointError(
            f"{path} must hold tensors by name. Received: {type(content).__name__}"
        )
    return content


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
    return value if np.issubdtype(value.dtype, np.integer) else value.astype("float32")


def _is_number(dtype):
    return dtype.kind in "fiub" or dtype.name == "bfloat16"


def _first_line(error):
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
