"""Faces that are drawn, not photographed, and the quickstart that learns from them."""

from keras_madd.demo.manipulations import MANIPULATIONS, SEEN, UNSEEN
from keras_madd.demo.portrait import sample_photo_path
from keras_madd.demo.sample_videos import write_sample_videos
from keras_madd.demo.synthetic import SyntheticFaces, SyntheticVideo

__all__ = [
    "MANIPULATIONS",
    "SEEN",
    "UNSEEN",
    "SyntheticFaces",
    "SyntheticVideo",
    "sample_photo_path",
    "write_sample_videos",
]
