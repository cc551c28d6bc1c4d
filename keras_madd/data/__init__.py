"""Data to train and test with."""

from keras_madd.data.manipulations import MANIPULATIONS, SEEN, UNSEEN
from keras_madd.data.portrait import sample_photo_path
from keras_madd.data.synthetic import FaceCrops, SyntheticFaces, SyntheticVideo, build_crops

__all__ = [
    "MANIPULATIONS",
    "SEEN",
    "UNSEEN",
    "FaceCrops",
    "SyntheticFaces",
    "SyntheticVideo",
    "build_crops",
    "sample_photo_path",
]
