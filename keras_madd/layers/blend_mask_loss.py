"""The loss of maps that mark where a fake was blended."""

from collections.abc import Sequence

from keras import ops

from keras_madd.layers.replicas import sum_over_replicas
from keras_madd.layers.resampling import local_average
from keras_madd.support.tensor import Tensor


def blend_mask_loss(
    mask: Tensor, maps: Sequence[Tensor], sample_weight: Tensor | None = None
) -> Tensor:
    """Mean binary cross-entropy of maps against the mask, averaged over each map's places.

    Args:
        mask: Share of the source in each place, `(B, m, m, 1)` in 0..1; below 0 in images of which
            nobody knows it: they are not there.
        maps: Logits, each `(B, h, w, 1)`, no larger than the mask.
        sample_weight: Weight of each image, `(B,)`.

    Returns:
        Scalar: the mean over maps of the weighted mean over images and places. On several
        replicas it is that of the global batch.

    Reference:
        After Li et al., Face X-ray for More General Face Forgery Detection, CVPR 2020, which
        supervises with the border of the mask; here it is the mask itself.
    """
    weight = ops.cast(mask[:, 0, 0, 0] >= 0, "float32")
    if sample_weight is not None:
        weight = weight * ops.cast(ops.reshape(sample_weight, (-1,)), "float32")
    mask = ops.maximum(ops.cast(mask, "float32"), 0.0)
    each = [
        ops.mean(
            ops.binary_crossentropy(local_average(mask, logits.shape[1:3]), logits, True),
            axis=(1, 2, 3),
        )
        for logits in maps
    ]
    total = sum_over_replicas(ops.sum(sum(each) / len(each) * weight))
    return total / ops.maximum(sum_over_replicas(ops.sum(weight)), 1e-7)
