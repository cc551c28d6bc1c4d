"""Metrics of real against fake, for `compile`: AUC, equal error rate, hits at few false alarms."""

import math
from typing import Any

import keras
from keras import ops

from keras_madd.model.labels import class_of
from keras_madd.support.tensor import Tensor

BINS = 16384
# Bins reach as far as this asinh of the log-odds: 11,000 of them on either side.
_REACH = 10.0


class FakeMetric(keras.metrics.Metric):
    """What the metrics share: how many real and fake images fall into each bin of the score.

    The score is the log-odds of being fake, `logsumexp(logits[1:]) - logits[0]`, which orders
    images as `1 - P(class 0)` does, but does not round to 1 where a network is sure. Bins are of
    equal width in asinh of it: 0.0012 of log-odds about 0, 0.12 % of them far from 0.

    The state is a sum over images, so it may be added up over batches, replicas and hosts. It is
    exact up to 16 million images of one class in one bin.

    Args:
        bins: Number of bins.
        name: Name of the metric; it may be read live as `val_<name>`.
        dtype: As in `keras.metrics.Metric`.

    Call arguments:
        y_true: Classes `(B,)` or `(B, 1)`, 0 real and anything else fake, or one-hot `(B, K)`.
        y_pred: Logits `(B, K)`, K of 2 or more; class 0 is real.
        sample_weight: Weight of each image, `(B,)`.
    """

    _direction = "up"

    def __init__(self, bins: int = BINS, name: str | None = None, dtype: Any = None):
        super().__init__(name=name, dtype=dtype)
        if not isinstance(bins, int) or bins < 2:
            raise ValueError(f"`bins` must be a whole number of 2 or more. Received: bins={bins}")
        self.bins = bins
        # Half precision could not count.
        self.counts = self.add_variable((2 * bins,), "zeros", dtype="float32", name="counts")

    def update_state(
        self, y_true: Tensor, y_pred: Tensor, sample_weight: Tensor | None = None
    ) -> None:
        """Count a batch."""
        logits = ops.cast(y_pred, "float32")
        if len(logits.shape) != 2 or logits.shape[1] < 2:
            raise ValueError(
                "`y_pred` must be logits of shape (B, K), K of 2 or more. "
                f"Received: shape={tuple(logits.shape)}"
            )
        score = ops.logsumexp(logits[:, 1:], axis=1) - logits[:, 0]
        label = class_of(ops.convert_to_tensor(y_true), logits.shape[1])
        is_fake = ops.cast(ops.not_equal(ops.cast(label, "float32"), 0.0), "int32")
        weight = ops.ones_like(score)
        if sample_weight is not None:
            weight = weight * ops.reshape(ops.cast(sample_weight, "float32"), (-1,))
        # A score that is not a number has no place: it makes the result one that is not either.
        weight = ops.where(ops.isnan(score), score, weight)
        size = ops.minimum(ops.abs(ops.nan_to_num(score)), math.sinh(_REACH))
        place = (ops.sign(score) * ops.arcsinh(size) / _REACH + 1.0) * (self.bins / 2)
        place = ops.nan_to_num(place)
        place = ops.clip(ops.cast(ops.floor(place), "int32"), 0, self.bins - 1)
        place = ops.expand_dims(place + self.bins * is_fake, 1)
        self.counts.assign(ops.scatter_update(self.counts, place, weight, reduction="add"))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "bins": self.bins}

    def rates(self) -> tuple[Tensor, Tensor]:
        """Return false alarms and hits, from the strictest threshold to the laxest.

        Returns:
            Two arrays of `bins + 1` rates that rise from 0 to 1: points of the exact ROC. They are
            NaN where a class is missing.
        """
        counts = ops.reshape(ops.convert_to_tensor(self.counts), (2, self.bins))
        counts = ops.flip(counts, axis=1)
        found = ops.pad(ops.cumsum(counts, axis=1), ((0, 0), (1, 0)))
        rates = found / found[:, -1:]
        return rates[0], rates[1]


@keras.saving.register_keras_serializable(package="keras_madd")
class FakeAUC(FakeMetric):
    """Area under the ROC of fake against real; NaN until both classes were seen.

    The field's main figure, live: `val_fake_auc` for `EarlyStopping` and `ModelCheckpoint`.
    `keras.metrics.AUC` does not do: it takes probabilities of one class and no classes as labels.

    Pairs of a real and a fake image in one bin count one half, as ties do. So the error is at most
    half their share of all pairs, which `tied_pairs` tells: 0.0001 for log-odds with a spread of 3.
    What is found is nearer still, as such pairs are wrong both ways.

    Example:
        >>> model.compile(metrics=["accuracy", keras_madd.metrics.FakeAUC()])
    """

    def __init__(self, bins: int = BINS, name: str = "fake_auc", dtype: Any = None):
        super().__init__(bins, name, dtype)

    def result(self) -> Tensor:
        """Return the area, the trapezoids between the points of the ROC."""
        false_alarms, hits = self.rates()
        widths = false_alarms[1:] - false_alarms[:-1]
        return ops.sum(widths * (hits[1:] + hits[:-1])) / 2

    def tied_pairs(self) -> Tensor:
        """Return the share of pairs of a real and a fake image that share a bin, 0 to 1."""
        false_alarms, hits = self.rates()
        return ops.sum((false_alarms[1:] - false_alarms[:-1]) * (hits[1:] - hits[:-1]))


@keras.saving.register_keras_serializable(package="keras_madd")
class FakeEER(FakeMetric):
    """Equal error rate: where the ROC, joined by straight lines, has misses = false alarms.

    It lies between the error rates at the two edges of the bin in which they cross, as the exact
    one does; NaN until both classes were seen.
    """

    _direction = "down"

    def __init__(self, bins: int = BINS, name: str = "fake_eer", dtype: Any = None):
        super().__init__(bins, name, dtype)

    def result(self) -> Tensor:
        """Return the rate."""
        false_alarms, hits = self.rates()
        gap = false_alarms + hits - 1.0
        after = ops.argmax(ops.cast(gap >= 0, "int32"))
        before = ops.maximum(after - 1, 0)
        low, high = ops.take(gap, before), ops.take(gap, after)
        step = high - low
        share = ops.where(step > 0, -low / ops.where(step > 0, step, 1.0), 1.0)
        start, end = ops.take(false_alarms, before), ops.take(false_alarms, after)
        return ops.where(ops.isfinite(gap[-1]), start + share * (end - start), float("nan"))


@keras.saving.register_keras_serializable(package="keras_madd")
class FakeTPRAtFPR(FakeMetric):
    """Share of fakes found at the lowest threshold that calls at most `fpr` of the reals fake.

    Thresholds are edges of bins, so it is never more than the exact share, and less by at most the
    fakes of one bin; NaN until both classes were seen.

    Args:
        fpr: Largest share of false alarms, in (0, 1).
        bins: Number of bins.
        name: `None`: such as `fake_tpr_at_fpr_0.01`. In the path of `ModelCheckpoint` only a name
            without a dot can stand.
        dtype: As in `keras.metrics.Metric`.
    """

    def __init__(
        self, fpr: float = 0.01, bins: int = BINS, name: str | None = None, dtype: Any = None
    ):
        if not 0 < fpr < 1:
            raise ValueError(f"`fpr` must be above 0 and below 1. Received: fpr={fpr}")
        super().__init__(bins, name or f"fake_tpr_at_fpr_{fpr:g}", dtype)
        self.fpr = fpr

    def result(self) -> Tensor:
        """Return the share."""
        false_alarms, hits = self.rates()
        found = ops.max(ops.where(false_alarms <= self.fpr, hits, 0.0))
        known = ops.isfinite(false_alarms[-1] * hits[-1])
        return ops.where(known, found, float("nan"))

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        return {**super().get_config(), "fpr": self.fpr}
