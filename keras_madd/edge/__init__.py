"""Scoring photographs with an exported model, on LiteRT alone.

Imports neither Keras nor TensorFlow.
"""

from keras_madd.edge.detector import Detector, ScoredFace
from keras_madd.edge.images import read_image

__all__ = ["Detector", "ScoredFace", "read_image"]
