"""AdamW by TensorFlow's fused kernel."""

from typing import Any, NamedTuple

import keras
from keras import ops

from keras_madd.support.tensor import Tensor


class Coefficients(NamedTuple):
    """What one update takes for all variables alike, scalars."""

    learning_rate: Tensor
    adam: Tensor  # Learning rate, with the bias of both averages corrected.
    decay: Tensor  # Share of itself that a decaying variable loses.
    beta_1: Tensor
    beta_2: Tensor
    epsilon: Tensor
    nothing: Tensor


@keras.saving.register_keras_serializable(package="keras_madd")
class AdamW(keras.optimizers.AdamW):
    """Keras's AdamW, in one kernel for each variable where TensorFlow trains.

    Keras makes each variable's update from dozens of operations and asks the schedule for the
    learning rate anew for each of them: more than half of all operations of a step, and of the
    time until the first one is done. Values are Keras's, to rounding; so are state and files.
    Everything else is left to Keras: other back ends, `amsgrad`, and weights in half precision.

    Args:
        *args: Those of `keras.optimizers.AdamW`.
        **kwargs: Those of `keras.optimizers.AdamW`.

    Example:
        >>> model.compile(AdamW(1e-3, weight_decay=1e-6))
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable; the fused update gives `Coefficients` for `learning_rate`."""
        if not isinstance(learning_rate, Coefficients):
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        by = Coefficients(*(tf.cast(each, variable.dtype) for each in learning_rate))
        if self._use_weight_decay(variable):
            variable.assign_sub(variable * by.decay, read_value=False)
        if variable.dtype not in (tf.float32, tf.float64):
            # In the kernel's arithmetic 1 - beta would be a rounded number, or nothing.
            super().update_step(gradient, variable, by.learning_rate)
            return
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            # The kernel corrects the bias by powers of beta, which `by.adam` already is.
            beta1_power=by.nothing,
            beta2_power=by.nothing,
            lr=by.adam,
            beta1=by.beta_1,
            beta2=by.beta_2,
            epsilon=by.epsilon,
            grad=tf.cast(tf.convert_to_tensor(gradient), variable.dtype),
        )

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        if self._fuses:
            learning_rate = self._coefficients(learning_rate)
        super()._backend_update_step(grads, trainable_variables, learning_rate)

    def _coefficients(self, learning_rate):
        step = ops.cast(self.iterations + 1, keras.config.floatx())
        learning_rate = ops.cast(learning_rate, step.dtype)
        correction = ops.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        numbers = (self.beta_1, self.beta_2, self.epsilon, 0.0)
        return Coefficients(
            learning_rate,
            learning_rate * correction,
            learning_rate * (self.weight_decay or 0.0),
            *(ops.convert_to_tensor(each, step.dtype) for each in numbers),
        )

    def _apply_weight_decay(self, variables):
        if not self._fuses:
            super()._apply_weight_decay(variables)

    def _update_model_variables_moving_average(self, trainable_variables):
        if not self._fuses:
            super()._update_model_variables_moving_average(trainable_variables)
            return
        # The first update's average is the weights.
        kept = ops.cast(self.iterations != 0, keras.config.floatx()) * self.ema_momentum
        taken = 1 - kept
        averages = self._model_variables_moving_average
        for variable, average in zip(trainable_variables, averages, strict=True):
            if average is not None:
                dtype = variable.dtype
                average.assign(ops.cast(kept, dtype) * average + ops.cast(taken, dtype) * variable)

    @property
    def _fuses(self) -> bool:
        return keras.backend.backend() == "tensorflow" and not self.amsgrad


def adamw(*args: Any, **kwargs: Any) -> keras.optimizers.AdamW:
    """Build the quickest AdamW of the back end: `AdamW` with TensorFlow, else Keras's own.

    With PyTorch, Keras exchanges its own class, and no other, for one that updates all at once.

    Args:
        *args: Those of `keras.optimizers.AdamW`.
        **kwargs: The same.
    """
    fused = keras.backend.backend() == "tensorflow"
    return (AdamW if fused else keras.optimizers.AdamW)(*args, **kwargs)
