"""Videos in and out."""

from keras_madd.video.find import VIDEO_SUFFIXES, find_videos
from keras_madd.video.reader import VideoFrame, VideoReader
from keras_madd.video.writer import VideoWriter

__all__ = ["VIDEO_SUFFIXES", "VideoFrame", "VideoReader", "VideoWriter", "find_videos"]
