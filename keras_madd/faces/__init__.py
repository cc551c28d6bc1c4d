"""Finding faces and cutting them out: the one geometry of training, desktop and phone.

Nothing here needs Keras or TensorFlow.
"""

from keras_madd.faces.crop import DEFAULT_MARGIN, crop_face, crop_square
from keras_madd.faces.detect import KEYPOINT_NAMES, Face, FaceDetector

__all__ = [
    "DEFAULT_MARGIN",
    "KEYPOINT_NAMES",
    "Face",
    "FaceDetector",
    "crop_face",
    "crop_square",
]
