import numpy as np
import pytest
from people_photos import photograph

from keras_madd.datasets.unseen_fakes.clip import CameraMotion
from keras_madd.media import VideoReader


def _frames(path):
    with VideoReader(path) as reader:
        return np.stack([frame.image for frame in reader])


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A picture, and the same with a grey square, under one motion and under another."""
    folder = tmp_path_factory.mktemp("clips")
    image = photograph(0)[0]
    changed = image.copy()
    changed[100:120, 100:120] = 128
    for name, picture, seed in (("real", image, 1), ("fake", changed, 1), ("other", image, 2)):
        CameraMotion(5, seed).film(picture, {10: folder / f"{name}.mp4"})
    return {path.stem: _frames(path) for path in folder.glob("*.mp4")}


def test_a_moving_picture(clips):
    assert clips["real"].shape == (5, 224, 224, 3)
    steps = np.abs(np.diff(np.float32(clips["real"]), axis=0)).mean((1, 2, 3))
    assert (steps > 0.5).all()
    # A hand shakes a camera; it does not turn it round.
    assert np.corrcoef(clips["real"][0].ravel(), clips["real"][-1].ravel())[0, 1] > 0.9


def test_real_and_fake_are_filmed_alike(clips):
    """But for compression, they differ at the square alone."""
    difference = np.abs(np.int32(clips["real"]) - clips["fake"]).max(-1)
    away = np.ones((224, 224), bool)
    away[84:136, 84:136] = False
    assert difference[:, away].mean() < 1.5
    assert difference[:, 105:115, 105:115].mean() > 5 * difference[:, away].mean()
    assert np.abs(np.int32(clips["real"]) - clips["other"]).mean() > difference[:, away].mean()


def test_why_a_clip_is_not_shorter(tmp_path):
    """At one rate factor, the frames of a very short clip lose more."""
    lost = {}
    for frames in (8, 25):
        paths = {crf: tmp_path / f"{frames}_{crf}.mp4" for crf in (0, 40)}
        CameraMotion(frames, 1).film(photograph(0)[0], paths)
        source, shown = (np.float32(_frames(path)) for path in paths.values())
        lost[frames] = np.square(shown - source).mean()
    assert lost[8] > 1.1 * lost[25]
