"""Pictures and videos in and out; videos with PyAV.

Names are imported when first used, so that a photograph does not wait for the video library.

Why PyAV and not OpenCV, whose reader uses the same FFmpeg. Both turn rotated videos upright and
give the file's own times (checked with OpenCV 5.0). But OpenCV ends a damaged or cut-off video
without a word, and earlier: of a file with one damaged frame of 60 it gave 23 frames and we give
57, all sound; of one cut off after 34 frames it gave 32. Its wheel has no H.264 encoder, so what
it writes many players and browsers do not show. PyAV also says what kind of file it is, so that
playlists, pictures and texts named `.mp4` are refused, and counts frames without decoding.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keras_madd.media.find import VIDEO_SUFFIXES, find_videos
    from keras_madd.media.reader import VideoFrame, VideoReader
    from keras_madd.media.writer import VideoWriter


_HOME = {
    "VIDEO_SUFFIXES": "keras_madd.media.find",
    "VideoFrame": "keras_madd.media.reader",
    "VideoReader": "keras_madd.media.reader",
    "VideoWriter": "keras_madd.media.writer",
    "find_videos": "keras_madd.media.find",
}
__all__ = ["VIDEO_SUFFIXES", "VideoFrame", "VideoReader", "VideoWriter", "find_videos"]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'keras_madd.media' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
