"""Videos and cameras, seen by a model of clips."""

import numpy as np
import pytest
from backends import tensorflow_only
from edge_videos import portrait, write_video
from small_clips import FRAMES, exported_clips

from keras_madd.faces import crop_face
from keras_madd.inference import Detector, LiveScorer
from keras_madd.inference.capture import VideoAsCamera
from keras_madd.inference.clips import ClipHistory
from keras_madd.media import VideoReader
from keras_madd.support.errors import UserError


def test_a_clip_is_the_last_faces_of_one_person():
    history = ClipHistory(3)

    def update(*seen):
        tracks, values = zip(*seen, strict=True)
        crops = np.array(values, "uint8")[:, None, None, None] * np.ones((1, 2, 2, 3), "uint8")
        return history.update(tracks, crops)[:, :, 0, 0, 0].tolist()

    assert update((0, 1)) == [[1, 1, 1]]
    assert update((0, 2), (7, 50)) == [[1, 1, 2], [50, 50, 50]]
    assert update((7, 51)) == [[50, 50, 51]]
    assert update((7, 52), (0, 3)) == [[50, 51, 52], [1, 2, 3]]
    assert update((0, 4)) == [[2, 3, 4]]
    # A crowd comes and goes: the one who was not seen for longest is forgotten.
    for track in range(100, 163):
        update((track, 9))
    assert update((0, 5)) == [[3, 4, 5]]
    assert update((7, 60)) == [[60, 60, 60]]


@pytest.fixture(scope="module")
def detector():
    with Detector(exported_clips()) as detector:
        yield detector


@tensorflow_only
def test_a_frame_of_a_video_is_scored_with_those_before_it(detector, tmp_path):
    path = write_video(tmp_path / "a.mp4", 6)
    result = detector.score_video(path)
    with VideoReader(path) as video:
        images = [frame.image for frame in video]
    described = detector.description
    crops = [
        crop_face(image, frame.faces[0].box, described.input_size[0], described.crop_margin)
        for image, frame in zip(images, result.frames, strict=True)
    ]
    padded = [crops[0]] * (FRAMES - 1) + crops
    clips = np.stack([padded[index : index + FRAMES] for index in range(len(crops))])
    expected, _ = detector.score_crops(clips)
    assert np.ptp(expected) > 1e-5
    found = [frame.probability for frame in result.frames]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert result.probability == pytest.approx(expected.mean())
    camera = VideoAsCamera(path, paced=False)
    with LiveScorer(detector, camera, newest_only=False) as live:
        np.testing.assert_allclose(
            [frame.faces[0].probability for frame in live], expected, atol=1e-6
        )


@tensorflow_only
def test_a_photograph_is_refused(detector):
    with pytest.raises(UserError, match="judges clips of 3 frames, and a photograph has one"):
        detector.score_image(portrait())
    with pytest.raises(ValueError, match=r"must have shape \(N, 3, 32, 32, 3\)"):
        detector.score_crops(np.zeros((1, 32, 32, 3), "uint8"))
