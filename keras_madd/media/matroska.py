"""Damage in Matroska and WebM files, which FFmpeg steps over without a word.

A file is a row of elements, each an identifier, a length and a content. Pictures lie in clusters.
An element may begin with a CRC-32 of the rest of it (FFmpeg writes one into `.mkv`, none into
`.webm`); where there is none, the elements inside a cluster must at least fit it exactly.

Source: RFC 8794 (EBML), RFC 9559 (Matroska).
"""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from keras_madd.support.errors import UserError

_SEGMENT, _CLUSTER, _CRC = 0x18538067, 0x1F43B675, 0xBF
_CLUSTER_BYTES = _CLUSTER.to_bytes(4, "big")
# Information, tracks; what a wrong bit in them does to the pictures cannot be told.
_NEEDED = {0x1549A966: "general information", 0x1654AE6B: "description of the tracks"}
# Seek head, cues, attachments, chapters, tags, void, CRC-32.
_OTHERS = {0x114D9B74, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367, 0xEC, _CRC}
_IN_SEGMENT = {_CLUSTER, *_NEEDED, *_OTHERS}
# Time, position, previous size, simple block, block group, encrypted block, silent tracks.
_IN_CLUSTER = {0xE7, 0xA7, 0xAB, 0xA3, 0xA0, 0xAF, 0x5854, 0xEC, _CRC}
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of the file, and whether what lies in it can be relied on."""

    start: int
    end: int
    damage: str = ""
    has_checksum: bool = False


@dataclass(frozen=True, slots=True)
class _Element:
    kind: int
    content: int
    end: int | None  # None: it ends where the next of its rank begins.


class ClusterCheck:
    """Checks the clusters of a file one after another, as its packets are read.

    Attributes:
        has_checksums: Whether all clusters looked at so far carry a CRC-32.
        first_damage: What is wrong with the first damaged one so far, or "".
        is_cut_off: Whether the file ends before the end of a part that tells its length.

    Raises:
        UserError: What describes the tracks is damaged.
    """

    def __init__(self, path: str | os.PathLike):
        self.has_checksums = True
        self.first_damage, self.is_cut_off = "", False
        self._file: BinaryIO = Path(path).open("rb")  # noqa: SIM115
        self._size = os.fstat(self._file.fileno()).st_size
        self._part = _Part(0, 0)
        try:
            self._next = self._begin(path)
        except BaseException:
            self.close()
            raise

    def damage(self, position: int | None) -> str:
        """Tells what is wrong with the cluster that holds a packet, "" for nothing.

        Args:
            position: The packet's place in the file, in bytes; not before the last one asked for.
        """
        if position is None or position < self._part.start:
            return ""
        while position >= self._part.end and self._next < self._size:
            self._advance()
        return self._part.damage if position < self._part.end else ""

    def finish(self) -> None:
        """Looks at the clusters behind the last packet: what is damaged may give no packet."""
        while self._next < self._size:
            self._advance()

    def close(self) -> None:
        """Closes the file. Closing twice is harmless."""
        self._file.close()

    def _begin(self, path: str | os.PathLike) -> int:
        """Checks what comes before the first cluster, and returns where that begins."""
        place, header = 0, self._element(0)
        while header is not None and header.kind != _SEGMENT and header.end is not None:
            place = header.end
            header = self._element(place)
        place = header.content if header is not None else self._size
        if header is not None and header.end is not None:
            self.is_cut_off = header.end > self._size
        while (element := self._element(place)) is not None and element.kind != _CLUSTER:
            if element.kind not in _IN_SEGMENT or element.end is None or element.end > self._size:
                break
            if element.kind in _NEEDED and self._checksum_holds(element) is False:
                what = _NEEDED[element.kind]
                raise UserError(f"{path}: damaged: its {what} fails the checksum.")
            place = element.end
        return place

    def _advance(self) -> None:
        self._part = self._look(self._next)
        self._next = self._part.end
        self.has_checksums &= self._part.has_checksum
        if self._part.damage and not self.first_damage:
            self.first_damage = f"the cluster at byte {self._part.start}: {self._part.damage}"

    def _look(self, place: int) -> _Part:
        """The part of the segment that begins at a place."""
        element = self._element(place)
        if element is None or element.kind not in _IN_SEGMENT:
            return _Part(place, self._find_cluster(place + 1), "what lies there is no cluster")
        if element.kind != _CLUSTER:
            return _Part(place, min(element.end or self._size, self._size), has_checksum=True)
        if element.end is None:
            end, whole = self._walk(element.content, None)
            return _Part(place, end, "" if whole else "its parts do not fit together")
        if element.end > self._size:
            # Cut off, or its length is damaged; in both cases its end is another cluster's place.
            end = self._find_cluster(place + 4)
            self.is_cut_off = True
            if end < self._size:
                return _Part(place, end, "it is longer than the file")
            _, whole = self._walk(element.content, self._size)
            return _Part(place, end, "" if whole else "its parts do not fit together")
        holds = self._checksum_holds(element)
        if holds is None:
            end, whole = self._walk(element.content, element.end)
            whole = whole and end == element.end
            return _Part(place, element.end, "" if whole else "its parts do not fit together")
        return _Part(place, element.end, "" if holds else "it fails its checksum", True)

    def _walk(self, place: int, end: int | None) -> tuple[int, bool]:
        """Goes through the elements of a cluster; returns where they end, and whether they fit."""
        while place < (self._size if end is None else end):
            element = self._element(place)
            if element is None or element.end is None:
                # A cluster of unknown length ends where something of the segment begins.
                after_all = end is None and element is not None and element.kind in _IN_SEGMENT
                return (place, True) if after_all else (self._find_cluster(place), False)
            if element.kind not in _IN_CLUSTER:
                if end is None and element.kind in _IN_SEGMENT:
                    return place, True
                return self._find_cluster(place), False
            place = element.end
        return place, True

    def _checksum_holds(self, element: _Element) -> bool | None:
        """Whether the CRC-32 that an element begins with is right; None without one."""
        first = self._element(element.content)
        if element.end is None or first is None:
            return None
        if first.kind != _CRC or first.end != first.content + 4:
            return None
        self._file.seek(first.content)
        stored, left, value = self._file.read(4), element.end - first.end, 0
        while left > 0 and (chunk := self._file.read(min(left, _CHUNK))):
            value = zlib.crc32(chunk, value)
            left -= len(chunk)
        return stored == value.to_bytes(4, "little")

    def _element(self, place: int) -> _Element | None:
        """The element that begins at a place, or None where none can begin."""
        self._file.seek(place)
        head = self._file.read(12)
        if not head or head[0] < 0x10:
            return None
        width = 9 - head[0].bit_length()
        kind, rest = int.from_bytes(head[:width], "big"), head[width:]
        if len(head) < width or not rest or rest[0] == 0:
            return None
        length = 9 - rest[0].bit_length()
        if len(rest) < length:
            return None
        unknown = (1 << 7 * length) - 1
        size = int.from_bytes(rest[:length], "big") & unknown
        content = place + width + length
        return _Element(kind, content, None if size == unknown else content + size)

    def _find_cluster(self, place: int) -> int:
        """Where the next cluster begins, or the end of the file."""
        while place < self._size:
            self._file.seek(place)
            chunk = self._file.read(_CHUNK)
            found = chunk.find(_CLUSTER_BYTES)
            if found >= 0:
                return place + found
            place += max(1, len(chunk) - 3)
        return self._size
