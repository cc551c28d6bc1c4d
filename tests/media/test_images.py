import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from keras_madd.media.images import FORMATS, find_images, read_image
from keras_madd.support.errors import UserError


@pytest.fixture
def pixels():
    """Smooth, so that JPEG keeps it; no two corners alike, so that turning shows."""
    rows, columns = np.mgrid[:24, :32]
    return np.stack([rows * 8, columns * 7, rows * 0 + 90], -1).astype(np.uint8)


def read(tmp_path, image, name, **options):
    path = tmp_path / name
    image.save(path, **options)
    return read_image(path)


def test_damaged_exif_takes_no_picture(tmp_path, pixels):
    options = {"exif": b"Exif\0\0garbage!"}
    for name in ("a.png", "a.jpg", "a.webp"):
        assert read(tmp_path, Image.fromarray(pixels), name, **options).shape == pixels.shape


@pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "A.PNG"])
def test_lossless_kinds_are_read_exactly(tmp_path, pixels, name):
    found = read(tmp_path, Image.fromarray(pixels), name)
    np.testing.assert_array_equal(found, pixels)
    assert found.dtype == np.uint8
    assert found.flags.writeable


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (1, lambda upright: upright),
        (2, lambda upright: upright[:, ::-1]),
        (3, lambda upright: upright[::-1, ::-1]),
        (4, lambda upright: upright[::-1]),
        (5, lambda upright: upright.transpose(1, 0, 2)),
        (6, lambda upright: np.rot90(upright, 1)),
        (7, lambda upright: np.rot90(upright, 2).transpose(1, 0, 2)),
        (8, lambda upright: np.rot90(upright, -1)),
    ],
)
def test_exif_orientation_is_applied(tmp_path, pixels, orientation, turn):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(turn(pixels)))
    np.testing.assert_array_equal(read(tmp_path, stored, "a.png", exif=exif), pixels)


def test_a_wrong_tag_beside_the_orientation_keeps_no_picture_from_being_read(tmp_path, pixels):
    # Resolution unit as text, which Pillow reads and cannot write.
    tags = struct.pack("<HHI4s", 0x0112, 3, 1, b"\6\0\0\0")
    tags += struct.pack("<HHI4s", 0x0128, 2, 4, b"abc\0")
    exif = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + tags + bytes(4)
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(pixels, 1)))
    np.testing.assert_array_equal(read(tmp_path, stored, "a.png", exif=exif), pixels)


def test_cmyk_jpeg(tmp_path, pixels):
    found = read(tmp_path, Image.fromarray(pixels).convert("CMYK"), "a.jpg", quality=95)
    assert np.abs(found.astype(int) - pixels).max() < 16


def test_sixteen_bit_grey_keeps_its_range(tmp_path):
    values = np.array([[0, 257 * 100, 65535, 128]], np.uint16)
    found = read(tmp_path, Image.fromarray(values), "a.png")
    assert found[0, :, 0].tolist() == [0, 100, 255, 0]
    assert found.shape == (1, 4, 3)


def test_sixteen_bit_rgb(tmp_path, pixels):
    """Pillow cannot write these, so the PNG is put together here."""
    rows = b"".join(b"\0" + (row.astype(">u2") * 257).tobytes() for row in pixels)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    content = b"\x89PNG\r\n\x1a\n"
    for kind, data in parts:
        check = zlib.crc32(kind + data)
        content += struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
    path = tmp_path / "a.png"
    path.write_bytes(content)
    np.testing.assert_array_equal(read_image(path), pixels)


@pytest.mark.parametrize("mode", ["L", "1", "P"])
def test_grey_and_palette(tmp_path, pixels, mode):
    image = Image.fromarray(pixels).convert(mode)
    expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(read(tmp_path, image, "a.png"), expected)


def test_transparent_pixels_lie_on_white(tmp_path):
    layer = np.zeros((4, 4, 4), np.uint8)
    layer[:2] = [10, 20, 30, 255]
    found = read(tmp_path, Image.fromarray(layer), "a.png")
    assert found[0, 0].tolist() == [10, 20, 30]
    assert found[3, 3].tolist() == [255, 255, 255]


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_the_first_frame_of_an_animation(tmp_path, name):
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "blue")]
    options = {"lossless": True} if name.endswith("webp") else {}
    found = read(tmp_path, frames[0], name, save_all=True, append_images=frames[1:], **options)
    assert found[4, 4].tolist() == [255, 0, 0]


def write_bad(path, kind):
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    image.save(path)
    content = path.read_bytes()
    if kind == "empty":
        content = b""
    elif kind == "text":
        content = b"this is no image\n"
    elif kind == "truncated":
        content = content[: len(content) // 2]
    elif kind == "header only":
        content = content[:30]
    elif kind == "flipped":
        content = content[:200] + bytes(255 - value for value in content[200:400]) + content[400:]
    path.write_bytes(content)


@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "header only"])
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".gif"])
def test_bad_files_are_one_clear_line(tmp_path, kind, suffix):
    path = tmp_path / f"broken{suffix}"
    write_bad(path, kind)
    with pytest.raises(UserError) as caught:
        read_image(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_damaged_png_is_refused(tmp_path):
    path = tmp_path / "a.png"
    write_bad(path, "flipped")
    with pytest.raises(UserError, match="cannot be read"):
        read_image(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(UserError, match="there is no such file"):
        read_image(tmp_path / "a.jpg")
    with pytest.raises(UserError, match="this is a folder, not a file"):
        read_image(tmp_path)


def test_what_has_no_end_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    with pytest.raises(UserError, match="this is a FIFO, not a file"):
        read_image(tmp_path / "a.png")
    with pytest.raises(UserError, match="this is a device, not a file"):
        read_image("/dev/zero")


def test_kinds_that_are_not_promised_are_not_opened(tmp_path, monkeypatch):
    """EPS would start Ghostscript; a name that says otherwise changes nothing."""
    import PIL.EpsImagePlugin

    monkeypatch.setattr(PIL.EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("started"))
    picture = Image.new("RGB", (32, 32), "red")
    for kind in ("EPS", "PPM", "ICO", "JPEG2000"):
        path = tmp_path / "a.jpg"
        picture.save(path, format=kind)
        with Image.open(path) as opened:
            assert opened.format == kind
        with pytest.raises(UserError, match="not an image, or of a kind that cannot be read"):
            read_image(path)


@pytest.mark.parametrize("kind", FORMATS)
def test_kinds_that_are_promised_are_read_under_any_name(tmp_path, kind):
    Image.new("RGB", (8, 6), "red").save(tmp_path / "a.eps", format=kind)
    found = read_image(tmp_path / "a.eps")
    assert found.shape == (6, 8, 3)
    assert np.abs(found.astype(int) - [255, 0, 0]).max() < 12


def test_too_large_is_refused_before_decoding(tmp_path):
    path = tmp_path / "a.png"
    Image.new("1", (12000, 9000)).save(path)
    with pytest.raises(UserError, match="12000 x 9000 pixels; at most 64 megapixels"):
        read_image(path)
    strip = tmp_path / "c.png"
    Image.new("1", (33000, 10)).save(strip)
    with pytest.raises(UserError, match=r"33000 x 10 pixels; .* sides of 32000"):
        read_image(strip)
    bomb = tmp_path / "b.png"
    Image.new("1", (20000, 19000)).save(bomb)
    with pytest.raises(UserError, match="at most 64 megapixels"):
        read_image(bomb)


def test_floating_point_pixels_are_refused(tmp_path):
    with pytest.raises(UserError, match="floating-point"):
        read(tmp_path, Image.fromarray(np.ones((4, 4), np.float32)), "a.tif")


def test_find_images(tmp_path):
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.png", "in/c.webp", ".cache/d.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    named = tmp_path / "photos" / "notes.txt"
    found = list(find_images([named, tmp_path / "photos", "missing.jpg"]))
    names = [path.relative_to(tmp_path / "photos").as_posix() for path in found[:-1]]
    assert names == ["notes.txt", "a.PNG", "b.jpg", "in/c.webp"]
    assert str(found[-1]) == "missing.jpg"
