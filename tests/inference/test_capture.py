import tempfile
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
from edge_videos import write_video

from keras_madd.inference import capture
from keras_madd.inference.capture import Camera, VideoAsCamera, is_camera
from keras_madd.support.errors import UserError


class FakeCapture:
    """Stands for `cv2.VideoCapture`: a camera that gives some pictures and is then unplugged."""

    def __init__(self, pictures, rate=0.0):
        self.pictures, self.rate, self.released, self.given = pictures, rate, False, 0

    def __call__(self, source):
        self.source = source
        return self

    def isOpened(self):  # noqa: N802
        return self.pictures is not None

    def set(self, key, value):
        return True

    def get(self, key):
        return self.rate

    def read(self):
        if self.given >= self.pictures:
            return False, None
        self.given += 1
        image = np.zeros((4, 6, 3), np.uint8)
        image[..., 0] = self.given  # Blue comes first in OpenCV.
        return True, image

    def release(self):
        self.released = True


@pytest.fixture
def plug_in(monkeypatch):
    def plug_in(*arguments):
        import cv2

        fake = FakeCapture(*arguments)
        monkeypatch.setattr(cv2, "VideoCapture", fake)
        return fake

    return plug_in


@pytest.mark.parametrize(
    ("source", "expected"),
    [("0", True), ("12", True), ("/dev/video0", True), ("0.mp4", False), ("clip.mp4", False)],
)
def test_is_camera(source, expected):
    assert is_camera(source) == expected


def test_a_video_in_memory_is_no_camera():
    # /dev/shm is where Linux keeps such files.
    with tempfile.NamedTemporaryFile(dir="/dev/shm", suffix=".mp4") as file:
        assert not is_camera(file.name)


def test_a_camera_that_is_unplugged(plug_in, monkeypatch):
    monkeypatch.setattr(capture, "_PATIENCE_SECONDS", 0.1)
    fake = plug_in(3, 25.0)
    camera = Camera("2")
    assert fake.source == 2
    assert camera.frame_rate == 25
    coming = iter(camera)
    pictures = [next(coming) for _ in range(3)]
    with pytest.raises(UserError, match="Camera 2 was lost after 3 pictures"):
        next(coming)
    # Red, green, blue; and the one that the camera was tried with is not lost.
    assert [picture.image[0, 0].tolist() for picture in pictures] == [
        [0, 0, 1],
        [0, 0, 2],
        [0, 0, 3],
    ]
    assert [picture.index for picture in pictures] == [0, 1, 2]
    assert pictures[0].seconds <= pictures[1].seconds <= pictures[2].seconds
    camera.close()
    assert fake.released


@pytest.mark.parametrize(
    ("pictures", "message"),
    [(None, "cannot be opened.*--source"), (0, "gives no picture.*another program")],
)
def test_no_camera(plug_in, pictures, message):
    fake = plug_in(pictures)
    with pytest.raises(UserError, match=message):
        Camera("0")
    assert fake.released


def test_a_camera_that_does_not_tell_its_rate(plug_in):
    plug_in(1, 0.0)
    assert Camera("/dev/video1").frame_rate is None


def test_a_video_at_its_own_pace_and_as_fast_as_can_be(tmp_path):
    path = write_video(tmp_path / "a.mp4", 8)
    times = {}
    for paced in (True, False):
        source = VideoAsCamera(path, paced)
        started = time.perf_counter()
        pictures = list(source)
        times[paced] = time.perf_counter() - started
        assert [picture.index for picture in pictures] == list(range(8))
        assert pictures[-1].seconds == pytest.approx(0.7)
        assert source.frame_rate == 10
        assert source.broken_tail is None
        source.close()
    assert times[True] >= 0.7
    with pytest.raises(UserError, match="no such file"):
        VideoAsCamera(tmp_path / "b.mp4")


def _with_times(path, monkeypatch, *times, **settings):
    camera = VideoAsCamera(write_video(path, frames=1), **settings)
    image = np.zeros((4, 6, 3), np.uint8)
    frames = [SimpleNamespace(index=i, seconds=at, image=image) for i, at in enumerate(times)]
    monkeypatch.setattr(type(camera._video), "__iter__", lambda self: iter(frames))
    return camera


def test_a_long_pause_can_be_interrupted(tmp_path, monkeypatch):
    camera = _with_times(tmp_path / "a.mp4", monkeypatch, 0.0, 0.001, 36_000.0)
    given = []
    thread = threading.Thread(target=lambda: given.extend(camera), daemon=True)
    thread.start()
    camera.interrupt()
    thread.join(60)
    assert not thread.is_alive()
    assert len(given) < 3
    camera.close()


@pytest.mark.parametrize("paced", [False, True])
def test_it_ends_where_it_was_told_to(tmp_path, monkeypatch, paced):
    settings = {"paced": paced, "seconds": 0.02}
    camera = _with_times(tmp_path / "a.mp4", monkeypatch, 0.0, 0.01, 36_000.0, **settings)
    assert [each.seconds for each in camera] == [0.0, 0.01]
    camera.close()
