"""Reading photographs as people have them."""

import contextlib
import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import ExifTags, Image

from keras_madd.faces.detect import MAX_SIDE
from keras_madd.media.picture_damage import picture_damage
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input
from keras_madd.support.finding import find_files

# Photographs of telephones, which are passed over with a note.
HEIF_SUFFIXES = frozenset((".heic", ".heif"))
IMAGE_SUFFIXES = frozenset(
    (".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".jfif", ".png", ".tif", ".tiff", ".webp")
)
# The kinds that are read, whatever a file is called. Pillow knows many more, some of which start
# other programs (Ghostscript for EPS) or are read by code that few look after.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "AVIF")
# EXIF's orientation -> what makes a picture upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# 192 MB of pixels. Few cameras make more, and a small file can claim any size.
MAX_PIXELS = 64_000_000


def read_image(path: str | os.PathLike, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Reads an image file of any common kind as RGB, upright.

    The EXIF orientation is applied; CMYK, grey, palette and 16-bit pictures become 8-bit RGB;
    transparent pixels lie on white; of an animation the first frame is read.

    Args:
        path: The file.
        max_pixels: The largest number of pixels to decode.

    Returns:
        (H, W, 3) uint8 RGB.

    Raises:
        UserError: If the file is missing, empty, damaged, cut off, too large or no image; the
            message is one line and names the file.
    """
    path = Path(path)
    try:
        check_input(path)
        if path.stat().st_size == 0:
            raise UserError(f"{path}: the file is empty.")
        with open_image(path) as image:
            if image.width * image.height > max_pixels or max(image.size) > MAX_SIDE:
                raise UserError(_too_large(path, image.size, max_pixels))
            image.load()
            if damage := picture_damage(path, image.format):
                raise UserError(f"{path}: the picture is damaged: {damage}.")
            return _to_rgb(_upright(image))
    except UserError:
        raise
    except Image.UnidentifiedImageError:
        raise UserError(f"{path}: not an image, or of a kind that cannot be read.") from None
    except Image.DecompressionBombError:
        raise UserError(_too_large(path, None, max_pixels)) from None
    except Exception as error:  # A broken file makes a decoder raise nearly anything.
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path}: the image cannot be read: {reason}") from None


def open_image(file: str | os.PathLike | BinaryIO) -> Image.Image:
    """Opens an image of one of `FORMATS`, as `PIL.Image.open` does."""
    with warnings.catch_warnings():
        # Pillow warns of large pictures; the limit here is lower and refuses them.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(file, formats=FORMATS)


def find_images(paths: Iterable[str | os.PathLike]) -> Iterator[Path]:
    """Returns the files named, and the images inside the folders named, in order of their names.

    A file is yielded whatever its ending; inside folders only those with an image's ending are,
    and hidden ones are passed over.
    """
    return find_files(paths, IMAGE_SUFFIXES)


def _upright(image: Image.Image) -> Image.Image:
    """Turns a picture as its EXIF says; Pillow's own function fails where another tag is wrong."""
    orientation: Any = None
    with contextlib.suppress(Exception):  # Damage there makes Pillow raise nearly anything.
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    turn = _TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _to_rgb(image: Image.Image) -> np.ndarray:
    if image.mode == "F":
        raise ValueError("pixels are floating-point numbers of unknown range")
    if image.mode.startswith("I"):
        # 65535 / 255 = 257 exactly, so that black and white stay what they are.
        grey = np.clip(np.asarray(image), 0, 65535).astype(np.uint32)
        grey = ((grey + 128) // 257).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    # A copy: arrays that share Pillow's memory are read-only.
    return np.array(image.convert("RGB"))


def _too_large(path: Path, size: tuple[int, int] | None, max_pixels: int) -> str:
    found = f"{size[0]} x {size[1]} pixels" if size else "too many pixels"
    return (
        f"{path}: {found}; at most {max_pixels / 1e6:.0f} megapixels and sides of {MAX_SIDE} are "
        "read."
    )
