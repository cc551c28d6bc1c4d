"""Rematerialisation: training keeps what segments of the network hand on, and no more.

What a segment computes inside is computed again when its gradient is made, with the same weights,
the same state and the same random draws. Batch-norm averages and seeds move once. Gradients are
those of the plain step, to rounding; it costs most of one more forward pass.

Reference:
    Chen et al., Training Deep Nets with Sublinear Memory Cost, arXiv 1604.06174.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from keras_madd.model.early_gradient import after, pullback, stateless, values_of
from keras_madd.model.segments import Segment, Steps, segments_of
from keras_madd.support.tensor import Tensor


def rematerialized(
    network: keras.Model, pixels: Tensor, jit_compile: bool
) -> tuple[dict[str, Tensor], list[Tensor]]:
    """Run a network in training mode, so that its gradient needs little memory.

    Args:
        network: A functional model.
        pixels: What it takes.
        jit_compile: Whether the step is compiled by XLA.

    Returns:
        What the network returns, and the losses that its layers added.
    """
    whole, segments = segments_of(network)
    run = _Network(whole, segments, jit_compile)
    flat = run(ops.convert_to_tensor(pixels), training=True)
    return keras.tree.pack_sequence_as(network.output, flat), run.added


class _Uncast(keras.layers.Layer):
    """A layer that leaves its inputs and what it calls in their own dtypes."""

    def __init__(self, name: str):
        super().__init__(name=name, autocast=False, dtype="float32")
        self._convert_input_args = False
        self.built = True


class _Network(_Uncast):
    """All segments of a network; the last is differentiated at once, and kept."""

    def __init__(self, whole: Steps, segments: list[Segment], jit_compile: bool):
        super().__init__("rematerialized")
        # Not as attributes: Keras would take their layers for this one's.
        self._parts = lambda: (whole, segments, jit_compile)
        self.added: list[Tensor] = []

    def call(self, pixels: Tensor, training: bool | None = None) -> list[Tensor]:
        whole, (*segments, last), jit_compile = self._parts()
        [given] = whole.given
        tensors = {given: ops.cast(pixels, whole.tensors[given].dtype)}
        for segment in segments:
            made, added = _keeping_nothing(segment, tensors, jit_compile)
            tensors |= made
            self.added += added
        tensors |= _Segment(last).run(tensors)
        return [tensors[number] for number in whole.returned]


class _Segment(_Uncast):
    """The operations of one segment, which learn from the call that they train."""

    def __init__(self, segment: Segment):
        super().__init__("segment")
        self._segment = lambda: segment

    def run(self, tensors: dict[int, Tensor]) -> dict[int, Tensor]:
        segment = self._segment()
        made = self([tensors[number] for number in segment.takes], training=True)
        return dict(zip(segment.makes, made, strict=True))

    def call(self, inputs: list[Tensor], training: bool | None = None) -> list[Tensor]:
        segment = self._segment()
        tensors = dict(zip(segment.takes, inputs, strict=True))
        for step in segment.steps:
            made = step.run([tensors[number] for number in step.takes])
            tensors.update(zip(step.makes, made, strict=True))
        return [tensors[number] for number in segment.makes]


def _keeping_nothing(
    segment: Segment, tensors: dict[int, Tensor], jit_compile: bool
) -> tuple[dict[int, Tensor], list[Tensor]]:
    """Return what a segment makes of tensors, and what its layers added; its state moves."""
    layer = _Segment(segment)
    taken = {number: tensors[number] for number in segment.takes}
    followed = [number for number, tensor in taken.items() if _is_float(tensor)]
    variables = sorted(segment.variables, key=lambda each: not each.trainable)
    weights = [ops.convert_to_tensor(each) for each in variables if each.trainable]
    state = values_of(variables[len(weights) :])

    def run(values):
        given = dict(zip(followed, values, strict=False))
        values = [*values[len(followed) :], *state]
        made, changes, added = stateless(lambda: layer.run(taken | given), variables, values)
        floats = {number: each for number, each in made.items() if _is_float(each)}
        rest = {number: each for number, each in made.items() if number not in floats}
        return (floats, added), keras.tree.map_structure(ops.stop_gradient, (rest, changes))

    features = [taken[number] for number in followed]
    (floats, added), (rest, changes) = _recomputed(run, features, weights, jit_compile)
    for place, value in changes.items():
        variables[int(place)].assign(value)
    return floats | rest, added


def _recomputed(
    function: Callable, features: list[Tensor], weights: list[Tensor], jit_compile: bool
) -> Any:
    """Call a function as `pullback` takes it; to differentiate it is to call it once more."""
    if keras.backend.backend() == "torch":
        from torch.utils.checkpoint import checkpoint

        return checkpoint(function, [*features, *weights], use_reentrant=False)

    def gradient(inputs, upstream):
        # Not before the gradient has come so far; and no compiler may take the second call for
        # the first, as XLA on a CPU does with those of `jax.checkpoint`.
        arrived = keras.tree.flatten(upstream)
        held = [after(arrived, each, jit_compile) for each in inputs[: len(features)]]
        return pullback(function, [*held, *inputs[len(features) :]])[2](upstream)

    recomputed = _recomputed_jax if keras.backend.backend() == "jax" else _recomputed_tensorflow
    return recomputed(function, gradient, [*features, *weights])


def _recomputed_jax(function, gradient, inputs):
    import jax

    call = jax.custom_vjp(function)
    call.defvjp(
        lambda inputs: (function(inputs), inputs),
        lambda inputs, upstream: (gradient(inputs, upstream[0]),),
    )
    return call(inputs)


def _recomputed_tensorflow(function, gradient, inputs):
    import tensorflow as tf

    found: list[Any] = []

    @tf.custom_gradient
    def call(*inputs):
        found[:] = function([tf.stop_gradient(each) for each in inputs])
        count = len(keras.tree.flatten(found[0]))

        def pull(*upstream):
            return gradient(inputs, keras.tree.pack_sequence_as(found[0], upstream[:count]))

        return keras.tree.flatten(found), pull

    # What Keras calls a variable's tensor may be the variable.
    flat = call(*map(tf.identity, inputs))
    return keras.tree.pack_sequence_as(found, flat)


def _is_float(tensor) -> bool:
    return keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype))
