"""From videos to shards of face crops, in parallel and resumable."""

from keras_madd.datasets.prepare.run_preparation import PrepareResult, prepare
from keras_madd.datasets.prepare.settings import PrepareSettings

__all__ = ["PrepareResult", "PrepareSettings", "prepare"]
