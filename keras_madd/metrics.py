"""Metrics of real against fake for `MADD.compile`."""

from keras_madd.model.metrics import FakeAUC, FakeEER, FakeMetric, FakeTPRAtFPR

__all__ = ["FakeAUC", "FakeEER", "FakeMetric", "FakeTPRAtFPR"]
