"""From a video to a score per frame, per person and for the whole."""

import contextlib
import os
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from keras_madd.faces import Face, FaceModelChoice, FaceTracker
from keras_madd.faces.choice import FULL
from keras_madd.faces.track import LEAST_OVERLAP
from keras_madd.inference.pipeline import InThread
from keras_madd.media import VideoFrame, VideoReader
from keras_madd.support.errors import UserError

if TYPE_CHECKING:
    from keras_madd.inference.detector import Detector
    from keras_madd.inference.scored_face import ScoredFace

# Frames, spread over the video, on which a face model is chosen.
CHOSEN_ON = 8
AGGREGATION = {
    "score of a frame": "maximum over its scored faces",
    "score of the video": "mean over the frames with a face",
    "score of a track": "mean over its frames",
}


@dataclass(frozen=True, slots=True)
class ScoredFrame:
    """A frame and its faces.

    Attributes:
        index: The frame's number in the video.
        seconds: When it is shown, from the first frame on.
        faces: The scored ones, largest first, with their tracks.
        found: Number of faces that were found, scored or not.
    """

    index: int
    seconds: float
    faces: tuple["ScoredFace", ...]
    found: int

    @property
    def probability(self) -> float | None:
        """The highest probability of its faces, or None without a face."""
        return max((face.probability for face in self.faces), default=None)

    def to_json(self) -> dict:
        """Returns the frame as plain data."""
        score = self.probability
        return {
            "frame": self.index,
            "seconds": round(self.seconds, 3),
            "fake_probability": None if score is None else round(score, 6),
            "faces": [face.to_json() for face in self.faces],
        }


@dataclass(frozen=True)
class TrackScore:
    """A person who is followed through a video.

    Attributes:
        track: Number, in order of appearance.
        frames: Number of scored frames.
        first_seconds: When it was scored first.
        last_seconds: And last.
        probability: Mean probability of being fake.
        verdict: As `Detector.verdict`.
    """

    track: int
    frames: int
    first_seconds: float
    last_seconds: float
    probability: float
    verdict: str

    def to_json(self) -> dict:
        """Returns the track as plain data."""
        return {
            "track": self.track,
            "frames": self.frames,
            "first_seconds": round(self.first_seconds, 3),
            "last_seconds": round(self.last_seconds, 3),
            "fake_probability": round(self.probability, 6),
            "verdict": self.verdict,
        }


@dataclass(frozen=True)
class VideoResult:
    """What the model says of a video.

    Attributes:
        path: The file.
        width: Of its upright picture in pixels.
        height: The same.
        frame_rate: Frames per second, or None where the file does not tell.
        frames: Those that were scored, without attention maps, in order.
        tracks: One per person, in order of appearance.
        probability: Mean over the frames with a face, or None where there is none.
        verdict: As `Detector.verdict`, or None without a face.
        broken_tail: What is damaged in the file, or None; damaged frames are not scored.
        damage_detection: How damage shows in this file: `"checksums"` cover every frame, the
            `"decoder"` notices most, or `"none"`, where it cannot be ruled out.
        face_detector: The face model that looked at every frame, `"short"` or `"full"`.
    """

    path: Path
    width: int
    height: int
    frame_rate: float | None
    frames: tuple[ScoredFrame, ...]
    tracks: tuple[TrackScore, ...]
    probability: float | None
    verdict: str | None
    broken_tail: str | None
    damage_detection: str
    face_detector: str

    @property
    def frames_with_face(self) -> int:
        """Number of frames that have a score."""
        return sum(bool(frame.faces) for frame in self.frames)

    def to_json(self) -> dict:
        """Returns the result as plain data."""
        return {
            "width": self.width,
            "height": self.height,
            "frame_rate": None if self.frame_rate is None else round(self.frame_rate, 3),
            "frames_scored": len(self.frames),
            "frames_with_face": self.frames_with_face,
            "fake_probability": None if self.probability is None else round(self.probability, 6),
            "verdict": self.verdict,
            "aggregation": AGGREGATION,
            "damage": self.broken_tail,
            "damage_detection": self.damage_detection,
            "face_detector": self.face_detector,
            "tracks": [track.to_json() for track in self.tracks],
            "frames": [frame.to_json() for frame in self.frames],
        }


def score_video(
    detector: "Detector",
    path: str | os.PathLike,
    *,
    every: int = 1,
    frames: int | None = None,
    all_faces: bool = False,
    progress: Callable[[int, int | None, str], None] | None = None,
    on_frame: Callable[[ScoredFrame, np.ndarray], None] | None = None,
) -> VideoResult:
    """Scores a video; see `keras_madd.inference.Detector.score_video`."""
    if every < 1:
        raise ValueError(f"Argument `every` must be 1 or more. Received: every={every}")
    if frames is not None and (frames < 1 or every != 1):
        raise ValueError(
            "Argument `frames` must be 1 or more, and `every` be left out with it. "
            f"Received: frames={frames}, every={every}"
        )
    scored = []
    with VideoReader(path) as video:
        total = frames or (video.frame_count and -(-video.frame_count // every))
        choice = None
        if detector.description.detector == "auto":
            choice = _choose_face_model(detector, video, min(CHOSEN_ON, frames or CHOSEN_ON))
        wanted = video.evenly_spaced(frames) if frames else video.frames(every)
        tracker = _tracker(every, frames)
        scoring = _scored_frames(detector, wanted, all_faces, choice, tracker)
        with contextlib.closing(scoring) as pairs:
            for frame, image in pairs:
                if on_frame is not None:
                    on_frame(frame, image)
                faces = tuple(replace(face, attention_maps=None) for face in frame.faces)
                scored.append(replace(frame, faces=faces))
                done = len(scored)
                if progress is not None:
                    progress(done, total and max(total, done), f"{done} frames")
    if not scored:
        raise UserError(f"{path}: none of the frames to score is sound: {video.broken_tail}.")
    tracks = _track_scores(scored, detector)
    scores = [frame.probability for frame in scored if frame.probability is not None]
    mean = float(np.mean(scores)) if scores else None
    return VideoResult(
        path=Path(path),
        width=video.width,
        height=video.height,
        frame_rate=video.frame_rate,
        frames=tuple(scored),
        tracks=tracks,
        probability=mean,
        verdict=None if mean is None else detector.verdict(mean),
        broken_tail=video.broken_tail,
        damage_detection=video.damage_detection,
        face_detector=choice.models[0] if choice else detector.description.detector,
    )


def _tracker(every: int, frames: int | None) -> FaceTracker:
    if frames:
        return FaceTracker(LEAST_OVERLAP, max_missed=frames)
    return FaceTracker(LEAST_OVERLAP) if every > 1 else FaceTracker()


def _choose_face_model(detector: "Detector", video: VideoReader, count: int) -> FaceModelChoice:
    choice = FaceModelChoice(max_missed=None)
    with contextlib.closing(video.evenly_spaced(count)) as frames:
        for frame in frames:
            detector.find_faces(frame.image, choice)
            if choice.models == (FULL,):
                break
    choice.settle()
    return choice


def _scored_frames(
    detector: "Detector",
    frames: Iterator[VideoFrame],
    all_faces: bool,
    choice: FaceModelChoice | None,
    tracker: FaceTracker,
) -> Generator[tuple[ScoredFrame, np.ndarray]]:
    """Frames with their scores, and their pictures; reading and finding run ahead in threads."""
    history = detector.clip_history()
    read = InThread(frames)
    try:
        with InThread(_found(detector, read, choice)) as found:
            for frame, faces in found:
                # All faces are followed, so that a person who is not scored keeps the number.
                tracks = tracker.update([face.box for face in faces])
                chosen = faces if all_faces else faces[:1]
                theirs = tracks[: len(chosen)]
                scored = detector.score_faces(frame.image, chosen, theirs, history)
                faces_with_tracks = tuple(
                    replace(face, track=track) for face, track in zip(scored, theirs, strict=True)
                )
                yield (
                    ScoredFrame(frame.index, frame.seconds, faces_with_tracks, len(faces)),
                    frame.image,
                )
    finally:
        read.close()


def _found(
    detector: "Detector", frames: Iterator[VideoFrame], choice: FaceModelChoice | None
) -> Iterator[tuple[VideoFrame, list[Face]]]:
    for frame in frames:
        yield frame, detector.find_faces(frame.image, choice)


def _track_scores(frames: list[ScoredFrame], detector: "Detector") -> tuple[TrackScore, ...]:
    seen: dict[int, list[tuple[float, float]]] = {}
    for frame in frames:
        for face in frame.faces:
            assert face.track is not None
            seen.setdefault(face.track, []).append((frame.seconds, face.probability))
    tracks = []
    for track, values in sorted(seen.items()):
        mean = float(np.mean([probability for _, probability in values]))
        verdict = detector.verdict(mean)
        first, last = values[0][0], values[-1][0]
        tracks.append(TrackScore(track, len(values), first, last, mean, verdict))
    return tuple(tracks)
