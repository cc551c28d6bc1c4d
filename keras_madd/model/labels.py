"""Labels as users bring them: classes or one-hot, and whether the loss reads them so."""

import inspect
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_madd.support.tensor import Tensor

_SPARSE = (keras.losses.SparseCategoricalCrossentropy, keras.losses.sparse_categorical_crossentropy)
_ONE_HOT = (
    *(keras.losses.CategoricalCrossentropy, keras.losses.categorical_crossentropy),
    *(keras.losses.CategoricalFocalCrossentropy, keras.losses.categorical_focal_crossentropy),
)
# Keras's names of functions that read probabilities, too.
_CROSS_ENTROPY = ("ce", "crossentropy")
# They look for thresholds from 0 to 1 in what they take for the probability of one class.
_OF_PROBABILITIES = (
    *(keras.metrics.AUC, keras.metrics.Precision, keras.metrics.Recall),
    *(keras.metrics.PrecisionAtRecall, keras.metrics.RecallAtPrecision),
    *(keras.metrics.SensitivityAtSpecificity, keras.metrics.SpecificityAtSensitivity),
    *(keras.metrics.FBetaScore, keras.metrics.BinaryAccuracy, keras.metrics.KLDivergence),
    *(keras.metrics.TruePositives, keras.metrics.FalsePositives, keras.metrics.BinaryIoU),
    *(keras.metrics.TrueNegatives, keras.metrics.FalseNegatives),
)


def class_of(y: Tensor, num_classes: int) -> Tensor:
    """Class of each image, `(B,)`, from sparse, one-hot or soft labels."""
    if is_one_hot(y, num_classes):
        return ops.argmax(y, axis=-1)
    return ops.reshape(y, (-1,))


def labels_and_mask(y: Any) -> tuple[Any, Tensor | None]:
    """Labels, and the mask of what was blended where labels are a dictionary that has it.

    Raises:
        ValueError: If a dictionary has no `"label"`, or its mask is not `(B, m, m, 1)`.
    """
    if not isinstance(y, dict):
        return y, None
    if "label" not in y:
        raise ValueError(
            'Labels that are a dictionary must have "label", and may have "blend_mask". '
            f"Received: keys={sorted(y)}"
        )
    mask = y.get("blend_mask")
    if mask is not None and len(mask.shape) != 4:
        raise ValueError(f'"blend_mask" must be (B, m, m, 1). Received: shape={tuple(mask.shape)}')
    return y["label"], mask


def weight_of_labels(sample_weight: Any) -> Any:
    """The weight of each image. Keras hands one for each entry of labels that are a dictionary."""
    return sample_weight["label"] if isinstance(sample_weight, dict) else sample_weight


def is_one_hot(y: Tensor, num_classes: int) -> bool:
    """Whether labels are one-hot or soft, `(B, num_classes)`, by their shape."""
    return len(y.shape) == 2 and y.shape[1] == num_classes


def batch_size(y: Tensor) -> Tensor:
    """Number of images that labels are of, float32: what Keras weighs a batch's loss by."""
    return ops.cast(ops.shape(y)[0], "float32")


def check_classes(y: Tensor, num_classes: int) -> None:
    """Check labels that were given as an array; others, such as datasets, are passed over.

    Raises:
        ValueError: If labels are no whole numbers or lie outside `0..num_classes - 1`.
    """
    y, _ = labels_and_mask(y)
    if not isinstance(y, np.ndarray | list | tuple) or len(y) == 0:
        return
    labels = np.asarray(y)
    if is_one_hot(labels, num_classes):
        return
    last = num_classes - 1
    if labels.dtype.kind not in "buif":
        raise ValueError(
            f"`y` must hold classes as numbers, from 0 (real) to {last}. "
            f"Received: dtype={labels.dtype}"
        )
    if not (labels.min() >= 0 and labels.max() <= last):
        raise ValueError(
            f"`y` must hold classes from 0 (real) to {last}. "
            f"Received: values from {labels.min()} to {labels.max()}"
        )
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.rint(labels)):
        raise ValueError(
            f"`y` must hold whole numbers, from 0 (real) to {last}; soft labels are "
            f"(B, {num_classes}), with compile(loss=keras.losses.CategoricalCrossentropy("
            f"from_logits=True)). Received: shape={labels.shape}, some of them fractions"
        )


def check_class_weight(class_weight: Any, x: Any, y: Any) -> None:
    """Check that weights of classes come with labels that Keras can weigh.

    Raises:
        ValueError: If labels are a dictionary, in arrays or in a `tf.data.Dataset`.
    """
    given = getattr(x, "element_spec", None)
    labels = given[1] if isinstance(given, tuple) and len(given) > 1 else y
    if class_weight is not None and isinstance(labels, dict):
        raise ValueError(
            "`class_weight` needs labels that are no dictionary. Weigh each image instead: "
            "`sample_weight`, or what a dataset gives third. "
            f"Received: class_weight={class_weight}, labels={sorted(labels)}"
        )


def check_labels_fit(y: Tensor, loss: Any, num_classes: int) -> None:
    """Check a batch's labels against the loss that reads them.

    Raises:
        ValueError: If the labels are one-hot and the loss reads classes, or the other way round.
    """
    if not hasattr(y, "shape"):
        return
    one_hot = is_one_hot(y, num_classes)
    if one_hot and _is_one_of(loss, _SPARSE):
        raise ValueError(
            "`y` must hold classes, shape (B,), for this loss; one-hot labels need "
            "compile(loss=keras.losses.CategoricalCrossentropy(from_logits=True)). "
            f"Received: shape={tuple(y.shape)}"
        )
    if not one_hot and _is_one_of(loss, _ONE_HOT):
        raise ValueError(
            f"`y` must be one-hot, shape (B, {num_classes}), for this loss; classes need "
            "compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)). "
            f"Received: shape={tuple(y.shape)}"
        )


def check_loss(loss: Any) -> None:
    """Check that a loss of Keras reads logits.

    Raises:
        ValueError: If it reads probabilities, or is given by a name, which means the same.
    """
    if loss is None:
        raise ValueError('`loss` must be a loss, or "auto". Received: loss=None')
    for each in keras.tree.flatten(loss):
        found = keras.losses.get(each) if isinstance(each, str) else each
        if isinstance(found, keras.losses.KLDivergence) or _takes_probabilities(found):
            raise ValueError(
                "`loss` must read logits, which is what the model gives: such as "
                "keras.losses.SparseCategoricalCrossentropy(from_logits=True). "
                f"Received: loss={each}"
            )


def check_metrics(metrics: Any) -> None:
    """Check that no metric takes logits for probabilities.

    Raises:
        ValueError: If one does.
    """
    for metric in keras.tree.flatten(metrics):
        found = metric
        if isinstance(metric, str) and metric.lower() in _CROSS_ENTROPY:
            found = keras.metrics.sparse_categorical_crossentropy
        elif isinstance(metric, str) and metric.lower() not in ("accuracy", "acc"):
            found = keras.metrics.get(metric)
        if isinstance(found, _OF_PROBABILITIES) or _takes_probabilities(found):
            raise ValueError(
                "`metrics` must read logits, which is what the model gives: keras_madd.metrics has "
                "FakeAUC, FakeEER and FakeTPRAtFPR, and cross-entropy takes from_logits=True. "
                f"Received: {metric!r}"
            )


def _takes_probabilities(found: Any) -> bool:
    """Whether a loss or metric, an object or a function, says so of itself."""
    if inspect.isfunction(found):
        choice = inspect.signature(found).parameters.get("from_logits")
        unsaid = (keras.losses.kl_divergence, keras.metrics.binary_accuracy)
        return found in unsaid or (choice is not None and choice.default is False)
    return getattr(found, "from_logits", True) is False


def _is_one_of(loss, kinds) -> bool:
    classes = tuple(kind for kind in kinds if isinstance(kind, type))
    return isinstance(loss, classes) or any(loss is kind for kind in kinds)
