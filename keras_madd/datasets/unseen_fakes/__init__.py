"""Fakes for validation and test that no training sees: made of two people, not blended from one.

Training blends a face with itself. What is told apart there need not hold for fakes of another
kind, so the epoch to keep is chosen, and the detector is judged, on these: faces swapped between
people, mouths moved by another's expression, faces that a model of appearance re-synthesised, and
faces between two people's.
All of them, and the real ones beside them, are frames of H.264 clips.
"""

from keras_madd.datasets.unseen_fakes.make import make_unseen_fakes
from keras_madd.datasets.unseen_fakes.manipulations import METHODS

__all__ = ["METHODS", "make_unseen_fakes"]
