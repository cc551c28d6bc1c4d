"""Scoring pictures as they come: read, find faces, score, each in a thread of its own."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from keras_madd.faces import FaceModelChoice, FaceTracker
from keras_madd.inference.capture import Picture
from keras_madd.inference.pipeline import InThread
from keras_madd.inference.smoothing import ScoreSmoother

if TYPE_CHECKING:
    from keras_madd.inference.detector import Detector
    from keras_madd.inference.scored_face import ScoredFace

# The frame rate is that of so many pictures.
_RATE_WINDOW = 30


@dataclass(frozen=True, eq=False)
class LiveFrame:
    """A scored picture of a live source.

    Attributes:
        index: The picture's number.
        seconds: When it was taken, from the first one on.
        image: (H, W, 3) uint8 RGB.
        faces: Largest first, each with its track, smoothed score and verdict.
        timings: Milliseconds of its steps: `read`, `detect`, `score` (crop and network), and
            `latency` from the time it was read to now.
        frames_per_second: Pictures scored per second of late, or None at first.
        dropped: Pictures passed over so far since a newer one was there.
    """

    index: int
    seconds: float
    image: np.ndarray
    faces: tuple["ScoredFace", ...]
    timings: dict[str, float] = field(default_factory=dict)
    frames_per_second: float | None = None
    dropped: int = 0

    def to_json(self) -> dict:
        """Returns the frame as plain data, as `keras-madd camera --headless` prints it."""
        faces = [
            {
                "track": face.track,
                "box": list(face.box),
                "probability": round(face.probability, 6),
                "smoothed": None if face.smoothed is None else round(face.smoothed, 6),
                "verdict": face.verdict,
            }
            for face in self.faces
        ]
        rate = self.frames_per_second
        return {
            "frame": self.index,
            "time": round(self.seconds, 3),
            "faces": faces,
            "timings_ms": {name: round(value, 2) for name, value in self.timings.items()},
            "frames_per_second": None if rate is None else round(rate, 1),
            "dropped": self.dropped,
        }


class LiveScorer:
    """Scores the pictures of a live source, and smooths the score of every person in them.

    Reading, finding faces and scoring run at the same time on successive pictures. From a camera
    only the newest picture is taken: one that waits while a newer comes is dropped. Use it in a
    `with` statement or call `close()`.

    Args:
        detector: Scores the faces.
        source: Pictures, such as a `keras_madd.inference.capture.Camera`.
        newest_only: Whether pictures may be dropped; else each one is scored.
        smoother: By default one whose levels lie about the model's threshold.
        mirror: Whether to turn pictures left to right after they are scored, for a camera that
            faces its user. What the model sees is never mirrored.

    Example:
        >>> camera = Camera("0")
        >>> with Detector("model.tflite") as detector, LiveScorer(detector, camera) as live:
        ...     for frame in live:
        ...         print(frame.to_json())
    """

    def __init__(
        self,
        detector: "Detector",
        source: Iterable[Picture],
        newest_only: bool = True,
        smoother: ScoreSmoother | None = None,
        mirror: bool = False,
    ):
        self._detector = detector
        self._mirror = mirror
        described = detector.description
        self._smoother = smoother or ScoreSmoother.for_threshold(
            described.threshold, described.clear_threshold
        )
        self._history = detector.clip_history()
        detector.warm_up()
        self._times: deque[float] = deque(maxlen=_RATE_WINDOW + 1)
        self._read = InThread(_stamped(source), newest_only=newest_only)
        self._found = InThread(self._find(self._read))

    def __iter__(self) -> Iterator[LiveFrame]:
        for picture, taken, faces, detect_ms in self._found:
            started = time.perf_counter()
            found, tracks = [face for face, _ in faces], [track for _, track in faces]
            scored = self._detector.score_faces(picture.image, found, tracks, self._history)
            shown = []
            for face, (_, track) in zip(scored, faces, strict=True):
                smooth = self._smoother.update(track, face.probability)
                shown.append(
                    replace(face, track=track, smoothed=smooth.probability, verdict=smooth.verdict)
                )
            now = time.perf_counter()
            self._times.append(now)
            frame = LiveFrame(
                index=picture.index,
                seconds=picture.seconds,
                image=picture.image,
                faces=tuple(shown),
                timings={
                    "read": picture.read_ms,
                    "detect": detect_ms,
                    "score": 1e3 * (now - started),
                    "latency": 1e3 * (now - taken),
                },
                frames_per_second=self._rate(),
                dropped=self._read.dropped,
            )
            yield _mirrored(frame) if self._mirror else frame

    def close(self) -> None:
        """Ends the threads; the source is the caller's to close. Closing twice is harmless."""
        self._read.close()
        self._found.close()

    def __enter__(self) -> "LiveScorer":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _rate(self) -> float | None:
        if len(self._times) < 3:
            return None
        return (len(self._times) - 1) / max(1e-9, self._times[-1] - self._times[0])

    def _find(self, pictures: Iterable[tuple[Picture, float]]) -> Iterator[tuple]:
        tracker, choice = FaceTracker(), FaceModelChoice()
        for picture, taken in pictures:
            started = time.perf_counter()
            faces = self._detector.find_faces(picture.image, choice)
            tracks = tracker.update([face.box for face in faces])
            detect_ms = 1e3 * (time.perf_counter() - started)
            yield picture, taken, list(zip(faces, tracks, strict=True)), detect_ms


def _stamped(source: Iterable[Picture]) -> Iterator[tuple[Picture, float]]:
    for picture in source:
        yield picture, time.perf_counter()


def _mirrored(frame: LiveFrame) -> LiveFrame:
    """Turns a frame left to right: picture, boxes and attention."""
    width = frame.image.shape[1]

    def flip(box):
        return (width - box[0] - box[2], *box[1:])

    faces = tuple(
        replace(
            face,
            box=flip(face.box),
            crop_box=flip(face.crop_box),
            attention_maps=None if face.attention_maps is None else face.attention_maps[:, ::-1],
        )
        for face in frame.faces
    )
    return replace(frame, image=np.ascontiguousarray(frame.image[:, ::-1]), faces=faces)
