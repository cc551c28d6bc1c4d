"""Videos whose frames tell their numbers."""

from fractions import Fraction

import av
import numpy as np

from keras_madd.media import VideoReader


def numbered(number, width=64, height=48):
    """A picture that tells its number: 8 grey bars, bright where the bit is set, and noise."""
    bits = [number >> bit & 1 for bit in range(8)]
    row = np.repeat(np.where(bits, 220, 30), -(-width // 8))[:width]
    noise = np.random.default_rng(number).integers(-20, 21, (height, width, 1))
    return np.repeat(row[None, :, None] + noise, 3, axis=2).astype(np.uint8)


def number_of(image):
    bars = image[:, :, 1].mean(axis=0).reshape(8, -1).mean(axis=1)
    return sum(int(value > 125) << bit for bit, value in enumerate(bars))


def encode(path, frames, codec="libx264", times=None, options=None, setup=None, fmt="yuv420p"):
    """Write frames (arrays or `av.VideoFrame`) with given times in milliseconds."""
    flags = {"movflags": "+faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", container_options=flags) as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        first = frames[0]
        stream.width, stream.height = (
            (first.width, first.height)
            if isinstance(first, av.VideoFrame)
            else (first.shape[1], first.shape[0])
        )
        stream.pix_fmt = fmt
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        if setup:
            setup(stream)
        for number, frame in enumerate(frames):
            if not isinstance(frame, av.VideoFrame):
                frame = av.VideoFrame.from_ndarray(frame, "rgb24").reformat(format=fmt)
            if times:
                frame.pts, frame.time_base = times[number], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def remux(source, path):
    with av.open(str(source)) as given, av.open(str(path), "w") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        for packet in given.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                made.mux(packet)
    return path


def read(path, **arguments):
    with VideoReader(path, **arguments) as reader:
        return [(f.index, number_of(f.image)) for f in reader], reader.broken_tail
