import json
import weakref

import numpy as np
import pytest
from edge_videos import write_near_and_far, write_video
from exported_model import exported
from own_threads import own_threads

from keras_madd.faces import FaceDetector, crop_face
from keras_madd.inference import Detector
from keras_madd.media import VideoReader
from keras_madd.support.errors import UserError


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    with Detector(exported(tmp_path_factory.mktemp("model"))) as detector:
        yield detector


def test_frames_are_scored_as_photographs_are(detector, tmp_path):
    path = write_video(tmp_path / "a.mp4")
    shown = []
    result = detector.score_video(path, on_frame=lambda frame, image: shown.append((frame, image)))
    assert [frame.index for frame in result.frames] == list(range(12))
    assert [frame.seconds for frame in result.frames] == pytest.approx(np.arange(12) / 10)
    with VideoReader(path) as video:
        for frame, (live, image), read in zip(result.frames, shown, video, strict=True):
            np.testing.assert_array_equal(image, read.image)
            (expected,) = detector.score_image(read.image)
            (face,) = frame.faces
            assert face.box == expected.box
            assert face.probability == pytest.approx(expected.probability, abs=1e-6)
            assert face.track == 0
            # Maps are handed over but not kept.
            assert live.faces[0].attention_maps is not None
            assert face.attention_maps is None
    scores = [frame.probability for frame in result.frames]
    assert result.probability == pytest.approx(np.mean(scores))
    assert result.verdict == detector.verdict(np.mean(scores))
    (track,) = result.tracks
    assert (track.frames, track.first_seconds, track.last_seconds) == (12, 0.0, 1.1)
    assert track.probability == pytest.approx(result.probability)
    assert result.broken_tail is None


def test_a_frame_without_a_face_counts_for_nothing(detector, tmp_path):
    path = write_video(tmp_path / "a.mp4", faceless=(3, 4, 5))
    result = detector.score_video(path)
    assert [frame.probability is None for frame in result.frames] == [
        index in (3, 4, 5) for index in range(12)
    ]
    assert result.frames_with_face == 9
    seen = [frame.probability for frame in result.frames if frame.faces]
    assert result.probability == pytest.approx(np.mean(seen))
    # The person is the same after the gap.
    assert [track.track for track in result.tracks] == [0]


def test_one_face_model_finds_all_faces_of_a_video(detector, tmp_path):
    assert detector.description.detector == "auto"
    path = write_near_and_far(tmp_path / "a.mp4", 4 * "nfnnn")
    result = detector.score_video(path)
    with VideoReader(path) as video, FaceDetector("full") as full:
        for frame, read in zip(result.frames, video, strict=True):
            assert [face.box for face in frame.faces] == [full.detect(read.image)[0].box]
    assert result.to_json()["face_detector"] == "full"
    near = detector.score_video(write_video(tmp_path / "near.mp4", 3))
    assert near.face_detector == "short"


def test_no_face_at_all_gives_no_score_and_no_verdict(detector, tmp_path):
    result = detector.score_video(write_video(tmp_path / "a.mp4", 4, faceless=range(4)))
    assert (result.probability, result.verdict, result.tracks) == (None, None, ())
    content = json.loads(json.dumps(result.to_json()))
    assert content["fake_probability"] is None
    assert content["frames"][0] == {
        "frame": 0,
        "seconds": 0.0,
        "fake_probability": None,
        "faces": [],
    }


def test_a_frame_is_as_fake_as_its_worst_face(detector, tmp_path):
    path = write_video(tmp_path / "a.mp4", 6, pair=True)
    every = detector.score_video(path, all_faces=True)
    largest = detector.score_video(path)
    for frame, one in zip(every.frames, largest.frames, strict=True):
        assert len(frame.faces) == frame.found == one.found == 2
        assert frame.probability == max(face.probability for face in frame.faces)
        assert len(one.faces) == 1
        assert one.faces[0].box == frame.faces[0].box
        assert one.faces[0].track == frame.faces[0].track
    assert [(track.track, track.frames) for track in every.tracks] == [(0, 6), (1, 6)]
    by_track = {0: [], 1: []}
    for frame in every.frames:
        for face in frame.faces:
            by_track[face.track].append(face.probability)
    for track in every.tracks:
        assert track.probability == pytest.approx(np.mean(by_track[track.track]))


def test_the_crop_is_the_one_crop(detector, tmp_path):
    crops = []
    score = detector.score_crops
    detector.score_crops = lambda given: crops.append(given) or score(given)
    try:
        detector.score_video(path := write_video(tmp_path / "a.mp4", 3))
    finally:
        del detector.score_crops
    with VideoReader(path) as video:
        for crop, frame in zip(crops, video, strict=True):
            (face,) = detector.find_faces(frame.image)
            np.testing.assert_array_equal(crop[0], crop_face(frame.image, face.box, 64, 1.3))


def test_every_nth_and_evenly_spaced(detector, tmp_path):
    path = write_video(tmp_path / "a.mp4")
    told = []
    result = detector.score_video(path, every=5, progress=lambda *step: told.append(step))
    assert [frame.index for frame in result.frames] == [0, 5, 10]
    assert [step[:2] for step in told] == [(1, 3), (2, 3), (3, 3)]
    spread = detector.score_video(path, frames=3)
    assert [frame.index for frame in spread.frames] == [2, 6, 10]
    assert len(detector.score_video(path, frames=50).frames) == 12


def test_a_person_is_followed_over_frames_that_lie_far_apart(detector, tmp_path):
    """As `prepare` does: 25 pixels to the side from one to the next, of a face of some 45."""
    path = write_video(tmp_path / "a.mp4", 110)
    with VideoReader(path) as video:
        first, second = (detector.find_faces(each.image)[0].box for each in video.at([12, 37]))
    assert 0.1 < _overlap(first, second) < 0.3
    for choice in ({"frames": 4}, {"every": 25}):
        result = detector.score_video(path, **choice)
        (track,) = result.tracks
        assert track.frames == len(result.frames) >= 4


def _overlap(one, other):
    shared = [
        max(
            0,
            min(one[axis] + one[axis + 2], other[axis] + other[axis + 2])
            - max(one[axis], other[axis]),
        )
        for axis in (0, 1)
    ]
    both = np.prod(shared)
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def test_a_broken_tail_is_told_and_the_rest_scored(detector, tmp_path):
    whole = write_video(tmp_path / "whole.mp4", 40)
    cut = tmp_path / "cut.mp4"
    content = whole.read_bytes()
    cut.write_bytes(content[: int(0.9 * len(content))])
    result = detector.score_video(cut)
    assert 0 < len(result.frames) < 40
    assert result.probability is not None
    assert result.broken_tail
    assert result.to_json()["damage"] == result.broken_tail


def test_none_of_the_wanted_frames_is_sound(detector, tmp_path, monkeypatch):
    path = write_video(tmp_path / "a.mp4", 4)

    def none(self, count):
        self.broken_tail = "error while decoding"
        return (each for each in ())

    monkeypatch.setattr(VideoReader, "_at", none)
    with pytest.raises(UserError, match=r"none of the frames to score is sound: error while deco"):
        detector.score_video(path, frames=2)


def test_pictures_are_not_kept(detector, tmp_path):
    """However long the video, only what is under way is alive."""
    seen, alive = [], []

    def count(frame, image):
        seen.append(weakref.ref(image))
        alive.append(sum(each() is not None for each in seen))

    detector.score_video(write_video(tmp_path / "a.mp4", 40), on_frame=count)
    assert len(alive) == 40
    assert max(alive) <= 2


def test_an_exception_in_between_ends_the_threads(detector, tmp_path):

    path, before = write_video(tmp_path / "a.mp4"), own_threads()

    def fail(frame, image):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        detector.score_video(path, on_frame=fail)
    assert own_threads() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"every": 0}, "`every`.*Received: every=0"),
        ({"frames": 0}, "`frames`.*Received: frames=0"),
        ({"frames": 3, "every": 2}, "`frames`.*Received: frames=3, every=2"),
    ],
)
def test_arguments_are_checked(detector, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        detector.score_video(tmp_path / "a.mp4", **arguments)


def test_no_video_is_an_error(detector, tmp_path):
    with pytest.raises(UserError, match="no such file"):
        detector.score_video(tmp_path / "a.mp4")
