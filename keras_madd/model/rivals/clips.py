"""Clips of a face: each frame through the network of frames, then an LSTM over them."""

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from keras_madd.model.face_classifier_config import CommonConfig
from keras_madd.support.tensor import Tensor


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClipConfig(CommonConfig):
    """The fields of a detector that takes single frames or clips.

    clip_frames: T, frames of a clip; `None`: single frames, and nothing recurrent.
    recurrent_units: Units of the LSTM; of each direction where there are two.
    """

    sizes: ClassVar[tuple[str, ...]] = ("num_classes", "clip_frames", "recurrent_units")

    clip_frames: int | None = None
    recurrent_units: int = 128

    def _check(self) -> None:
        for name in ("clip_frames", "recurrent_units"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"`{name}` must be 1 or more. Received: {name}={value}")


def frames_of(pixels: Tensor, config: ClipConfig) -> Tensor:
    """Return clips `(B, T, H, W, 3)` as frames `(B * T, H, W, 3)`; single frames as they are.

    All frames of a batch are normalised together.
    """
    if config.clip_frames is None:
        return pixels
    return ops.reshape(pixels, (-1, *config.input_size, 3))


def read_in_order(features: Tensor, config: ClipConfig, both_ways: bool = False) -> Tensor:
    """Return the features of clips, of the features of their frames; single frames' as they are.

    The LSTM is unrolled: clips are short, and an exported file has plain products of matrices.

    Args:
        features: `(B * T, C)`.
        config: Of the detector.
        both_ways: Whether another LSTM reads from the last frame to the first.

    Returns:
        `(B, recurrent_units)`, twice as many for both ways.
    """
    if config.clip_frames is None:
        return features
    clips = ops.reshape(features, (-1, config.clip_frames, features.shape[-1]))
    layer = keras.layers.LSTM(
        config.recurrent_units, unroll=True, use_cudnn=False, dtype="float32", name="recurrent"
    )
    if both_ways:
        layer = keras.layers.Bidirectional(layer, dtype="float32", name="recurrent")
    return layer(clips)
