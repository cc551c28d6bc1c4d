"""The match loss of the released code."""

from keras import ops

from keras_madd.layers.region_independence import euclidean_length
from keras_madd.layers.replicas import sum_over_replicas
from keras_madd.support.tensor import Tensor


def match_loss(difference: Tensor, index: Tensor) -> Tensor:
    """Mean length of the regional features' change over the maps that were not dropped.

    Args:
        difference: V of the AGDA images minus V of the images, `(B, M, N)`.
        index: Map that guided each image, `(B,)`.

    Returns:
        Scalar: the mean over `(B, M)`, in which the dropped map counts as 0, as in the code
        released with arXiv 2103.02406. On several replicas it is that of the global batch.
    """
    kept = 1.0 - ops.one_hot(index, difference.shape[1], dtype=difference.dtype)
    total = sum_over_replicas(ops.sum(euclidean_length(difference, axis=-1) * kept))
    return total / ops.maximum(sum_over_replicas(ops.sum(ops.ones_like(kept))), 1.0)
