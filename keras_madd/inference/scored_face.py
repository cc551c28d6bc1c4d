"""A face and what the model says of it."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class ScoredFace:
    """A face and what the model says of it.

    Attributes:
        box: (x, y, width, height) of the detected face in pixels; may reach outside the image.
        crop_box: (x, y, side, side) of the square that the model saw.
        detection_score: The face detector's confidence, 0 to 1.
        probability: Of being fake, calibrated, 0 to 1.
        verdict: One of the model's words, as `Detector.verdict` chooses it; in a live picture that
            of the smoothed score, `"unsure"` at first.
        attention_maps: (h, w, M) over `crop_box`, what is drawn of why; None where the model has
            none.
        track: Number of the person in a video, or None.
        smoothed: Smoothed probability in a live picture, or None.
        full_scale: Value of the maps that is drawn at full strength; None: the largest there is.
    """

    box: tuple[int, int, int, int]
    crop_box: tuple[int, int, int, int]
    detection_score: float
    probability: float
    verdict: str
    attention_maps: np.ndarray | None
    track: int | None = None
    smoothed: float | None = None
    full_scale: float | None = None

    def to_json(self) -> dict:
        """Returns box, detector's confidence, probability and verdict as plain data."""
        track = {} if self.track is None else {"track": self.track}
        return track | {
            "box": list(self.box),
            "detection_score": round(self.detection_score, 6),
            "fake_probability": round(self.probability, 6),
            "verdict": self.verdict,
        }
