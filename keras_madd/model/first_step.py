"""What a step needs beside the network, there before the step is traced."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import keras

from keras_madd.model.labels import labels_and_mask

if TYPE_CHECKING:
    from keras_madd.model.madd import MADD


def build_before_tracing(model: "MADD", data: Any, training: bool) -> None:
    """Create the variables of optimizer and metrics outside TensorFlow's graph.

    Keras creates them inside the first step. TensorFlow traces a function that creates variables
    twice, and wraps each of them in a condition: more than half of the time until the first step
    is done.

    Args:
        model: A compiled model.
        data: What `train_step` or `test_step` is called with.
        training: Whether the optimizer is needed.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    if tf.executing_eagerly() or tf.distribute.has_strategy():
        return  # Nothing is traced; or Keras has built everything by then.
    optimizer, metrics = model.optimizer, model._compile_metrics
    y, _ = labels_and_mask(keras.utils.unpack_x_y_sample_weight(data)[1])
    labels = keras.tree.map_structure(
        lambda each: keras.KerasTensor(each.shape, keras.backend.standardize_dtype(each.dtype)), y
    )
    logits = keras.KerasTensor((None, model.config.num_classes), "float32")

    def build():
        if training and optimizer is not None and not optimizer.built:
            optimizer.build(model.trainable_variables)
        if metrics is not None and not metrics.built and y is not None:
            metrics.build(labels, logits)

    # Another thread is outside the graph; `tf.init_scope` still catches variables.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(build).result()
