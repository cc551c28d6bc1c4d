"""The old name of `keras_madd.inference`; it goes with version 0.3."""

from keras_madd.support.moved import moved_names

__getattr__ = moved_names(
    __name__,
    {
        "keras_madd.inference": (
            *("Detector", "LiveScorer", "ScoreSmoother", "ScoredFace", "ScoredFrame"),
            *("ScoredPicture", "TrackScore", "VideoResult", "calibrate", "read_image"),
        )
    },
)
