"""From a data set as it was downloaded to shards of face crops.

Nothing here needs Keras or TensorFlow.
"""

from keras_madd.datasets.faces_folder import faces_from_folder

__all__ = ["faces_from_folder"]
