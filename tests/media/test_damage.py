"""Damage that decoders do not tell of, in files made here."""

import io
import struct
import zlib

import av
import numpy as np
import pytest
from numbered_videos import encode, numbered, read, remux
from PIL import Image

from keras_madd.media import VideoReader
from keras_madd.media.images import read_image
from keras_madd.media.matroska import ClusterCheck
from keras_madd.support.errors import UserError

CLUSTER = bytes.fromhex("1F43B675")
FRAMES = 24


def packets(path):
    with av.open(str(path)) as container:
        return [(p.pos, p.size) for p in container.demux(video=0) if p.size]


def damaged(path, at, count=8):
    content = bytearray(path.read_bytes())
    for place in range(at, at + count):
        content[place] ^= 0x55
    changed = path.with_name(f"damaged{path.suffix}")
    changed.write_bytes(content)
    return changed


def spoil_frame(path, number):
    position, size = packets(path)[number]
    return damaged(path, position + size // 2)


def cluster_starts(path):
    content, starts = path.read_bytes(), []
    while (found := content.find(CLUSTER, starts[-1] + 1 if starts else 0)) >= 0:
        starts.append(found)
    return starts


def cluster_with(path, number):
    """Numbers of the frames in the cluster of one of them."""
    places = [place for place, _ in packets(path)]
    ends = [*cluster_starts(path), 1 << 60]
    cluster = np.searchsorted(ends, places)
    return set(np.flatnonzero(cluster == cluster[number]).tolist())


def make(path, codec, **options):
    options = {"g": "6"} | {name: str(value) for name, value in options.items()}
    return encode(path, [numbered(i) for i in range(FRAMES)], codec, options=options)


@pytest.fixture(scope="module")
def h264_mkv(tmp_path_factory):
    """Four clusters of six frames, each with its CRC-32."""
    return make(tmp_path_factory.mktemp("mkv") / "v.mkv", "libx264", bf=0)


@pytest.fixture(scope="module")
def vp9_webm(tmp_path_factory):
    return make(tmp_path_factory.mktemp("webm") / "v.webm", "libvpx-vp9", b="200k")


class TestMatroska:
    @pytest.mark.parametrize("threads", [1, 3])
    def test_frames_of_a_cluster_that_fails_its_checksum_are_left_out(self, h264_mkv, threads):
        lost = cluster_with(h264_mkv, 8)
        frames, broken = read(spoil_frame(h264_mkv, 8), threads=threads)
        assert "fails its checksum" in broken
        assert frames == [(i, i) for i in range(FRAMES) if i not in lost]

    def test_damage_does_not_draw_evenly_spaced_frames_to_the_front(self, h264_mkv):
        path = spoil_frame(h264_mkv, 8)
        lost = cluster_with(h264_mkv, 8)
        with VideoReader(path) as reader:
            assert reader.count_frames() == FRAMES
            found = [frame.index for frame in reader.evenly_spaced(8)]
        wanted = range(1, FRAMES, 3)
        sound = [index for index in range(FRAMES) if index not in lost]
        assert found == sorted({min(i for i in sound if i >= each) for each in wanted})
        assert found[-1] == FRAMES - 2

    def test_detection_is_by_checksums(self, h264_mkv, vp9_webm):
        for path, detection in ((h264_mkv, "checksums"), (vp9_webm, "none")):
            with VideoReader(path) as reader:
                list(reader)
                assert reader.damage_detection == detection
                assert reader.broken_tail is None

    def test_a_block_that_vanishes_is_told(self, vp9_webm):
        # A wrong length of one block makes FFmpeg pass over others without a word.
        position, _ = packets(vp9_webm)[9]
        frames, broken = read(damaged(vp9_webm, position - 1, 1))
        assert "do not fit together" in broken
        assert all(index == number for index, number in frames[:6])

    def test_a_cluster_that_vanishes_is_told(self, h264_mkv):
        start, lost = cluster_starts(h264_mkv)[1], cluster_with(h264_mkv, 8)
        frames, broken = read(damaged(h264_mkv, start, 4))
        assert "no cluster" in broken
        assert [number for _, number in frames] == [i for i in range(FRAMES) if i not in lost]
        with VideoReader(h264_mkv.with_name("damaged.mkv")) as reader:
            assert reader.count_frames() < FRAMES
            assert reader.broken_tail

    def test_damaged_tracks_are_refused(self, h264_mkv):
        # The seek head names it first.
        tracks = h264_mkv.read_bytes().rindex(bytes.fromhex("1654AE6B"), 0, 1000)
        with pytest.raises(UserError, match="description of the tracks fails the checksum"):
            VideoReader(damaged(h264_mkv, tracks + 40, 1))

    def test_a_file_that_lacks_its_last_frame(self, h264_mkv, tmp_path):
        content = h264_mkv.read_bytes()
        place, size = packets(h264_mkv)[-1]
        path = tmp_path / "v.mkv"
        path.write_bytes(content[: place + size // 2])
        frames, broken = read(path)
        assert broken == "the file is cut off"
        assert frames == [(i, i) for i in range(FRAMES - 1)]

    def test_a_cut_off_cluster_that_is_damaged_too(self, h264_mkv, tmp_path):
        content = h264_mkv.read_bytes()
        start, (place, size), (last, _) = cluster_starts(h264_mkv)[-1], *packets(h264_mkv)[-2:]
        path = tmp_path / "v.mkv"
        # Some bytes of a frame are gone: what follows lies too far ahead.
        path.write_bytes(content[: place + size // 2] + content[place + size // 2 + 9 : last + 9])
        frames, broken = read(path)
        assert "do not fit together" in broken
        assert all(index == number for index, number in frames)
        lost = cluster_with(h264_mkv, FRAMES - 1)
        assert {number for _, number in frames} == set(range(FRAMES)) - lost
        assert start < place

    def test_a_checksum_worked_out_by_hand(self, tmp_path):
        def element(kind, content):
            return bytes.fromhex(kind) + struct.pack(">Q", 1 << 56 | len(content)) + content

        def cluster(content, wrong=0):
            crc = zlib.crc32(content) ^ wrong
            return element("1F43B675", element("BF", crc.to_bytes(4, "little")) + content)

        time = element("E7", b"\0")
        parts = [cluster(time), cluster(time, wrong=1), element("1F43B675", time)]
        head = element("1A45DFA3", b"") + bytes.fromhex("18538067") + b"\x01" + b"\xff" * 7
        path = tmp_path / "v.mkv"
        path.write_bytes(head + b"".join(parts) + element("1F43B675", element("1234", b"")))
        check = ClusterCheck(path)
        place = len(head)
        found = []
        for part in parts:
            found.append((check.damage(place + 20), check.has_checksums))
            place += len(part)
        found.append((check.damage(place + 13), check.has_checksums))
        check.close()
        assert [words for words, _ in found] == [
            "",
            "it fails its checksum",
            "",
            "its parts do not fit together",
        ]
        assert [covered for _, covered in found] == [True, True, False, False]


class TestFFV1:
    @pytest.mark.parametrize("suffix", [".avi", ".mkv"])
    @pytest.mark.parametrize("number", [0, 7])
    def test_a_slice_that_fails_its_checksum(self, tmp_path, suffix, number):
        path = make(tmp_path / f"v{suffix}", "ffv1", level=3, slicecrc=1, g=1)
        frames, broken = read(spoil_frame(path, number))
        assert f"frame {number} is damaged: it fails its checksum" in broken
        assert frames == [(i, i) for i in range(FRAMES) if i != number]

    def test_not_one_sound_frame_is_left(self, tmp_path):
        path = make(tmp_path / "v.avi", "ffv1", level=3, slicecrc=1, slices=4, g=1)
        content = bytearray(path.read_bytes())
        for position, size in packets(path):
            content[position + size // 2] ^= 0x55
        path.write_bytes(content)
        with pytest.raises(UserError, match="frame 0 is damaged: it fails its checksum"):
            VideoReader(path)

    def test_without_checksums_the_result_says_so(self, tmp_path):
        path = make(tmp_path / "v.avi", "ffv1", level=1)
        with VideoReader(path) as reader:
            assert reader.damage_detection == "none"


class TestDecoders:
    @pytest.mark.parametrize(
        ("suffix", "codec"),
        [(".mp4", "libx264"), (".mp4", "libsvtav1"), (".avi", "mpeg4"), (".mov", "prores")],
    )
    def test_detection_by_the_decoder(self, tmp_path, suffix, codec):
        fmt = "yuv422p10le" if codec == "prores" else "yuv420p"
        frames = [numbered(i, 128, 96) for i in range(3)]
        path = encode(tmp_path / f"v{suffix}", frames, codec, fmt=fmt)
        with VideoReader(path) as reader:
            assert reader.damage_detection == "decoder"

    @pytest.mark.parametrize("threads", [1, 3])
    def test_h265_with_picture_hashes(self, tmp_path, threads):
        options = {"x265-params": "log-level=none:hash=1:keyint=6:min-keyint=6:bframes=0"}
        frames = [numbered(i) for i in range(FRAMES)]
        path = encode(tmp_path / "v.mp4", frames, "libx265", options=options)
        got, broken = read(spoil_frame(path, 8), threads=threads)
        assert "frame" in broken
        assert got == [(i, i) for i in range(FRAMES) if not 8 <= i < 12]

    def test_what_is_built_on_damage_and_shown_before_it_is_left_out(self, tmp_path):
        # Frames 0 P, then B between: those before a damaged P frame are built on it.
        options = {"g": "60", "bf": "3", "b-adapt": "0", "b-pyramid": "none", "sc_threshold": "0"}
        path = encode(tmp_path / "v.mp4", [numbered(i) for i in range(12)], options=options)
        with av.open(str(path)) as container:
            order = [p.pts for p in container.demux(video=0) if p.size]
        step = sorted(order)[1]
        shown = [pts // step for pts in order]
        spoiled = next(i for i, frame in enumerate(shown) if i > 2 and frame > shown[i + 1])
        assert shown[spoiled + 1] < shown[spoiled]
        got, broken = read(spoil_frame(path, spoiled), threads=1)
        assert broken
        # Nothing that was decoded from the damage on.
        assert {index for index, _ in got} <= set(shown[:spoiled])
        assert all(index == number for index, number in got)


class TestPhotographs:
    def picture(self, tmp_path, suffix, **options):
        image = Image.fromarray(np.tile(numbered(77, 64, 64), (4, 4, 1)))
        path = tmp_path / f"p{suffix}"
        image.save(path, **options)
        return path

    @pytest.mark.parametrize("progressive", [False, True])
    def test_a_jpeg_whose_middle_is_gone(self, tmp_path, progressive):
        path = self.picture(tmp_path, ".jpg", quality=90, progressive=progressive)
        content = bytearray(path.read_bytes())
        middle = len(content) // 2
        content[middle : middle + 200] = bytes(200)
        path.write_bytes(content)
        Image.open(path).load()  # Pillow paints on.
        with pytest.raises(UserError, match=r"p\.jpg: the picture is damaged: Corrupt JPEG data"):
            read_image(path)

    @pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
    def test_sound_jpegs_are_read(self, tmp_path, mode):
        image = Image.fromarray(numbered(3)).convert(mode)
        stream = io.BytesIO()
        image.save(stream, "JPEG")
        # Phones write more behind the picture.
        (tmp_path / "p.jpg").write_bytes(stream.getvalue() + b"MOTION" * 100)
        assert read_image(tmp_path / "p.jpg").shape == (48, 64, 3)

    @pytest.mark.parametrize("padding", [bytes(9), b"\xff" * 4])
    def test_padding_in_front_of_the_end_is_no_damage(self, tmp_path, padding):
        path = self.picture(tmp_path, ".jpg")
        sound, content = read_image(path), path.read_bytes()
        assert content.endswith(b"\xff\xd9")
        path.write_bytes(content[:-2] + padding + content[-2:])
        np.testing.assert_array_equal(read_image(path), sound)
        # Telephones write pictures and films behind the end, and thumbnails before the first scan.
        thumbnail = b"\xff\xe1\x00\x10Exif\0\0\xff\xda\xff\xd9\xff\xd9\xff\xd9"
        padded = content[:2] + thumbnail + content[2:-2] + padding + content[-2:]
        for behind in (content, b"film\xff\xd9"):
            path.write_bytes(padded + behind)
            np.testing.assert_array_equal(read_image(path), sound)
        path.write_bytes(content[:-2] + b"data" * 4 + content[-2:])
        with pytest.raises(UserError, match="extraneous bytes"):
            read_image(path)

    @pytest.mark.parametrize("progressive", [False, True])
    @pytest.mark.parametrize("padding", [bytes(5), b"\xff" * 4 + bytes(3), bytes(2) + b"\xff" * 3])
    def test_padding_before_the_first_scan_is_no_damage(self, tmp_path, progressive, padding):
        path = self.picture(tmp_path, ".jpg", quality=90, progressive=progressive)
        sound, content = read_image(path), path.read_bytes()
        tables, scan = content.index(b"\xff\xc4"), content.index(b"\xff\xda")
        padded = content[:tables] + padding + content[tables:scan] + padding + content[scan:]
        path.write_bytes(padded)
        np.testing.assert_array_equal(read_image(path), sound)
        middle = (scan + len(padded)) // 2
        path.write_bytes(padded[:middle] + bytes(200) + padded[middle + 200 :])
        with pytest.raises(UserError, match="the picture is damaged: Corrupt JPEG data"):
            read_image(path)
        path.write_bytes(content[:scan] + b"data" + content[scan:])
        with pytest.raises(UserError, match="extraneous bytes"):
            read_image(path)

    def test_a_png_is_covered_by_its_checksum(self, tmp_path):
        path = self.picture(tmp_path, ".png")
        size = len(path.read_bytes())
        for place in range(60, size - 20, size // 12):
            with pytest.raises(UserError, match="cannot be read"):
                read_image(damaged(path, place, 1))


def test_remuxing_keeps_the_frames(h264_mkv, tmp_path):
    assert read(remux(h264_mkv, tmp_path / "v.mp4")) == ([(i, i) for i in range(FRAMES)], None)
