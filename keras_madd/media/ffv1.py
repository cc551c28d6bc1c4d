"""Checksums of FFV1, which FFmpeg reports to nobody but its log.

From version 3 on a frame is a row of slices, each of which ends with its length, an error byte
and, where the encoder was told so, a CRC-32 that makes the checksum of the whole slice 0.

Source: RFC 9043, sections 4.6 to 4.9.
"""

import zlib
from collections.abc import Iterable

import av

_FOOTER = 8  # Bytes of the length, the error byte and the CRC.
_LOOKED_AT = 50
# zlib takes the bits of a byte from the lowest on, FFV1 from the highest on.
_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


class SliceCheck:
    """Checks the slices of frames, once one frame has shown that they carry checksums.

    Attributes:
        has_checksums: Whether they do.
    """

    def __init__(self):
        self.has_checksums = False

    def learn(self, packets: Iterable[av.Packet | bytes]) -> None:
        """Looks for a frame whose checksums are all right; damaged ones may come before it.

        Args:
            packets: The first packets of a stream, as bytes-like objects.
        """
        for _, packet in zip(range(_LOOKED_AT), packets, strict=False):
            if self.has_checksums:
                return
            frame = bytes(packet)
            slices = _slices(frame)
            # Footers of eight bytes that lead from slice to slice are there for the checksums.
            self.has_checksums = len(slices) > 1 or _all_right(frame)

    def damage(self, packet: bytes) -> str:
        """Tells what is wrong with a frame, "" for nothing."""
        if self.has_checksums and not _all_right(packet):
            return "it fails its checksum"
        return ""


def _slices(frame: bytes) -> list[bytes]:
    """The slices of a frame, each with its footer; none where they do not fill it exactly."""
    end, found = len(frame), []
    while end >= _FOOTER:
        start = end - _FOOTER - int.from_bytes(frame[end - 8 : end - 5], "big")
        if start < 0:
            return []
        found.append(frame[start:end])
        end = start
    return found if end == 0 else []


def _all_right(frame: bytes) -> bool:
    slices = _slices(frame)
    return bool(slices) and all(map(_crc_is_zero, slices))


def _crc_is_zero(data: bytes) -> bool:
    # The start value 0 is what zlib makes of all ones, and all ones what it makes of the end 0.
    return zlib.crc32(data.translate(_REVERSED), 0xFFFFFFFF) == 0xFFFFFFFF
