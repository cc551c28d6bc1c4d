"""What every layer must stand: configuration, compilation, training, half precision."""

import inspect
import json

import keras
import numpy as np
from backends import JIT_COMPILE, as_numpy

POLICIES = {"mixed_float16": 0.02, "mixed_bfloat16": 0.1}


def check_layer(layer, *inputs, trainable, non_trainable=0):
    """Run the whole check on a layer that takes arrays and returns tensors.

    Args:
        layer: A new layer whose result depends on nothing but its inputs.
        *inputs: Float32 arrays, the arguments of the call.
        trainable: Number of trainable weights it must have.
        non_trainable: Number of other weights it must have.
    """
    outputs = as_numpy(layer(*inputs))
    assert (len(layer.trainable_weights), len(layer.non_trainable_weights)) == (
        trainable,
        non_trainable,
    )
    check_configuration(layer)
    _check_specification(layer, inputs, outputs)
    _check_compiled(layer, inputs, outputs)
    _check_half_precision(layer, inputs, outputs)
    _check_training(layer, inputs)


def check_configuration(layer):
    """`get_config` names every argument, survives JSON, and builds the same layer."""
    config = layer.get_config()
    for cls in type(layer).__mro__:
        if cls.__module__.startswith("keras_madd"):
            named = set(inspect.signature(cls.__init__).parameters) - {"self", "args", "kwargs"}
            assert named <= set(config), f"missing in get_config: {named - set(config)}"
    serialised = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    again = keras.saving.deserialize_keras_object(serialised)
    assert type(again) is type(layer)
    assert again.get_config() == config
    return again


def _check_specification(layer, inputs, outputs):
    """The symbolic call promises the shapes and dtypes that the eager call gives."""
    promised, given = _model(layer, inputs).outputs, keras.tree.flatten(outputs)
    assert len(promised) == len(given)
    for promise, output in zip(promised, given, strict=True):
        assert promise.shape == (None, *output.shape[1:])
        assert promise.dtype == str(output.dtype)


def _check_compiled(layer, inputs, outputs):
    model = _model(layer, inputs)
    model.compile(jit_compile=JIT_COMPILE)
    _assert_close(model.predict(list(inputs), verbose=0), outputs, 1e-5)


def _check_half_precision(layer, inputs, outputs):
    for policy, tolerance in POLICIES.items():
        half = type(layer).from_config({**layer.get_config(), "dtype": policy})
        half(*inputs)
        half.set_weights(layer.get_weights())
        found = half(*inputs)
        dtypes = [keras.backend.standardize_dtype(x.dtype) for x in keras.tree.flatten(found)]
        assert dtypes == [x.dtype for x in _model(half, inputs).outputs]
        found = keras.tree.map_structure(lambda x: keras.ops.cast(x, "float32"), found)
        _assert_close(as_numpy(found), outputs, tolerance)


def _check_training(layer, inputs):
    """One step of gradient descent moves every trainable weight, and nothing becomes NaN."""
    model = _model(layer, inputs)
    flat = [keras.layers.Flatten()(output) for output in keras.tree.flatten(model.outputs)]
    joined = keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    # Not a quadratic about 0: its gradient through a closing normalisation vanishes.
    target = np.random.default_rng(0).normal(0, 1, joined.shape[1:])
    trained = keras.Model(model.inputs, joined)
    trained.compile(keras.optimizers.SGD(0.1), "mse")
    before = layer.get_weights()
    targets = np.broadcast_to(target, (len(inputs[0]), *target.shape))
    trained.fit(list(inputs), targets, verbose=0)
    for variable, old in zip(layer.weights, before, strict=True):
        new = as_numpy(variable.value)
        assert np.isfinite(new).all(), variable.path
        if variable.trainable:
            assert np.abs(new - old).max() > 0, f"{variable.path} did not move"


def _model(layer, inputs):
    symbols = [keras.Input(x.shape[1:], dtype=x.dtype) for x in inputs]
    return keras.Model(symbols, layer(*symbols))


def _assert_close(actual, expected, relative):
    actual, expected = keras.tree.flatten(actual), keras.tree.flatten(expected)
    for found, wanted in zip(actual, expected, strict=True):
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found, wanted, atol=relative * max(1.0, np.abs(wanted).max()))
