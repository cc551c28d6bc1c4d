"""The global batch, seen from one of several replicas.

Under `tf.distribute` a layer sees its replica's part of the batch only, and what depends on the
whole batch must be gathered. Everywhere else the batch is whole already: JAX with
`keras.distribution` computes on global arrays.
"""

import keras
from keras import ops

from keras_madd.support.tensor import Tensor


def sum_over_replicas(x: Tensor) -> Tensor:
    """Return the sum of `x` over all replicas, on each of them, with its gradient.

    A loss that is the same on every replica and counts `1 / R` on each of R, as Keras has it,
    then has the gradient of one device.

    Args:
        x: Tensor of the same shape on every replica.
    """
    context = _context()
    return x if context is None else context.all_reduce("SUM", x)


def first_row(rows: Tensor) -> Tensor:
    """Return where this replica's rows begin in the global batch, an int32 scalar.

    Args:
        rows: Rows that this replica has; others may have more or fewer.
    """
    context = _context()
    if context is None:
        return 0
    replica = ops.convert_to_tensor(context.replica_id_in_sync_group)
    replicas = ops.arange(context.num_replicas_in_sync, dtype="int32")
    own = ops.cast(ops.equal(replicas, replica), "float32") * ops.cast(rows, "float32")
    before = ops.cast(replicas < replica, "float32")
    # In float32, which every collective takes; exact up to 2^24 rows.
    return ops.cast(ops.sum(sum_over_replicas(own) * before), "int32")


def _context():
    """Return the replica context of `tf.distribute`, or `None` where the batch is whole."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return context if context is not None and context.num_replicas_in_sync > 1 else None
