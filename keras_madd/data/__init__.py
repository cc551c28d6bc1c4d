"""Data to train and test with."""

from keras_madd.data.portrait import sample_photo_path

__all__ = ["sample_photo_path"]
