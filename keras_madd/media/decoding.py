"""Frames out of a container, whatever state its file is in."""

import os
from collections.abc import Callable, Iterator

import av

from keras_madd.support.errors import UserError

# Demuxers that make pictures, text or a list of other files look like a video.
_NO_VIDEO = ("image2", "tty", "concat", "hls", "dash", "lavfi", "gif", "webp", "apng")
INCOMPLETE = "frame {} is incomplete"


class DamagedError(Exception):
    """A frame could not be decoded while several threads were decoding."""


def open_container(path: os.PathLike, threads: int) -> tuple[av.container.InputContainer, object]:
    """Open a file and its video stream.

    Args:
        path: the file.
        threads: threads that decode; 0 for one per core.

    Returns:
        The container and the stream.

    Raises:
        UserError: there is no such file, it is empty, or holds no video.
    """
    if not path.is_file():
        what = "this is a folder, not a video" if path.is_dir() else "there is no such file"
        raise UserError(f"{path}: {what}.")
    try:
        if path.stat().st_size == 0:
            raise UserError(f"{path}: the file is empty.")
        # As a URL, so that a name with a colon is not taken for a protocol.
        container = av.open(
            f"file:{path.absolute()}",
            options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UserError(f"{path}: not a video that can be read: {reason(error)}") from None
    try:
        stream = _video_stream(container, path)
    except BaseException:
        container.close()
        raise
    stream.thread_type = "AUTO"
    stream.thread_count = threads
    return container, stream


def _video_stream(container: av.container.InputContainer, path: os.PathLike):
    names = container.format.name.split(",")
    if any(name in _NO_VIDEO or name.endswith("_pipe") for name in names):
        raise UserError(f"{path}: not a video but {container.format.long_name or names[0]}.")
    covers = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & covers]
    if not streams:
        others = sorted({stream.type for stream in container.streams}) or ["nothing"]
        raise UserError(f"{path}: there is no video in it, only {', '.join(others)}.")
    stream = container.streams.best("video")
    stream = stream if stream in streams else streams[0]
    if stream.codec_context is None:
        raise UserError(f"{path}: its video is of a kind that cannot be decoded.")
    return stream


def reason(error: Exception) -> str:
    """An error in a few words."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()) or type(error).__name__


def read_packets(
    container: av.container.InputContainer, stream, complain: Callable[[str], None]
) -> Iterator[av.Packet]:
    """All packets of the stream that hold a frame to be shown or needed, in order.

    Args:
        container: of `open_container`.
        stream: of `open_container`.
        complain: called with what is wrong with the file.
    """
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
    if container.duration and end is not None:
        promised = ((container.start_time or 0) + container.duration) / av.time_base
        # Matroska's duration is exact, and nothing else there tells of a cut.
        exact = "matroska" in container.format.name
        if promised - end > (2.5 / float(stream.average_rate or 25) if exact else 0.5):
            complain(f"the file ends {promised - end:.2f} s before the time it names")


def _end(packet: av.Packet) -> float:
    start = packet.dts if packet.pts is None else packet.pts
    return float(((start or 0) + (packet.duration or 0)) * packet.time_base)


def decode(
    container: av.container.InputContainer, stream, complain: Callable[[str], None]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decoded frames with their indices in the video.

    What is damaged is left out, and so is what follows until the next key frame, since it is
    built on the damage; indices count what is left out.

    Raises:
        DamagedError: something is damaged and more than one thread decodes, when it cannot be
            told which frames of those under way are sound.
    """
    given, seen, waiting = 0, 0, False
    for packet in read_packets(container, stream, complain):
        seen += not packet.is_discard
        if waiting and not packet.is_keyframe:
            continue
        frames, damage = _decode_packet(stream, packet, seen - 1)
        if waiting:  # A key frame after damage.
            given = seen - 1
        waiting = bool(damage)
        if damage:
            if stream.codec_context.thread_count != 1:
                raise DamagedError
            complain(damage)
            stream.codec_context.flush_buffers()
        for frame in frames:
            yield given, frame
            given += 1
    frames, damage = _drain(stream)
    if damage:
        if stream.codec_context.thread_count != 1:
            raise DamagedError
        complain(damage)
    for frame in frames:
        yield given, frame
        given += 1
    # Threads can lose a damaged frame without a word; VP8 has packets without a frame.
    if (
        given < seen
        and stream.codec_context.thread_count != 1
        and stream.codec_context.name != "vp8"
    ):
        raise DamagedError


def _decode_packet(stream, packet: av.Packet, number: int) -> tuple[list[av.VideoFrame], str]:
    """The sound frames that a packet brought out, and what is damaged, if anything."""
    damage = INCOMPLETE.format(number) if packet.is_corrupt else ""
    if not damage:
        try:
            return _sound(stream.decode(packet), f"a frame near {number} is damaged")
        except av.FFmpegError as error:
            damage = f"frame {number} cannot be decoded: {reason(error)}"
    # What the decoder still holds came before the damage.
    return _drain(stream)[0], damage


def _drain(stream) -> tuple[list[av.VideoFrame], str]:
    try:
        return _sound(stream.decode(None), "one of the last frames is damaged")
    except av.FFmpegError as error:
        return [], f"the last frames cannot be decoded: {reason(error)}"


def _sound(frames: list[av.VideoFrame], damage: str) -> tuple[list[av.VideoFrame], str]:
    """The frames before the first damaged one, and `damage` if there is such a one."""
    for position, frame in enumerate(frames):
        if frame.is_corrupt:
            return frames[:position], damage
    return frames, ""
