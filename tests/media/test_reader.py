"""Reading against files made here with known pictures, times, turns and damage."""

import io
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

import av
import numpy as np
import pytest
from numbered_videos import encode, number_of, numbered, read, remux
from PIL import Image

from keras_madd.media import VideoReader, VideoWriter
from keras_madd.support.errors import UserError

FRAMES = 60
# Kr and Kb of the standards, by the number that H.264 gives their matrix.
MATRICES = {1: (0.2126, 0.0722), 5: (0.299, 0.114), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "numbered.mp4"
    options = {"g": "20", "bf": "2"}
    return encode(path, [numbered(i) for i in range(FRAMES)], options=options)


class TestFrames:
    def test_order_times_and_facts(self, video):
        with VideoReader(video) as reader:
            assert (reader.width, reader.height) == (64, 48)
            assert reader.frame_rate == 25
            assert reader.frame_count == FRAMES == reader.count_frames()
            frames = list(reader)
            again = [frame.index for frame in reader]
        assert [frame.index for frame in frames] == list(range(FRAMES)) == again
        assert [number_of(frame.image) for frame in frames] == list(range(FRAMES))
        assert [frame.seconds for frame in frames] == pytest.approx(np.arange(FRAMES) / 25)
        assert reader.broken_tail is None
        image = frames[0].image
        assert (image.dtype, image.shape) == (np.uint8, (48, 64, 3))
        assert image.flags.c_contiguous
        assert image.flags.writeable
        # No two frames share memory.
        assert frames[0].image.sum() != frames[1].image.sum()

    def test_every(self, video):
        with VideoReader(video) as reader:
            frames = list(reader.frames(every=7))
        assert [frame.index for frame in frames] == list(range(0, FRAMES, 7))
        assert [number_of(frame.image) for frame in frames] == list(range(0, FRAMES, 7))

    def test_for_a_damaged_one_of_every_seven_stands_the_next(self, video, tmp_path):
        content = bytearray(video.read_bytes())
        with av.open(str(video)) as container:
            packets = [each for each in container.demux(video=0) if each.size]
        for packet in packets[:20]:
            content[packet.pos + 5 : packet.pos + packet.size] = b"\xff" * (packet.size - 5)
        path = tmp_path / "damaged.mp4"
        path.write_bytes(content)
        with VideoReader(path) as reader:
            sound = [frame.index for frame in reader]
            every = [frame.index for frame in reader.frames(every=7)]
            assert sound[0] > 0
            assert every[0] == sound[0]
            assert every[1:] == [n for n in range(0, FRAMES, 7) if n > sound[0]]

    @pytest.mark.parametrize("count", [1, 2, 7, 32, 60, 100])
    def test_evenly_spaced(self, video, count):
        with VideoReader(video) as reader:
            indices = [number_of(frame.image) for frame in reader.evenly_spaced(count)]
        # The frame under the middle of each of `count` equal parts of the time line.
        count = min(count, FRAMES)
        assert indices == [int((k + 0.5) * FRAMES / count) for k in range(count)]

    def test_frames_by_their_indices(self, video):
        with VideoReader(video) as reader:
            for wanted in ([], [0], [3, 4, 30], [FRAMES - 1, FRAMES]):
                given = [(frame.index, number_of(frame.image)) for frame in reader.at(wanted)]
                assert given == [(i, i) for i in wanted if i < FRAMES]
            with pytest.raises(ValueError, match=r"`indices` must rise. Received: .*\[3, 3\]"):
                reader.at([3, 3])

    def test_threads_do_not_change_the_frames(self, video):
        frames = []
        for threads in (1, 2, 0):
            with VideoReader(video, threads=threads) as reader:
                frames.append(np.stack([frame.image for frame in reader]))
        np.testing.assert_array_equal(frames[0], frames[1])
        np.testing.assert_array_equal(frames[0], frames[2])

    @pytest.mark.parametrize("suffix", [".mkv", ".ts", ".flv"])
    def test_containers(self, video, tmp_path, suffix):
        frames, broken = read(remux(video, tmp_path / f"video{suffix}"))
        assert frames == [(i, i) for i in range(FRAMES)]
        assert broken is None

    @pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
    def test_variable_frame_rate(self, tmp_path, suffix):
        times = np.cumsum(np.random.default_rng(0).integers(10, 200, 30)).tolist()
        path = encode(tmp_path / f"v{suffix}", [numbered(i) for i in range(30)], times=times)
        with VideoReader(path) as reader:
            seconds = [frame.seconds for frame in reader]
        expected = (np.array(times) - times[0]) / 1000
        assert seconds == pytest.approx(expected, abs=6e-4)

    @pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
    @pytest.mark.parametrize(("start", "last"), [(0, 40), (5000, 40), (0, 5000)])
    def test_a_late_start_and_a_long_last_picture_are_no_damage(
        self, tmp_path, suffix, start, last
    ):
        path = tmp_path / f"v{suffix}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libvpx" if suffix == ".webm" else "libx264", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            stream.codec_context.time_base = Fraction(1, 1000)
            packets = []
            for number in range(10):
                frame = av.VideoFrame.from_ndarray(numbered(number), format="rgb24")
                frame.pts, frame.time_base = start + 40 * number, Fraction(1, 1000)
                packets += stream.encode(frame)
            packets += stream.encode(None)
            packets[-1].duration = last
            container.mux(packets)
        content = path.read_bytes()
        frames, broken = read(path)
        assert (frames, broken) == ([(i, i) for i in range(10)], None)
        if suffix != ".mp4":  # Which without its end is no video.
            path.write_bytes(content[: int(0.9 * len(content))])
            assert read(path)[1] == "the file is cut off"

    def test_a_picture_of_another_shape_keeps_it(self, tmp_path):
        path = tmp_path / "turned.mkv"
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mjpeg", rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
            for number, (width, height) in enumerate(((64, 48), (48, 64), (32, 24), (128, 32))):
                content = io.BytesIO()
                Image.new("RGB", (width, height), "white").save(content, "JPEG")
                packet = av.Packet(content.getvalue())
                packet.stream, packet.pts = stream, number
                packet.dts, packet.time_base = number, Fraction(1, 25)
                container.mux(packet)
        with VideoReader(path) as reader:
            shown = [frame.image[..., 0] > 128 for frame in reader]
            assert reader.broken_tail is None
        assert [picture.shape for picture in shown] == [(48, 64)] * 4
        lit = [(picture.any(0).sum(), picture.any(1).sum()) for picture in shown]
        assert lit == [(64, 48), (36, 48), (64, 48), (64, 16)]
        assert shown[1][:, 14:50].all()
        assert shown[3][16:32].all()

    def test_one_frame(self, tmp_path):
        path = encode(tmp_path / "v.mp4", [numbered(5)])
        with VideoReader(path) as reader:
            assert [number_of(frame.image) for frame in reader.evenly_spaced(8)] == [5]

    @pytest.mark.parametrize("threads", [1, 3])
    def test_closing_ends_iterations_under_way(self, video, threads):
        reader = VideoReader(video, threads=threads)
        frames, few = iter(reader), reader.evenly_spaced(9)
        assert next(frames).index == 0
        assert next(few).index == 3
        reader.close()
        assert list(frames) == list(few) == []

    def test_two_iterations_at_once(self, video):
        with VideoReader(video) as reader:
            pairs = [(a.index, number_of(b.image)) for a, b in zip(reader, reader, strict=True)]
        assert pairs == [(i, i) for i in range(FRAMES)]

    def test_changed_size_is_brought_to_the_first(self, tmp_path):
        parts = [tmp_path / "a.ts", tmp_path / "b.ts"]
        encode(parts[0], [numbered(i) for i in range(10)], options={"bf": "0"})
        encode(parts[1], [numbered(i, 128, 96) for i in range(10, 20)], options={"bf": "0"})
        path = tmp_path / "both.ts"
        path.write_bytes(b"".join(part.read_bytes() for part in parts))
        with VideoReader(path) as reader:
            frames = list(reader)
        assert {frame.image.shape for frame in frames} == {(48, 64, 3)}
        assert number_of(frames[-1].image) == 19


class TestRotation:
    # What a player shows, as an operation on the stored picture; the matrices are those of
    # ISO 14496-12 for a turn clockwise, as Android's and Apple's cameras write them.
    TURNS: ClassVar = {
        "upright": ((1, 0, 0, 1), lambda image: image),
        "90 clockwise": ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
        "180": ((-1, 0, 0, -1), lambda image: np.rot90(image, 2)),
        "90 counter-clockwise": ((0, -1, 1, 0), lambda image: np.rot90(image, 1)),
        "mirrored": ((-1, 0, 0, 1), lambda image: image[:, ::-1]),
        "upside down, mirrored": ((1, 0, 0, -1), lambda image: image[::-1]),
        "transposed": ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
        "anti-transposed": ((0, -1, -1, 0), lambda image: image[::-1, ::-1].transpose(1, 0, 2)),
    }

    @pytest.fixture
    def corners(self, tmp_path_factory):
        image = np.zeros((64, 96, 3), np.uint8)
        image[:32, :48], image[:32, 48:] = (200, 40, 40), (40, 200, 40)
        image[32:, :48], image[32:, 48:] = (40, 40, 200), (200, 200, 200)
        path = tmp_path_factory.mktemp("turned") / "v.mp4"
        return image, encode(path, [image] * 3).read_bytes()

    @pytest.mark.parametrize("name", TURNS)
    @pytest.mark.parametrize("moved", [False, True], ids=["android", "apple"])
    def test_as_phones_write_it(self, corners, tmp_path, name, moved):
        image, content = corners
        (a, b, c, d), show = self.TURNS[name]
        shown = show(image)
        # Apple also moves the turned picture back to the origin, Android does not.
        x = image.shape[0] * (c < 0) + image.shape[1] * (a < 0) if moved else 0
        y = image.shape[0] * (d < 0) + image.shape[1] * (b < 0) if moved else 0
        ones = [a << 16, b << 16, 0, c << 16, d << 16, 0, x << 16, y << 16, 1 << 30]
        at = content.index(b"tkhd") + 4 + 40
        matrix = b"".join(value.to_bytes(4, "big", signed=True) for value in ones)
        path = tmp_path / "v.mp4"
        path.write_bytes(content[:at] + matrix + content[at + 36 :])
        with VideoReader(path) as reader:
            frames = list(reader)
            assert (reader.width, reader.height) == (shown.shape[1], shown.shape[0])
        assert len(frames) == 3
        for frame in frames:
            assert frame.image.shape == shown.shape
            assert frame.image.flags.c_contiguous
            assert np.abs(frame.image.astype(int) - shown)[4:-4, 4:-4].mean() < 3

    def test_matroska(self, corners, tmp_path):
        image = corners[0]
        path = encode(
            tmp_path / "v.mkv", [image] * 3, setup=lambda stream: stream.set_display_rotation(90)
        )
        with VideoReader(path) as reader:
            shown = next(iter(reader)).image
        assert np.abs(shown.astype(int) - np.rot90(image)).mean() < 3


class TestColours:
    def flat(self, fmt, yuv, matrix, full, size=(64, 48)):
        frame = av.VideoFrame(*size, fmt)
        for plane, value in zip(frame.planes, yuv, strict=True):
            kind = np.uint16 if "10" in fmt else np.uint8
            count = plane.buffer_size // np.dtype(kind).itemsize
            plane.update(np.full(count, value, kind).tobytes())
        frame.colorspace, frame.color_range = matrix, 2 if full else 1
        return frame

    def expected(self, yuv, matrix, full, bits):
        """RGB by the formulas of ITU-R BT.601, 709 and 2020."""
        kr, kb = MATRICES[matrix]
        unit = 1 << (bits - 8)
        y, u, v = (float(value) for value in yuv)
        if full:
            y, u, v = (part / (256 * unit - 1) for part in (y, u - 128 * unit, v - 128 * unit))
        else:
            y, u, v = (y / unit - 16) / 219, (u / unit - 128) / 224, (v / unit - 128) / 224
        red, blue = y + 2 * (1 - kr) * v, y + 2 * (1 - kb) * u
        green = (y - kr * red - kb * blue) / (1 - kr - kb)
        return 255 * np.clip([red, green, blue], 0, 1)

    @pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
    @pytest.mark.parametrize("matrix", [1, 5, 6, 9])
    @pytest.mark.parametrize(
        ("fmt", "size"),
        [
            ("yuv420p", (64, 48)),
            ("yuv420p", (63, 47)),
            ("yuv422p", (64, 48)),
            ("yuv420p10le", (64, 48)),
        ],
    )
    def test_closed_form(self, tmp_path, fmt, size, matrix, full):
        bits = 10 if "10" in fmt else 8
        rng = np.random.default_rng(matrix)
        colours = [
            [
                int(rng.integers(low, high)) << (bits - 8)
                for low, high in ((40, 220),) + 2 * ((90, 166),)
            ]
            for _ in range(6)
        ]
        frames = [self.flat(fmt, yuv, matrix, full, size) for yuv in colours]

        def setup(stream):
            stream.codec_context.colorspace = matrix
            stream.codec_context.color_range = 2 if full else 1

        path = encode(tmp_path / "v.mkv", frames, "ffv1", setup=setup, fmt=fmt)
        with VideoReader(path) as reader:
            images = [frame.image for frame in reader]
        assert len(images) == len(colours)
        for yuv, image in zip(colours, images, strict=True):
            assert image.shape == (size[1], size[0], 3)
            difference = np.abs(image - self.expected(yuv, matrix, full, bits))
            # A wrong matrix or range is off by more than 8.
            assert difference.max() <= 3.5

    @pytest.mark.parametrize(("size", "matrix"), [((640, 480), 6), ((1280, 720), 1)])
    def test_unnamed_matrix_follows_the_size(self, tmp_path, size, matrix):
        yuv = (120, 80, 180)
        frame = self.flat("yuv420p", yuv, 2, False, size)
        path = encode(tmp_path / "v.mkv", [frame], "ffv1")
        with VideoReader(path) as reader:
            image = next(iter(reader)).image
        assert np.abs(image - self.expected(yuv, matrix, False, 8)).max() <= 3.5
        assert np.abs(self.expected(yuv, 1, False, 8) - self.expected(yuv, 6, False, 8)).max() > 8


class TestDamage:
    @pytest.mark.parametrize("threads", [1, 4])
    @pytest.mark.parametrize("part", [0.6, 0.8, 0.9])
    @pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
    def test_cut_off(self, video, tmp_path, suffix, part, threads):
        whole = video if suffix == ".mp4" else remux(video, tmp_path / f"whole{suffix}")
        path = tmp_path / f"cut{suffix}"
        content = whole.read_bytes()
        path.write_bytes(content[: int(part * len(content))])
        frames, broken = read(path, threads=threads)
        assert 5 < len(frames) < FRAMES
        assert [index for index, _ in frames] == list(range(len(frames)))
        # Of the last few, one may be shown early because the frame before it is lost.
        assert frames[:-3] == [(i, i) for i in range(len(frames) - 3)]
        assert all(abs(index - number) <= 3 for index, number in frames)
        assert broken
        with VideoReader(path) as reader:
            few = [frame.index for frame in reader.evenly_spaced(5)]
            # Known although the frames at the end are not decoded.
            assert reader.broken_tail or suffix == ".ts"
        assert len(few) == 5
        assert few[-1] < len(frames)

    @pytest.mark.parametrize("threads", [1, 4])
    def test_goes_on_at_the_next_key_frame(self, video, tmp_path, threads):
        with av.open(str(video)) as container:
            packets = [p for p in container.demux(video=0) if p.size]
            place = packets[25].pos, packets[25].size
        content = bytearray(video.read_bytes())
        content[place[0] : place[0] + place[1]] = bytes(place[1])
        path = tmp_path / "v.mp4"
        path.write_bytes(content)
        frames, broken = read(path, threads=threads)
        assert [i for i, _ in frames if i < 23 or i >= 40] == [*range(23), *range(40, FRAMES)]
        assert all(index == number for index, number in frames if index < 23 or index >= 40)
        assert "frame 25" in broken

    def test_says_nothing_of_sound_files(self, video):
        assert read(video)[1] is None


class TestRefusals:
    def refused(self, path):
        with pytest.raises(UserError) as caught:
            VideoReader(path)
        message = str(caught.value)
        assert str(path) in message
        assert "\n" not in message
        return message

    def test_missing_folder_and_empty(self, tmp_path):
        assert "no such file" in self.refused(tmp_path / "none.mp4")
        assert "folder" in self.refused(tmp_path)
        (tmp_path / "empty.mp4").touch()
        assert "empty" in self.refused(tmp_path / "empty.mp4")

    @pytest.mark.parametrize(
        "content",
        [
            b"label,path\n" * 200,
            bytes(50_000),
            np.random.default_rng(0).bytes(50_000),
            b"#EXTM3U\n#EXTINF:10,\nhttp://example.org/a.ts\n#EXT-X-ENDLIST\n",
            b"ffconcat version 1.0\nfile 'numbered.mp4'\n",
        ],
        ids=["text", "zeros", "noise", "playlist", "list"],
    )
    @pytest.mark.parametrize("name", ["v.mp4", "v.avi", "v.nfo"])
    def test_other_content(self, tmp_path, content, name):
        (tmp_path / name).write_bytes(content)
        assert "not a video" in self.refused(tmp_path / name)

    def test_picture_and_sound(self, tmp_path):
        picture = tmp_path / "picture.png"
        av.VideoFrame.from_ndarray(numbered(3), "rgb24").save(picture)
        renamed = tmp_path / "picture.mp4"
        renamed.write_bytes(picture.read_bytes())
        assert "not a video" in self.refused(renamed)
        sound = tmp_path / "sound.mp4"
        with av.open(str(sound), "w") as container:
            stream = container.add_stream("aac", rate=16000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate = 16000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        assert "only audio" in self.refused(sound)

    def test_not_one_frame(self, video, tmp_path):
        content = video.read_bytes()
        start = content.index(b"mdat")
        (tmp_path / "v.mp4").write_bytes(content[: start + 40])
        assert "no frame can be decoded" in self.refused(tmp_path / "v.mp4")

    def test_arguments(self, video):
        with pytest.raises(ValueError, match="Received: threads=-1"):
            VideoReader(video, threads=-1)
        with VideoReader(video) as reader:
            with pytest.raises(ValueError, match="Received: every=0"):
                reader.frames(every=0)
            with pytest.raises(ValueError, match="Received: count=0"):
                reader.evenly_spaced(0)
        with pytest.raises(ValueError, match="closed"):
            list(reader)
        reader.close()


def test_names_with_colons_and_spaces(video, tmp_path):
    path = tmp_path / "concat: é %d.mp4"
    path.write_bytes(video.read_bytes())
    assert len(read(path)[0]) == FRAMES


@pytest.mark.slow
def test_memory_does_not_grow_with_length(tmp_path):
    peaks = []
    for frames in (40, 400):
        path = tmp_path / f"{frames}.mp4"
        with VideoWriter(path, 640, 480, 25, speed="ultrafast") as writer:
            for number in range(frames):
                writer.write(np.full((480, 640, 3), number % 200, np.uint8))
        program = (
            "import sys\nfrom keras_madd.media import VideoReader\n"
            "from keras_madd.support.memory import peak_memory\n"
            "with VideoReader(sys.argv[1], threads=1) as video:\n"
            "    n = sum(1 for _ in video) + sum(1 for _ in video.evenly_spaced(32))\n"
            "print(n, peak_memory())"
        )
        command = [sys.executable, "-c", program, str(path)]
        read, peak = subprocess.run(command, capture_output=True, check=True).stdout.split()
        assert int(read) == frames + 32
        peaks.append(int(peak))
    # 360 more frames of 0.9 MB as RGB and 0.5 MB as decoded.
    assert peaks[1] - peaks[0] < 8_000_000


def test_imports_neither_keras_nor_opencv():
    program = (
        "import sys, keras_madd.media\n"
        "print([m for m in ('keras', 'tensorflow', 'cv2', 'mediapipe') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert result.stdout.strip() == b"[]"


def test_a_heif_photograph_is_no_video(tmp_path):
    # FFmpeg takes each of its tiles for a video.
    content = (Path(__file__).parents[1] / "golden" / "pictures" / "portrait.heic").read_bytes()
    for name in ("p.heic", "p.mp4"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match="a HEIF photograph, not a video; convert it"):
            VideoReader(tmp_path / name)
