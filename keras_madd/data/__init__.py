"""Data to train and test with."""

from keras_madd.data.face_crops import FaceCrops, build_crops
from keras_madd.data.faces_folder import faces_from_folder
from keras_madd.data.load_dataset import load_dataset, steps_per_epoch
from keras_madd.data.manipulations import MANIPULATIONS, SEEN, UNSEEN
from keras_madd.data.portrait import sample_photo_path
from keras_madd.data.sample_videos import write_sample_videos
from keras_madd.data.self_blend import SelfBlend
from keras_madd.data.synthetic import SyntheticFaces, SyntheticVideo

__all__ = [
    "MANIPULATIONS",
    "SEEN",
    "UNSEEN",
    "FaceCrops",
    "SelfBlend",
    "SyntheticFaces",
    "SyntheticVideo",
    "build_crops",
    "faces_from_folder",
    "load_dataset",
    "sample_photo_path",
    "steps_per_epoch",
    "write_sample_videos",
]
