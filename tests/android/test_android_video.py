"""Scores of videos, as the desktop sums them up: `tests/golden/videos.json`.

`android_demo/core` reads the file in its own tests. Its numbers are those of
`keras_madd.inference.video.score_video` itself, on a detector that finds and scores what a case
says; only the frame to show, which the desktop has not, is worked out here, as the browser does.

`python tests/android/test_android_video.py` writes the file anew.
"""

import json
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest

from keras_madd.inference import video
from keras_madd.inference.calibration import verdict_of
from keras_madd.inference.scored_face import ScoredFace
from keras_madd.media import VideoFrame

GOLDEN = Path(__file__).parents[1] / "golden" / "videos.json"

# Thresholds of fake and of "no trace found", and the scores of the faces of each frame.
CASES = {
    "fake_with_a_black_end": (0.5, None, [[0.9]] * 23 + [[]]),
    "real_with_one_bad_frame": (0.5, None, [[0.1], [0.2], [0.95], [0.15]]),
    "a_cut_in_the_middle": (0.5, 0.3, [[0.8], [0.7], [], [0.2], [0.1]]),
    "no_trace": (0.86, 0.37, [[0.02], [0.3], [], [0.35]]),
    "uncertain": (0.86, 0.37, [[0.2], [0.99], [0.5]]),
    "exactly_at_the_threshold": (0.5, 0.25, [[0.25], [0.75]]),
    "exactly_at_the_clear_threshold": (0.5, 0.25, [[0.25], [], [0.25]]),
    "the_highest_face_of_a_frame": (0.6, 0.2, [[0.1, 0.9], [0.7], [0.3, 0.2, 0.65]]),
    "one_face_in_one_frame": (0.5, None, [[], [], [0.6], []]),
    "equal_frames": (0.5, None, [[0.4], [0.4]]),
    "no_face_anywhere": (0.5, 0.3, [[], [], []]),
    "wandering": (
        0.55,
        0.4,
        [
            [round(float(score), 4) for score in np.random.default_rng(k).uniform(size=k % 3)]
            for k in range(24)
        ],
    ),
}


class Reader:
    """A video whose pictures hold nothing but their number."""

    width, height, frame_rate, frame_count = 1, 1, 25.0, None
    broken_tail, damage_detection = None, "decoder"

    def __init__(self, count):
        self.count = count

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def frames(self, every):
        for index in range(self.count):
            yield VideoFrame(index, index / 25, np.full((1, 1, 3), index, np.uint8))


def detector(threshold, clear_threshold, frames):
    """Finds and scores in each picture what the case says of it."""

    def score_faces(image, faces, tracks, history):
        scores = frames[int(image[0, 0, 0])]
        return [
            ScoredFace(face.box, (0, 0, 9, 9), 1.0, score, "", None)
            for face, score in zip(faces, scores, strict=True)
        ]

    return SimpleNamespace(
        description=SimpleNamespace(detector="short"),
        clip_history=lambda: None,
        find_faces=lambda image, choice: [
            SimpleNamespace(box=(20 * k, 0, 9, 9)) for k in range(len(frames[image[0, 0, 0]]))
        ],
        score_faces=score_faces,
        verdict=lambda probability: verdict_of(probability, threshold, clear_threshold),
    )


def scored(threshold, clear_threshold, frames):
    with mock.patch.object(video, "VideoReader", return_value=Reader(len(frames))):
        return video.score_video(
            detector(threshold, clear_threshold, frames), "a.mp4", all_faces=True
        )


def heaviest(frames, is_fake):
    """The frame with a face that pulls the mean most to the side it came out on."""
    with_face = [index for index, scores in enumerate(frames) if scores]
    order = sorted(with_face, key=lambda index: max(frames[index]), reverse=is_fake)
    return order[0] if order else None


def golden():
    for name, (threshold, clear_threshold, frames) in CASES.items():
        result = scored(threshold, clear_threshold, frames)
        yield {
            "name": name,
            "threshold": threshold,
            "clear_threshold": clear_threshold,
            "frames": frames,
            "frames_with_face": result.frames_with_face,
            "probability": result.probability,
            "verdict": result.verdict,
            "heaviest": heaviest(frames, result.verdict == "fake"),
        }


def test_the_stored_vectors_are_what_the_desktop_says():
    stored, found = json.loads(GOLDEN.read_text()), list(golden())
    assert [case["name"] for case in stored] == [case["name"] for case in found]
    for old, new in zip(stored, found, strict=True):
        assert old.pop("probability") == pytest.approx(new.pop("probability"), abs=1e-12)
        assert old == new


def test_by_hand():
    cases = {case["name"]: case for case in golden()}
    black = cases["fake_with_a_black_end"]
    assert (black["frames_with_face"], black["verdict"], black["heaviest"]) == (23, "fake", 0)
    assert black["probability"] == pytest.approx(0.9)
    assert cases["the_highest_face_of_a_frame"]["probability"] == pytest.approx(0.75)
    assert cases["no_face_anywhere"]["probability"] is None
    words = {case["verdict"] for case in cases.values()}
    assert words == {"fake", "real", "uncertain", "no trace found", None}


if __name__ == "__main__":
    GOLDEN.write_text("[\n" + ",\n".join(json.dumps(case) for case in golden()) + "\n]\n")
