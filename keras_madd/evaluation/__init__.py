"""How good a detector is, and what a reader is shown of it.

Imports neither Keras nor TensorFlow: scores go in, numbers and pages come out.
"""

from keras_madd.evaluation.attention import mean_attention_overlap
from keras_madd.evaluation.metrics import evaluate_scores, frame_metrics, video_scores
from keras_madd.support.moved import moved_names

__all__ = [
    "evaluate_scores",
    "frame_metrics",
    "mean_attention_overlap",
    "video_scores",
]

__getattr__ = moved_names(
    __name__,
    {"keras_madd.evaluation.deprecated_report": ("Report", "write_report")},
    dict.fromkeys(
        ("Report", "write_report"), "keras_madd.evaluation.run_evaluation.run_evaluation"
    ),
)
