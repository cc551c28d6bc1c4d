"""Scoring photographs, videos and cameras with an exported model, on LiteRT alone.

Imports neither Keras nor TensorFlow. Names are imported when first used, so that a photograph
does not wait for the video library.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_madd.inference.calibration import calibrate
    from keras_madd.inference.detector import Detector
    from keras_madd.inference.live import LiveScorer
    from keras_madd.inference.media import ScoredPicture
    from keras_madd.inference.scored_face import ScoredFace
    from keras_madd.inference.smoothing import ScoreSmoother
    from keras_madd.inference.video import ScoredFrame, TrackScore, VideoResult
    from keras_madd.media.images import read_image


_HOME = {
    "Detector": "keras_madd.inference.detector",
    "LiveScorer": "keras_madd.inference.live",
    "ScoreSmoother": "keras_madd.inference.smoothing",
    "ScoredFace": "keras_madd.inference.scored_face",
    "ScoredFrame": "keras_madd.inference.video",
    "ScoredPicture": "keras_madd.inference.media",
    "TrackScore": "keras_madd.inference.video",
    "VideoResult": "keras_madd.inference.video",
    "calibrate": "keras_madd.inference.calibration",
    "read_image": "keras_madd.media.images",
}
__all__ = [
    "Detector",
    "LiveScorer",
    "ScoreSmoother",
    "ScoredFace",
    "ScoredFrame",
    "ScoredPicture",
    "TrackScore",
    "VideoResult",
    "calibrate",
    "read_image",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'keras_madd.inference' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
