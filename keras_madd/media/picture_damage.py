"""Damage in photographs that decoders conceal.

libjpeg paints on after damaged data and only counts a warning, which Pillow does not pass on.
"""

import os
import re
from pathlib import Path
from typing import Any

CHECKSUMS, DECODER, NONE = "checksums", "decoder", "none"
# What Pillow calls a format -> how its damage shows; of the others nothing is known.
_DETECTIONS = {"PNG": CHECKSUMS, "JPEG": DECODER, "MPO": DECODER}
_LEFT_OVER = re.compile(r"Corrupt JPEG data: (\d+) extraneous bytes before marker 0x(..)")
_SCAN, _END = b"\xff\xda", b"\xff\xd9"
_NO_SEGMENT = _SCAN, b"\xff\x00"
_MOST_GAPS = 32  # With padding in front of each of its segments a picture has fewer.
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
    settings: dict[str, Any] = {"fastdct": True, "fastupsample": True, "strict": True}
    message = ""
    for _ in range(_MOST_GAPS):
        try:
            # An eighth of the size in grey: damage shows where the bits are read, before any pixel.
            simplejpeg.decode_jpeg(content, "gray", min_height=1, min_width=1, **settings)
            return ""
        except ValueError as error:
            message = " ".join(str(error).split())
        if not message.startswith(_DAMAGE):  # What it does not support, such as CMYK.
            return ""
        # It tells of the first damage alone.
        unpadded = _without_padding(message, content)
        if unpadded is None:
            break
        content = unpadded
    return message


def _without_padding(message: str, content: bytes) -> bytes | None:
    """Cuts bytes without meaning before the first scan or the end, if no more is wrong, else None.

    Some cameras and editors fill up so. Bytes left over behind damage look like others.
    """
    found = _LEFT_OVER.fullmatch(message)
    if found is None:
        return None
    marker, gap = b"\xff" + bytes.fromhex(found[2]), _first_gap(content)
    if content[gap : gap + 2] == _SCAN and marker != _END:
        return None
    end = content.find(marker, gap)
    start = end - int(found[1])
    return None if content[start:end].strip(b"\x00\xff") else content[:start] + content[end:]


def _first_gap(content: bytes) -> int:
    """Where the row of segments ends: at the first scan, or at bytes that belong to none.

    In a segment, and behind the end, other pictures may lie.
    """
    place = 2
    while (marker := content[place : place + 2])[:1] == b"\xff" and marker not in _NO_SEGMENT:
        fill = marker == b"\xff\xff"
        place += 1 if fill else 2 + int.from_bytes(content[place + 2 : place + 4])
    return place
