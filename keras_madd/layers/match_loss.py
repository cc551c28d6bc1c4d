"""The match loss of the released code."""

from keras import ops

from keras_madd.layers.region_independence import euclidean_length
from keras_madd.layers.replicas import sum_over_replicas
from keras_madd.support.tensor import Tensor


def match_loss(difference: Tensor, index: Tensor, sample_weight: Tensor | None = None) -> Tensor:
    """Mean length of the regional features' change over the maps that were not dropped.

    Args:
        difference: V of the AGDA images minus V of the images, `(B, M, N)`.
        index: Map that guided each image, `(B,)`.
        sample_weight: Weight of each image, `(B,)`; an image of weight 0 is not there.

    Returns:
        Scalar: the weighted mean over `(B, M)`, in which the dropped map counts as 0, as in the
        code released with arXiv 2103.02406. On several replicas it is that of the global batch.
    """
    kept = 1.0 - ops.one_hot(index, difference.shape[1], dtype=difference.dtype)
    weight = ops.ones_like(kept[:, 0])
    if sample_weight is not None:
        weight = ops.cast(ops.reshape(sample_weight, (-1,)), difference.dtype)
    lengths = ops.mean(euclidean_length(difference, axis=-1) * kept, axis=1)
    total = sum_over_replicas(ops.sum(lengths * weight))
    return total / ops.maximum(sum_over_replicas(ops.sum(weight)), 1e-7)
