"""Finding faces and cutting them out: the one geometry of training, desktop and phone.

Nothing here needs Keras or TensorFlow.
"""

from keras_madd.faces.choice import FaceModelChoice
from keras_madd.faces.crop import DEFAULT_MARGIN, crop_face, crop_square
from keras_madd.faces.detect import KEYPOINT_NAMES, Face, FaceDetector
from keras_madd.faces.landmarks import NUM_LANDMARKS, FaceLandmarker, FaceLandmarks
from keras_madd.faces.track import FaceTracker, largest_track

__all__ = [
    "DEFAULT_MARGIN",
    "KEYPOINT_NAMES",
    "NUM_LANDMARKS",
    "Face",
    "FaceDetector",
    "FaceLandmarker",
    "FaceLandmarks",
    "FaceModelChoice",
    "FaceTracker",
    "crop_face",
    "crop_square",
    "largest_track",
]
