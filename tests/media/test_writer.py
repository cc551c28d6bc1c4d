"""Written files against what PyAV finds in them, and what a failure leaves."""

from fractions import Fraction

import av
import numpy as np
import pytest

from keras_madd.media import VideoReader, VideoWriter
from keras_madd.support.errors import UserError


def picture(width, height, shift=0):
    y, x = np.mgrid[:height, :width]
    return np.stack([(x + shift) % 256, y % 256, (x + y) // 2 % 256], -1).astype(np.uint8)


@pytest.mark.parametrize("size", [(64, 48), (63, 48), (64, 47), (33, 35), (1, 1)])
def test_round_trip(tmp_path, size):
    path = tmp_path / "v.mp4"
    images = [picture(*size, shift) for shift in range(12)]
    with VideoWriter(path, *size, 12.5, quality=4) as writer:
        for image in images:
            writer.write(image)
    with VideoReader(path) as reader:
        frames = list(reader)
        assert reader.frame_rate == 12.5
    even = [side + side % 2 for side in size]
    assert len(frames) == 12
    for frame, image in zip(frames, images, strict=True):
        assert frame.image.shape == (even[1], even[0], 3)
        shown = frame.image[: size[1], : size[0]]
        assert np.abs(shown.astype(int) - image).mean() < 6
        np.testing.assert_allclose(frame.image[-1], frame.image[-2], atol=16 if size[1] % 2 else 99)
    assert [frame.seconds for frame in frames] == pytest.approx(np.arange(12) / 12.5)


def test_flat_colours_come_back(tmp_path):
    colours = np.random.default_rng(0).integers(30, 226, (8, 3))
    path = tmp_path / "v.mp4"
    with VideoWriter(path, 64, 48, 25, quality=1) as writer:
        for colour in colours:
            writer.write(np.broadcast_to(colour, (48, 64, 3)).astype(np.uint8))
    with VideoReader(path) as reader:
        for frame, colour in zip(reader, colours, strict=True):
            # Rounding to 8 bits, which chroma amplifies by up to 2, and the reader's 3 levels.
            assert np.abs(frame.image.astype(int) - colour).max() <= 5


def test_kind_of_file(tmp_path):
    path = tmp_path / "v.mp4"
    with VideoWriter(path, 64, 48, 30000 / 1001) as writer:
        for shift in range(10):
            writer.write(picture(64, 48, shift))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert stream.average_rate == Fraction(30000, 1001)
        assert (stream.color_range, stream.colorspace) == (1, 1)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert [entry.name for entry in tmp_path.iterdir()] == ["v.mp4"]


@pytest.mark.parametrize("ending", [".mp4", ".mov", ".mkv"])
def test_pictures_are_shown_when_they_are_told_to_be(tmp_path, ending):
    times = [0.0, 0.01, 0.02, 0.5, 3.0, 3.04]
    path = tmp_path / f"v{ending}"
    with VideoWriter(path, 64, 48, 5) as writer:
        for shift, seconds in enumerate(times):
            writer.write(picture(64, 48, shift), seconds)
    with VideoReader(path) as reader:
        assert [frame.seconds for frame in reader] == pytest.approx(times, abs=1e-3)
    with av.open(str(path)) as container:
        # The last one, as long as the frame rate says.
        assert container.duration / av.time_base == pytest.approx(3.24, abs=2e-3)


@pytest.mark.parametrize("rate", [25, 12.5, 24000 / 1001, 1000])
def test_times_of_a_constant_rate_change_nothing(tmp_path, rate):
    found = []
    for name, times in (("a.mp4", [None] * 30), ("b.mp4", np.arange(30) / rate)):
        with VideoWriter(tmp_path / name, 64, 48, rate) as writer:
            for shift, seconds in enumerate(times):
                writer.write(picture(64, 48, shift), seconds)
        with VideoReader(tmp_path / name) as reader:
            found.append((reader.frame_rate, [frame.seconds for frame in reader]))
    (one_rate, one), (other_rate, other) = found
    assert other_rate == pytest.approx(one_rate, rel=1e-5)
    assert other == pytest.approx(one, abs=2e-5)


def test_times_that_go_back_go_on_at_the_frame_rate(tmp_path):
    """As those of a stream whose clock was set back."""
    with VideoWriter(tmp_path / "v.mp4", 64, 48, 10) as writer:
        for shift, seconds in enumerate([0.0, 0.1, 0.1, 0.0, 0.05, 0.9]):
            writer.write(picture(64, 48, shift), seconds)
    with VideoReader(tmp_path / "v.mp4") as reader:
        assert [frame.seconds for frame in reader] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.9])


@pytest.mark.parametrize("rotation", [90, 180, 270, -90])
def test_rotation(tmp_path, rotation):
    image = picture(64, 32)
    with VideoWriter(tmp_path / "v.mp4", 64, 32, 25, quality=4, rotation=rotation) as writer:
        writer.write(image)
    with VideoReader(tmp_path / "v.mp4") as reader:
        shown = next(iter(reader)).image
    expected = np.rot90(image, rotation // 90)
    assert shown.shape == expected.shape
    assert np.abs(shown.astype(int) - expected).mean() < 6


class TestFailure:
    def test_leaves_nothing(self, tmp_path):
        def fail():
            with VideoWriter(tmp_path / "v.mp4", 64, 48, 25) as writer:
                writer.write(picture(64, 48))
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fail()
        assert list(tmp_path.iterdir()) == []

    def test_keeps_the_file_that_was_there(self, tmp_path):
        path = tmp_path / "v.mp4"
        path.write_bytes(b"before")
        with pytest.raises(UserError, match="exists"):
            VideoWriter(path, 64, 48, 25)
        with (
            pytest.raises(ValueError, match="shape"),
            VideoWriter(path, 64, 48, 25, overwrite=True) as writer,
        ):
            writer.write(picture(65, 48))
        assert path.read_bytes() == b"before"
        assert [entry.name for entry in tmp_path.iterdir()] == ["v.mp4"]

    def test_without_a_picture(self, tmp_path):
        with pytest.raises(ValueError, match="not one picture"):
            VideoWriter(tmp_path / "v.mp4", 64, 48, 25).close()
        assert list(tmp_path.iterdir()) == []

    def test_folder(self, tmp_path):
        with pytest.raises(UserError, match="There is no folder"):
            VideoWriter(tmp_path / "none" / "v.mp4", 64, 48, 25)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"width": 0}, "Received: width=0"),
            ({"height": 20000}, "Received: height=20000"),
            ({"frame_rate": 0}, "Received: frame_rate=0"),
            ({"rotation": 45}, "Received: rotation=45"),
            ({"quality": 52}, "Received: quality=52"),
            ({"path": "v.gif"}, "must end in"),
        ],
    )
    def test_arguments(self, tmp_path, arguments, message):
        valid = {"path": tmp_path / "v.mp4", "width": 64, "height": 48, "frame_rate": 25}
        with pytest.raises(ValueError, match=message):
            VideoWriter(**(valid | arguments))
        assert list(tmp_path.iterdir()) == []

    def test_pictures(self, tmp_path):
        writer = VideoWriter(tmp_path / "v.mp4", 64, 48, 25)
        with pytest.raises(ValueError, match="Received: image=float64"):
            writer.write(np.zeros((48, 64, 3)))
        writer.write(picture(64, 48))
        writer.close()
        writer.close()
        with pytest.raises(ValueError, match="closed"):
            writer.write(picture(64, 48))
