"""Scoring photographs, videos and cameras with an exported model, on LiteRT alone.

Imports neither Keras nor TensorFlow. Names are imported when first used, so that a photograph
does not wait for the video library.
"""

import importlib

_HOME = {
    "Detector": "keras_madd.edge.detector",
    "LiveScorer": "keras_madd.edge.live",
    "ScoreSmoother": "keras_madd.edge.smoothing",
    "ScoredFace": "keras_madd.edge.scored_face",
    "ScoredFrame": "keras_madd.edge.video",
    "ScoredPicture": "keras_madd.edge.media",
    "TrackScore": "keras_madd.edge.video",
    "VideoResult": "keras_madd.edge.video",
    "calibrate": "keras_madd.edge.calibration",
    "read_image": "keras_madd.edge.images",
}
__all__ = [
    *("Detector", "LiveScorer", "ScoreSmoother", "ScoredFace", "ScoredFrame", "ScoredPicture"),
    *("TrackScore", "VideoResult", "calibrate", "read_image"),
]


def __getattr__(name):
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'keras_madd.edge' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
