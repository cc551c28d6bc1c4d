"""TFRecord files without TensorFlow: the framing of records and their checksums.

A record is its length (64 bits, little-endian), the masked CRC-32C of those eight bytes, the
content, and the content's masked CRC-32C. Files that are written here are read by `tf.data`.
"""

import os
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import google_crc32c

from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
# No record of this package comes near; a length beyond it is damage, not data.
_LONGEST = 1 << 30


def frame_record(content: bytes) -> bytes:
    """Returns a record's bytes as they stand in a file."""
    length = struct.pack("<Q", len(content))
    return b"".join(
        (length, _FOOTER.pack(_masked(length)), content, _FOOTER.pack(_masked(content)))
    )


def iterate_records(
    path: str | os.PathLike, listener: Callable[[bytes], None] | None = None
) -> Iterator[bytes]:
    """Reads the records of a file, checking every checksum.

    Args:
        path: The file.
        listener: Is given all bytes of the file in order, for a digest of the whole.

    Yields:
        The content of each record.

    Raises:
        UserError: The file is missing, cut off or damaged; the message names it and the record,
            counted from 0.
    """
    path = Path(path)
    listener = listener or (lambda data: None)
    check_input(path)
    with path.open("rb") as file:
        number = 0
        while header := file.read(_HEADER.size):
            where = f"{path}: record {number}"
            if len(header) < _HEADER.size:
                raise UserError(f"{where} is cut off.")
            length, checksum = _HEADER.unpack(header)
            if checksum != _masked(header[:8]) or length > _LONGEST:
                raise UserError(f"{where} is damaged: its length fails the checksum.")
            content, footer = file.read(length), file.read(_FOOTER.size)
            if len(content) < length or len(footer) < _FOOTER.size:
                raise UserError(f"{where} is cut off.")
            if _FOOTER.unpack(footer)[0] != _masked(content):
                raise UserError(f"{where} is damaged: its content fails the checksum.")
            for part in (header, content, footer):
                listener(part)
            yield content
            number += 1


def _masked(data: bytes) -> int:
    """CRC-32C, rotated and shifted so that a checksum of checksums keeps its strength."""
    value = google_crc32c.value(data)
    return ((value >> 15 | value << 17) + 0xA282EAD8) & 0xFFFFFFFF
