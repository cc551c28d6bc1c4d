"""Gradients ahead of time: one forward pass is differentiated and done with before the next.

Reverse mode keeps what a forward pass computed until its gradient is made. A loss that is a sum
over two passes can be differentiated pass by pass, so that one of them at a time is in memory:
`pullback` differentiates the first at once, `after` holds the second back until then, and
`with_gradient` hands the gradient to whoever differentiates the whole.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import keras
from keras import ops

from keras_madd.support.tensor import Tensor

Changes = dict[str, Tensor]


def values_of(variables: Iterable[keras.Variable]) -> list[Tensor]:
    """Return the values that variables have now, without a gradient."""
    return [ops.copy(ops.stop_gradient(ops.convert_to_tensor(each))) for each in variables]


def stateless(
    function: Callable[[], Any], variables: Sequence[keras.Variable], values: Sequence[Tensor]
) -> tuple[Any, Changes, list[Tensor]]:
    """Call a function while `variables` have `values`; nothing is assigned.

    Args:
        function: What is called.
        variables: All Keras variables that it reads.
        values: A tensor for each.

    Returns:
        The result; what the function assigned, by the variable's place in `variables`; and the
        losses that layers added.
    """
    mapping = list(zip(variables, values, strict=True))
    with keras.StatelessScope(mapping, collect_losses=True) as scope:
        before = dict(scope.state_mapping)
        result = function()
    changes = {}
    for place, variable in enumerate(variables):
        value = scope.get_current_value(variable)
        if value is not before[id(variable)]:
            changes[str(place)] = value
    return result, changes, scope.losses


def pullback(
    function: Callable[[list[Tensor]], tuple[Any, Any]], inputs: list[Tensor]
) -> tuple[Any, Any, Callable[[Any], list[Tensor]]]:
    """Call a function and keep what differentiating it takes.

    Args:
        function: Gives outputs, tensors in any structure, and more that has no gradient. It must
            not assign.
        inputs: What it is called with, float tensors.

    Returns:
        The outputs and the rest, without a gradient, and a function from the gradient of the
        outputs, in their structure, to that of the inputs. It can be called once.
    """
    return _PULLBACKS[keras.backend.backend()](function, inputs)


def after(earlier: Any, tensor: Tensor, jit_compile: bool) -> Tensor:
    """Return `tensor`, held back until all of `earlier` is computed.

    Args:
        earlier: Tensors in any structure.
        tensor: A tensor without a gradient.
        jit_compile: Whether the step is compiled by XLA.
    """
    earlier = keras.tree.flatten(earlier)
    if keras.backend.backend() == "torch":
        return tensor
    if keras.backend.backend() == "tensorflow" and not jit_compile:
        import tensorflow as tf

        with tf.control_dependencies(earlier):
            return tf.identity(tensor)
    # XLA takes no notice of control dependencies, and on a CPU none of its own barriers. A zero
    # that is made from every tensor, and that it cannot know to be zero, is one.
    numbers = [ops.cast(ops.reshape(each, (-1,))[0], "float32") for each in earlier]
    total = sum(numbers, ops.zeros((), "float32"))
    zero = 0.0 * ops.where(ops.isfinite(total), total, 0.0)
    return tensor + ops.cast(zero, tensor.dtype)


def with_gradient(
    value: Tensor, scale: Tensor, targets: list[Tensor], gradients: list[Tensor]
) -> Tensor:
    """Return a loss whose gradient is known.

    Args:
        value: The loss, a scalar.
        scale: What the loss will be multiplied by before it is differentiated, a scalar.
        targets: Tensors that the loss was computed from.
        gradients: Gradient of `scale * value` with respect to each: made with the scale that
            keeps it from underflow.
    """
    count = len(targets)

    @ops.custom_gradient
    def known(value, scale, *tensors):
        def grad(*args, upstream=None):
            upstream = args[0] if upstream is None else upstream
            share = upstream / scale
            found = [ops.cast(share, each.dtype) * each for each in tensors[count:]]
            zeros = [ops.zeros_like(each) for each in (value, scale, *tensors[count:])]
            return (*zeros[:2], *found, *zeros[2:])

        return ops.copy(value), grad

    return known(value, scale, *targets, *gradients)


def _detached(tensors: Any) -> Any:
    return keras.tree.map_structure(ops.stop_gradient, tensors)


def _pullback_tensorflow(function, inputs):
    import tensorflow as tf

    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs)
        outputs, rest = function(inputs)
    flat = keras.tree.flatten(outputs)

    def pull(upstream):
        return tape.gradient(flat, inputs, keras.tree.flatten(upstream), "zero")

    return _detached(outputs), _detached(rest), pull


def _pullback_jax(function, inputs):
    import jax

    outputs, pull, rest = jax.vjp(function, inputs, has_aux=True)
    return outputs, rest, lambda upstream: pull(upstream)[0]


def _pullback_torch(function, inputs):
    import torch

    inputs = [each.detach().requires_grad_() for each in inputs]
    with torch.enable_grad():
        outputs, rest = function(inputs)
    flat = keras.tree.flatten(outputs)

    def pull(upstream):
        reached = [
            pair
            for pair in zip(flat, keras.tree.flatten(upstream), strict=True)
            if pair[0].requires_grad
        ]
        outputs, gradients = zip(*reached, strict=True)
        found = torch.autograd.grad(outputs, inputs, gradients, allow_unused=True)
        return [
            torch.zeros_like(each) if gradient is None else gradient
            for each, gradient in zip(inputs, found, strict=True)
        ]

    return _detached(outputs), _detached(rest), pull


_PULLBACKS = {
    "tensorflow": _pullback_tensorflow,
    "jax": _pullback_jax,
    "torch": _pullback_torch,
}
