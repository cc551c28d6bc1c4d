"""What `keras-madd evaluate` is told."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keras_madd.evaluation.corruptions import CORRUPTIONS
from keras_madd.support.errors import UserError


@dataclass(frozen=True)
class EvaluationSettings:
    """What an evaluation depends on.

    Attributes:
        model: A `.keras`, `.tflite` or `.onnx` file; or None, with `scores`.
        data: Folders of shards, here or in a bucket.
        scores: A table of scores to measure without a model; or None, with `model`.
        split: The split that is reported.
        calibrate: Whether to fit temperature and threshold on the validation split first.
        false_alarms: With `calibrate`, fit the thresholds of the words "fake", "uncertain" and
            "no trace found", as `fit_verdict_thresholds`; None: one threshold.
        misses: The same; None: a tenth.
        threshold: A threshold from elsewhere, or None.
        aggregate: Frames to video, as `keras_madd.evaluation.video_scores`.
        bootstrap: Resamples of the videos for `compare`.
        corruptions: Names from `keras_madd.evaluation.corruptions.CORRUPTIONS`.
        corruption_sources: Source videos that are corrupted, drawn at random; None for all.
        compare: Scores of another model, or None.
        gallery: Faces in each gallery; 0 leaves the reasons out.
        threads: Processor threads for LiteRT.
        seed: Everything random follows from it.
        command: The command line, for the report.

    Raises:
        UserError: If the settings do not fit together.
    """

    model: Path | None = None
    data: Sequence[str | os.PathLike] = ()
    scores: Path | None = None
    split: str = "test"
    calibrate: bool = False
    false_alarms: float | None = None
    misses: float | None = None
    threshold: float | None = None
    aggregate: str = "mean"
    bootstrap: int = 1000
    corruptions: Sequence[str] = ()
    corruption_sources: int | None = 100
    compare: Path | None = None
    gallery: int = 12
    threads: int | None = None
    seed: int = 0
    command: str = ""

    def __post_init__(self) -> None:
        if self.model and not self.data:
            raise UserError("--model needs --data: a folder that keras-madd prepare wrote.")
        if self.scores and (self.data or self.calibrate or self.corruptions):
            raise UserError(
                "--scores measures what was scored already; --data, --calibrate and --corruptions "
                "need --model."
            )
        if self.false_alarms is not None and not self.calibrate:
            raise UserError("--false-alarms needs --calibrate.")
        if self.false_alarms is not None and self.threshold is not None:
            raise UserError("--false-alarms fits the threshold; leave --threshold out.")
        if self.misses is not None and self.false_alarms is None:
            raise UserError("--misses needs --false-alarms.")
        unknown = sorted(set(self.corruptions) - set(CORRUPTIONS))
        if unknown:
            raise UserError(
                f"--corruptions knows {', '.join(CORRUPTIONS)}. Received: {', '.join(unknown)}"
            )
