"""Filling a model's variables: every tensor used exactly once, or one error that lists all."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from keras_madd.torch_weights.checkpoint import CheckpointError
from keras_madd.torch_weights.names import Slot, counters


@dataclasses.dataclass(frozen=True)
class Constant:
    """A tensor that fills nothing: its value, or only its shape, must be as expected."""

    shape: tuple[int, ...]
    value: np.ndarray | None = None


def assign_tensors(
    slots: Mapping[str, Slot],
    tensors: Mapping[str, np.ndarray],
    constants: Mapping[str, Constant],
) -> None:
    """Assign every tensor to its variable, after everything has been checked.

    Args:
        slots: What fills variables.
        tensors: The checkpoint.
        constants: What a checkpoint must have besides.

    Raises:
        CheckpointError: If a name is missing or unexpected, or a shape or a constant differs; all
            of them are listed and no variable is touched.
    """
    problems = _problems(slots, tensors, constants)
    if problems:
        raise CheckpointError("The checkpoint does not fit:\n  " + "\n  ".join(problems))
    for name, slot in slots.items():
        slot.variable.assign(tensors[name].transpose(slot.axes))


def _problems(slots, tensors, constants):
    expected = {name: slot.torch_shape for name, slot in slots.items()}
    expected |= {name: constant.shape for name, constant in constants.items()}
    steps = counters(slots)
    # PyTorch before 0.4.1 kept no counters; a file that has some must have them all.
    if steps & tensors.keys():
        expected |= dict.fromkeys(steps, ())
    problems = [
        f"missing: {name} {shape}" for name, shape in expected.items() if name not in tensors
    ]
    problems += [
        f"unexpected: {name} {value.shape}"
        for name, value in tensors.items()
        if name not in expected
    ]
    problems += [
        f"wrong shape: {name} {tensors[name].shape}, expected {shape}"
        for name, shape in expected.items()
        if name in tensors and tensors[name].shape != shape
    ]
    problems += [
        f"wrong value: {name} is not the constant that the network is built on"
        for name, constant in constants.items()
        if name in tensors
        and constant.value is not None
        and tensors[name].shape == constant.shape
        and not np.array_equal(tensors[name], constant.value)
    ]
    return problems
