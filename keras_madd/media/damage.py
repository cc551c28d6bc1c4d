"""What tells of damage in a video beside its decoder."""

import contextlib
import os
from collections.abc import Callable

import av

from keras_madd.media.ffv1 import SliceCheck
from keras_madd.media.matroska import ClusterCheck
from keras_madd.media.picture_damage import CHECKSUMS, DECODER, NONE

# Their decoders notice most damage (tests/attacks measures it). Those of all others, VP8, VP9 and
# H.265 among them, show nearly any bytes as a picture.
_NOTICING = frozenset(
    ("av1", "h264", "mjpeg", "mpeg1video", "mpeg2video", "mpeg4", "png", "prores")
)
# Each packet is a picture, and pictures come in the order in which they are shown.
_ONE_BY_ONE = frozenset(("ffv1", "mjpeg", "png", "prores", "vp8", "vp9"))
# With it these decoders give up where otherwise they would make something up.
_STRICT = {"err_detect": "crccheck+explode"}
_STRICT_CODECS = frozenset(("hevc", "mjpeg", "mpeg1video", "mpeg2video"))


class DamageCheck:
    """Checks the packets of a video, and says what damage could be noticed at all.

    Args:
        path: The file.
        stream: Its video stream, which is not decoding yet.
        open_again: Opens the file once more, for a look ahead.

    Raises:
        UserError: What describes the tracks is damaged.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        stream: av.VideoStream,
        open_again: Callable[[], av.container.InputContainer],
    ):
        self._codec = codec_of(stream)
        if self._codec in _STRICT_CODECS:
            stream.codec_context.options = _STRICT
        self._slices = SliceCheck() if self._codec == "ffv1" else None
        if self._slices is not None:
            with contextlib.suppress(av.FFmpegError), open_again() as container:
                packets = container.demux(container.streams[stream.index])
                self._slices.learn(packet for packet in packets if packet.size)
        self._last_time: int | None = None
        matroska = "matroska" in stream.container.format.name
        self._clusters = ClusterCheck(path) if matroska else None

    @property
    def detection(self) -> str:
        """How damage shows: "checksums", "decoder" or "none".

        "checksums": every picture is covered by one. "decoder": the decoder notices most damage.
        "none": it shows damaged pictures as if they were sound.
        """
        checks = [check for check in (self._clusters, self._slices) if check is not None]
        if any(check.has_checksums for check in checks):
            return CHECKSUMS
        return DECODER if self._codec in _NOTICING else NONE

    @property
    def one_by_one(self) -> bool:
        """Whether every packet is a picture that comes out of the decoder at once."""
        return self._codec in _ONE_BY_ONE

    def is_shown(self, packet: av.Packet) -> bool:
        """Whether a packet holds a picture to be shown, and not only one to build others on."""
        if packet.is_discard:
            return False
        return self._codec != "vp8" or bool(memoryview(packet)[0] & 0x10)  # RFC 6386, 9.1.

    def damage(self, packet: av.Packet, number: int) -> str:
        """Tells in words what is wrong with a packet, "" for nothing.

        Args:
            packet: The one after the one that was asked for last.
            number: Of its frame, for the words.
        """
        if packet.is_corrupt:
            return f"frame {number} is incomplete"
        if self._slices is not None and self._slices.has_checksums:
            # They tell which frames of a damaged cluster are sound.
            found = self._slices.damage(bytes(packet))
            if self._clusters is not None:
                self._clusters.damage(packet.pos)
            return f"frame {number} is damaged: {found}" if found else ""
        if self._clusters is not None:
            before = self._clusters.first_damage
            if found := self._clusters.damage(packet.pos):
                return f"frame {number} lies in a damaged cluster: {found}"
            if self._clusters.first_damage != before and not packet.is_keyframe:
                return f"frames before {number} are lost: {self._clusters.first_damage}"
        if self.one_by_one and packet.pts is not None:
            last, self._last_time = self._last_time, packet.pts
            if last is not None and packet.pts < last:
                return f"frame {number} comes before the one that it follows"
        return ""

    def finish(self) -> str:
        """Tells what is wrong with what gave no packet; call it after the last one."""
        if self._clusters is None:
            return ""
        self._clusters.finish()
        cut = "the file is cut off" if self._clusters.is_cut_off else ""
        return self._clusters.first_damage or cut

    def close(self) -> None:
        """Frees the file. Closing twice is harmless."""
        if self._clusters is not None:
            self._clusters.close()


def codec_of(stream: av.VideoStream) -> str:
    """The codec's own name, whatever decodes it."""
    return stream.codec_context.codec.canonical_name
