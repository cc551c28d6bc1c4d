"""Damage in photographs that decoders conceal.

libjpeg paints on after damaged data and only counts a warning, which Pillow does not pass on.
"""

import os
import re
from pathlib import Path

CHECKSUMS, DECODER, NONE = "checksums", "decoder", "none"
# What Pillow calls a format -> how its damage shows; of the others nothing is known.
_DETECTIONS = {"PNG": CHECKSUMS, "JPEG": DECODER, "MPO": DECODER}
_LEFT_OVER = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0xd9")
_DAMAGE = ("Corrupt JPEG data", "Premature end of JPEG file", "Invalid JPEG")


def picture_detection(format: str | None) -> str:
    """Returns how damage shows in a format: as in `keras_madd.media.VideoReader`.

    Args:
        format: Pillow's name for it, such as `"JPEG"`.
    """
    return NONE if format is None else _DETECTIONS.get(format, NONE)


def picture_damage(source: str | os.PathLike | bytes, format: str | None) -> str:
    """Tells what is wrong with an image file that Pillow decodes without a word, "" for nothing.

    Args:
        source: The file, or its content. Its size in pixels was looked at already.
        format: Pillow's name for its format.
    """
    if picture_detection(format) != DECODER:
        return ""
    import simplejpeg

    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    try:
        # An eighth of the size in grey: damage shows where the bits are read, before any pixel.
        simplejpeg.decode_jpeg(
            content, "gray", fastdct=True, fastupsample=True, min_height=1, min_width=1, strict=True
        )
    except ValueError as error:
        # What it does not support, such as CMYK, Pillow has decoded.
        message = " ".join(str(error).split())
        return message if message.startswith(_DAMAGE) and not _is_padding(message, content) else ""
    return ""


def _is_padding(message: str, content: bytes) -> bool:
    """Whether all that is wrong are bytes without meaning in front of the end.

    Some cameras and editors fill up so. Bytes left over behind damage look like others.
    """
    found = _LEFT_OVER.fullmatch(message)
    if found is None:
        return False
    end = content.find(b"\xff\xd9", _first_scan(content))
    return not content[end - int(found[1]) : end].strip(b"\x00\xff")


def _first_scan(content: bytes) -> int:
    """Where the first scan begins: before it, and behind the end, other pictures may lie."""
    place = 2
    while content[place : place + 2] != b"\xff\xda" and place < len(content):
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return place
