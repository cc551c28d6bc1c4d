"""What is different from one Keras backend to the next."""

import importlib.util
import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

BACKEND = keras.backend.backend()
# torch.compile takes minutes for what XLA does in seconds, and PyTorch users rarely turn it on.
JIT_COMPILE = BACKEND != "torch"
tensorflow_only = pytest.mark.skipif(BACKEND != "tensorflow", reason="is about TensorFlow")


def gradients(function, *variables):
    """Gradients of the scalar `function()` with respect to Keras variables, as arrays."""
    values = [variable.value for variable in variables]
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            result = function()
        found = tape.gradient(result, values, unconnected_gradients="zero")
    elif BACKEND == "jax":
        import jax

        def pure(values):
            with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
                return function()

        found = jax.grad(pure)(values)
    else:
        import torch

        found = torch.autograd.grad(function(), values, allow_unused=True)
        found = [
            torch.zeros_like(value) if gradient is None else gradient
            for gradient, value in zip(found, values, strict=True)
        ]
    return [keras.ops.convert_to_numpy(gradient) for gradient in found]


def input_gradients(function, *arrays):
    """Gradients of the scalar `function(*tensors)` with respect to its inputs, as arrays."""
    variables = [keras.Variable(array, dtype="float32") for array in arrays]
    tensors = keras.ops.convert_to_tensor
    return gradients(lambda: function(*map(tensors, variables)), *variables)


def run_script(script, backend=BACKEND):
    """Run Python code in a process of its own; return what it prints last, read as JSON.

    A test that asks for a backend which is not installed is skipped.
    """
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment
    )
    assert process.returncode == 0, process.stderr[-3000:]
    return json.loads(process.stdout.strip().splitlines()[-1])


def as_numpy(outputs):
    """Tensors in any structure as arrays."""
    return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)


def largest_difference(actual, expected):
    """Largest absolute difference of two arrays of the same shape."""
    actual, expected = np.asarray(actual, "float64"), np.asarray(expected, "float64")
    assert actual.shape == expected.shape, f"{actual.shape} {expected.shape}"
    return float(np.abs(actual - expected).max())
