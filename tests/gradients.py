"""Gradients of a loss on whichever backend runs."""

import keras


def gradients(model, loss):
    """Gradients of `loss()` with respect to the trainable variables of `model`.

    Args:
        model: Keras model or layer, built.
        loss: Function of no arguments that returns a scalar; what it does to the state of
            `model` is kept.

    Returns:
        The scalar and a dictionary of arrays by variable path, without the variables that the
        loss does not reach (on JAX those are zero).
    """
    backend = keras.backend.backend()
    variables = model.trainable_variables
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = loss()
        computed = tape.gradient(value, [variable.value for variable in variables])
    elif backend == "torch":
        model.zero_grad()
        value = loss()
        value.backward()
        computed = [variable.value.grad for variable in variables]
    else:
        value, computed = _jax_gradients(model, variables, loss)
    arrays = {
        variable.path: keras.ops.convert_to_numpy(gradient)
        for variable, gradient in zip(variables, computed, strict=True)
        if gradient is not None
    }
    return float(value), arrays


def _jax_gradients(model, variables, loss):
    import jax

    others = model.non_trainable_variables

    def stateless(values):
        mapping = list(zip(variables, values, strict=True))
        mapping += [(variable, variable.value) for variable in others]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            value = loss()
        updated = [scope.get_current_value(variable) for variable in others]
        return value, updated

    (value, updated), computed = jax.value_and_grad(stateless, has_aux=True)(
        [variable.value for variable in variables]
    )
    for variable, new in zip(others, updated, strict=True):
        variable.assign(new)
    return value, computed
