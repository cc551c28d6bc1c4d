"""Frames out of a container, whatever state its file is in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av

from keras_madd.media.damage import DamageCheck
from keras_madd.media.sound_frames import SoundFrames, lag_of
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_input

# Demuxers that make pictures, text or a list of other files look like a video.
_NO_VIDEO = ("image2", "tty", "concat", "hls", "dash", "lavfi", "gif", "webp", "apng")

# Brands of HEIF, ISO 23008-12: the tiles of a photograph look like a video, each as its frame.
_PHOTOGRAPHS = ("heic", "heix", "heim", "heis", "mif1", "mif2", "avif", "avis", "jpeg", "vvic")

# Nothing in these tells where they end: that one is cut off shows in its last frame alone, which
# FFmpeg's threads may hand over before they know that it is damaged.
_ENDLESS = ("mpegts", "mpeg", "mpegvideo", "h264", "hevc")


class HeifError(UserError):
    """A photograph in a container of videos."""


class DamagedError(Exception):
    """A frame could not be decoded while several threads were decoding."""


@dataclass(frozen=True, eq=False)
class OpenVideo:
    """A file that is being read.

    Attributes:
        container: the file.
        stream: its video stream.
        check: tells of damage.
    """

    container: av.container.InputContainer
    stream: av.VideoStream
    check: DamageCheck

    def close(self) -> None:
        """Close the file. Closing twice is harmless."""
        self.check.close()
        self.container.close()


def open_video(path: Path, threads: int) -> OpenVideo:
    """Open a file and its video stream.

    Args:
        path: the file.
        threads: threads that decode; 0 for one per core. A file that does not tell where it ends is
            decoded by one.

    Raises:
        UserError: there is no such file, it is empty, or holds no video.
    """
    check_input(path)
    try:
        if path.stat().st_size == 0:
            raise UserError(f"{path}: the file is empty.")
        container = _open(path)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UserError(
            f"{path}: not a video that can be read, or cut off: {reason(error)}"
        ) from None
    try:
        stream = _video_stream(container, path)
        stream.thread_type = "AUTO"
        stream.thread_count = 1 if container.format.name in _ENDLESS else threads
        return OpenVideo(container, stream, DamageCheck(path, stream, lambda: _open(path)))
    except BaseException:
        container.close()
        raise


def _open(path: Path) -> av.container.InputContainer:
    # As a URL, so that a name with a colon is not taken for a protocol.
    return av.open(
        f"file:{path.absolute()}",
        options={"protocol_whitelist": "file"},
        metadata_errors="replace",
    )


def _video_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    names = container.format.name.split(",")
    if any(name in _NO_VIDEO or name.endswith("_pipe") for name in names):
        raise UserError(f"{path}: not a video but {container.format.long_name or names[0]}.")
    if container.metadata.get("major_brand", "").strip() in _PHOTOGRAPHS:
        raise HeifError(f"{path}: a HEIF photograph, not a video; convert it to JPEG or PNG.")
    covers = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & covers]
    if not streams:
        others = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise UserError(f"{path}: there is no video in it, only {others}.")
    stream = container.streams.best("video")
    stream = stream if stream in streams else streams[0]
    if stream.codec_context is None:
        raise UserError(f"{path}: its video is of a kind that cannot be decoded.")
    return stream


def reason(error: Exception) -> str:
    """An error in a few words."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()) or type(error).__name__


def read_packets(video: OpenVideo, complain: Callable[[str], None]) -> Iterator[av.Packet]:
    """All packets of the stream that hold a frame to be shown or needed, in order.

    Args:
        video: of `open_video`.
        complain: called with what is wrong with the file.
    """
    container, stream = video.container, video.stream
    end, failures = None, 0
    while failures < 2:
        try:
            # The other streams tell where the file ends; they are not decoded.
            for packet in container.demux():
                if packet.size == 0:
                    continue
                failures = 0
                end = max(_end(packet), end or 0.0)
                if packet.stream_index == stream.index:
                    yield packet
            break
        except av.FFmpegError as error:
            # Some demuxers find their way again after garbage.
            complain(f"the file cannot be read further: {reason(error)}")
            failures += 1
        except IndexError:
            # PyAV stumbles over a stream that begins in the middle; it is not the one read here.
            continue
    if damage := video.check.finish():
        complain(damage)
    # Matroska names its end in bytes, too, which `check` knows; its durations count from 0 or not.
    if container.duration and end is not None and "matroska" not in container.format.name:
        promised = ((container.start_time or 0) + container.duration) / av.time_base
        if promised - end > 0.5:
            complain(f"the file ends {promised - end:.2f} s before the time it names")


def _end(packet: av.Packet) -> float:
    start = packet.dts if packet.pts is None else packet.pts
    return float(((start or 0) + (packet.duration or 0)) * packet.time_base)


def decode(
    video: OpenVideo, complain: Callable[[str], None]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decoded frames with their indices in the video.

    What is damaged is left out, and so is what is built on it; indices count what is left out.

    Raises:
        DamagedError: something is damaged and more than one thread decodes, when it cannot be
            told which frames of those under way are sound.
    """
    context, given = video.stream.codec_context, 0
    sound = SoundFrames(context, lag_of(context))
    for packet in read_packets(video, complain):
        is_shown, was_interrupted = video.check.is_shown(packet), sound.is_interrupted
        wanted = sound.arrive(packet, is_shown)
        number = sound.shown - 1
        if wanted and was_interrupted and video.stream.codec_context.name == "h264":
            # Damage makes FFmpeg's decoder change the next key frame by a few levels.
            yield from sound.give(_decode(context, None, number)[0], ended=False)
            context = _another_decoder(context)
            sound.use(context)
        frames: list[av.VideoFrame] = []
        damage = video.check.damage(packet, number)
        if not damage and wanted:
            frames, damage = _decode(context, packet, number)
            if not (frames or damage) and is_shown and _at_once(video):
                damage = f"frame {number} gives no picture"
        if damage:
            sound.damage()
        damage = damage or _told(frames, f"a frame near {number} is damaged")
        if damage:
            _stop_or_complain(context, damage, complain)
        for item in sound.give(frames, ended=False):
            yield item
            given += 1
    frames, damage = _decode(context, None, sound.shown - 1)
    if damage := damage or _told(frames, "one of the last frames is damaged"):
        _stop_or_complain(context, damage, complain)
    for item in sound.give(frames, ended=True):
        yield item
        given += 1
    # Threads can lose a damaged frame without a word.
    if given < sound.shown and context.thread_count != 1:
        raise DamagedError


def _decode(
    context: av.VideoCodecContext, packet: av.Packet | None, number: int
) -> tuple[list[av.VideoFrame], str]:
    """The frames that a packet, or the end, brings out, and why it cannot be decoded, or ""."""
    try:
        return context.decode(packet), ""
    except av.FFmpegError as error:
        return [], f"frame {number} cannot be decoded: {reason(error)}"


def _another_decoder(context: av.VideoCodecContext) -> av.VideoCodecContext:
    another = av.CodecContext.create(context.codec, "r")
    assert isinstance(another, av.VideoCodecContext)
    another.extradata, another.thread_count = context.extradata, context.thread_count
    return another


def _at_once(video: OpenVideo) -> bool:
    return video.check.one_by_one and video.stream.codec_context.thread_count == 1


def _told(frames: list[av.VideoFrame], damage: str) -> str:
    return damage if any(frame.is_corrupt for frame in frames) else ""


def _stop_or_complain(context, damage: str, complain: Callable[[str], None]) -> None:
    if context.thread_count != 1:
        raise DamagedError
    complain(damage)
