import io

import av
import cv2
import numpy as np
import pytest
from shards_on_disk import face_crop

from keras_madd.data.h264 import through_h264

SIDE = 112


@pytest.fixture(scope="module")
def face():
    return face_crop(SIDE)[0]


def _error(first, second):
    return float(np.sqrt(((np.float32(first) - second) ** 2).mean()))


@pytest.mark.parametrize("frames", [1, 3])
def test_a_higher_rate_factor_loses_more(face, frames):
    errors = [_error(face, through_h264(face, crf, frames)) for crf in (5, 18, 28, 40, 51)]
    assert errors == sorted(errors)
    assert errors[0] < 7
    assert errors[-1] > 2 * errors[0]


def test_as_lossy_as_a_video_file(face):
    """The independent truth: a Matroska file written and read by the container's own codecs."""
    for crf in (23, 40):
        file = io.BytesIO()
        with av.open(file, "w", format="matroska") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.height = stream.width = SIDE
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": str(crf), "preset": "veryfast", "mbtree": "0", "threads": "1"}
            container.mux(stream.encode(av.VideoFrame.from_ndarray(face, format="rgb24")))
            container.mux(stream.encode())
        file.seek(0)
        with av.open(file) as container:
            expected = next(container.decode(video=0)).to_ndarray(format="rgb24")
        # The matrices differ (BT.601 there), and both are undone.
        ratio = _error(face, through_h264(face, crf)) / _error(face, expected)
        assert 0.85 < ratio < 1.15


def test_the_same_each_time(face):
    first = through_h264(face, 30, 3, (0.7, -0.4))
    np.testing.assert_array_equal(first, through_h264(face, 30, 3, (0.7, -0.4)))
    assert (first != through_h264(face, 30, 3, (-0.7, 0.4))).any()


def test_a_predicted_frame_is_not_an_intra_frame(face):
    assert (through_h264(face, 35, 1) != through_h264(face, 35, 3, (0.8, 0.3))).any()


@pytest.mark.parametrize("shape", [(97, 64), (64, 97), (33, 33)])
def test_odd_sides(face, shape):
    image = np.ascontiguousarray(cv2.resize(face, shape[::-1]))
    compressed = through_h264(image, 18)
    assert compressed.shape == image.shape
    assert compressed.dtype == np.uint8
    assert _error(image, compressed) < 9


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((52,), "`crf` must be from 0 to 51"), ((20, 0), "`frames` must be at least 1")],
)
def test_arguments(face, arguments, words):
    with pytest.raises(ValueError, match=words):
        through_h264(face, *arguments)
