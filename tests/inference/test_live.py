import json
import time

import numpy as np
import pytest
from edge_videos import near_and_far, write_video
from exported_model import exported
from own_threads import own_threads

from keras_madd.faces import FaceDetector
from keras_madd.inference import Detector, LiveScorer, ScoreSmoother
from keras_madd.inference.capture import Picture, VideoAsCamera


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    with Detector(exported(tmp_path_factory.mktemp("model"))) as detector:
        yield detector


def frames_of(detector, source, **settings):
    with LiveScorer(detector, source, **settings) as live:
        return list(live)


def test_every_picture_is_scored_as_by_itself_and_smoothed(detector, tmp_path):
    path = write_video(tmp_path / "a.mp4", 9, faceless=(4,))
    frames = frames_of(detector, VideoAsCamera(path, paced=False), newest_only=False)
    assert [frame.index for frame in frames] == list(range(9))
    result = detector.score_video(path)
    smoother = ScoreSmoother.for_threshold(detector.description.threshold)
    for frame, expected in zip(frames, result.frames, strict=True):
        assert [face.box for face in frame.faces] == [face.box for face in expected.faces]
        for face, one in zip(frame.faces, expected.faces, strict=True):
            smooth = smoother.update(face.track, one.probability)
            assert face.probability == pytest.approx(one.probability, abs=1e-6)
            assert face.smoothed == pytest.approx(smooth.probability, abs=1e-6)
            assert face.verdict == smooth.verdict
        assert frame.dropped == 0
        assert set(frame.timings) == {"read", "detect", "score", "latency"}
        assert frame.timings["latency"] >= frame.timings["score"] > 0
        line = json.loads(json.dumps(frame.to_json()))
        assert [set(face) for face in line["faces"]] == [
            {"track", "box", "probability", "smoothed", "verdict"} for _ in frame.faces
        ]
    assert frames[3].faces[0].verdict == "unsure"
    assert frames[4].faces == ()
    assert frames[-1].frames_per_second > 0


def test_a_face_that_is_followed_keeps_its_face_model(detector):
    images = [near_and_far()[place] for place in "nfnfn"]
    pictures = [Picture(index, index / 10, image, 0.0) for index, image in enumerate(images)]
    frames = frames_of(detector, iter(pictures), newest_only=False)
    with FaceDetector("full") as full, FaceDetector("short") as short:
        expected = [short.detect(images[0])[0].box]
        expected += [full.detect(image)[0].box for image in images[1:]]
        assert short.detect(images[2])[0].box != expected[2]
    assert [frame.faces[0].box for frame in frames] == expected


def test_a_slow_reader_gets_the_newest_picture(detector, tmp_path):
    path = write_video(tmp_path / "a.mp4", 12)
    source = VideoAsCamera(path)
    indices = []
    with LiveScorer(detector, source) as live:
        for frame in live:
            indices.append(frame.index)
            time.sleep(0.35)  # Three pictures come meanwhile.
    assert len(indices) < 9
    assert indices == sorted(indices)
    assert indices[-1] == 11
    assert frame.dropped == 12 - len(indices)


def test_the_mirror_turns_what_is_shown_and_not_what_is_scored(detector, tmp_path):
    path = write_video(tmp_path / "a.mp4", 3)
    (plain, mirrored) = (
        frames_of(detector, VideoAsCamera(path, False), newest_only=False, mirror=mirror)[2]
        for mirror in (False, True)
    )
    np.testing.assert_array_equal(mirrored.image, plain.image[:, ::-1])
    (face,), (turned,) = plain.faces, mirrored.faces
    assert turned.probability == face.probability
    assert turned.box == (256 - face.box[0] - face.box[2], *face.box[1:])
    assert turned.crop_box[0] + turned.crop_box[2] == 256 - face.crop_box[0]
    np.testing.assert_array_equal(turned.attention_maps, face.attention_maps[:, ::-1])


def test_a_source_that_fails_is_an_error_after_its_pictures(detector, tmp_path):
    pictures = list(VideoAsCamera(write_video(tmp_path / "a.mp4", 2), False))

    def source():
        yield from pictures
        raise OSError("unplugged")

    before = own_threads()
    with (
        pytest.raises(OSError, match="unplugged"),
        LiveScorer(detector, source(), newest_only=False) as live,
    ):
        list(live)
    assert own_threads() == before
