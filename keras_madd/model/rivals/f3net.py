"""F3-Net: a face by its bands of frequencies and by their local statistics."""

import dataclasses
from typing import ClassVar

import keras

from keras_madd import layers
from keras_madd.backbones.segments import NAMES, create_segments, stem_size
from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.model.face_classifier_config import CommonConfig, check_choice, check_share
from keras_madd.model.rivals.pooled_head import classified, pooled

BRANCHES = ("both", "fad", "lfs")


@dataclasses.dataclass(frozen=True, kw_only=True)
class F3NetConfig(CommonConfig):
    """Configuration of an `F3Net`; the defaults are the paper's settings.

    backbone: `"xception"`, or a plain backbone of `keras_madd.backbones` for small networks.
    branches: `"both"`, or `"fad"` or `"lfs"` alone.
    mix: Whether MixBlocks join the two branches on the way, after Xception's blocks 7 and 12.
    band_shares: `shares` of `FrequencyDecomposition`.
    window_size, window_bands: Of `LocalFrequencyStatistics`; its stride is that of the
        backbone's first convolution, 2.
    dropout: On the features that the last layer sees, while training.
    """

    architecture: ClassVar[str] = "f3net"
    blocks: ClassVar[tuple[str, ...]] = (
        *("backbone", "branches", "mix", "band_shares", "window_size", "window_bands"),
    )

    backbone: str = "xception"
    branches: str = "both"
    mix: bool = True
    band_shares: tuple[float, ...] = (1 / 16, 1 / 8)
    window_size: int = 10
    window_bands: int = 6
    dropout: float = 0.0

    def _check(self) -> None:
        check_choice("backbone", self.backbone, NAMES)
        check_choice("branches", self.branches, BRANCHES)
        check_share("dropout", self.dropout)


@keras.saving.register_keras_serializable(package="keras_madd")
class F3Net(FaceClassifier):
    """Frequency in Face Forgery Network.

    Two backbones: one takes the face as bands of frequencies (`FrequencyDecomposition`, FAD), the
    other the strength of each band around each place (`LocalFrequencyStatistics`, LFS);
    `MixBlock`s join them on the way. The pooled features of both, side by side, are classified.

    Args:
        config: An `F3NetConfig`; or `None` and its fields as keyword arguments.
        backbone_weights: `"imagenet"` or the path of a weights file of Xception, for both; see
            `create_segments` for the first convolution, which has other channels.
        name: Name of the model.
        dtype: Dtype policy; the transforms are in float32 in any.
        **fields: Fields of `F3NetConfig`, in place of `config` or to change it.

    Example:
        >>> model = F3Net.from_preset("f3net")

    Reference:
        Qian et al., Thinking in Frequency: Face Forgery Detection by Mining Frequency-aware
        Clues, ECCV 2020, arXiv 2007.09355.
    """

    config_class = F3NetConfig
    config: F3NetConfig

    def make_network(self, backbone_weights: str | None) -> tuple[keras.Model, keras.Model | None]:
        """Build both branches, or one, and what is between and behind them."""
        config = self.config
        pixels = keras.Input((*config.input_size, 3), name="pixels", dtype="float32")
        entries = {"fad": self._bands, "lfs": self._statistics}
        branches = list(entries) if config.branches == "both" else [config.branches]
        streams = [entries[each](pixels) for each in branches]
        pieces = [
            create_segments(
                config.backbone,
                config.input_size,
                stream.shape[-1],
                from_stem=branch == "lfs",
                weights=backbone_weights,
                prefix=f"{branch}_",
            )
            for branch, stream in zip(branches, streams, strict=True)
        ]
        steps = list(zip(*pieces, strict=True))
        for index, step in enumerate(steps, 1):
            streams = [piece(stream) for piece, stream in zip(step, streams, strict=True)]
            if config.mix and len(streams) == 2 and index < len(steps):
                streams = list(layers.MixBlock(name=f"mix_{index}")(*streams))
        return classified(pixels, pooled(streams), config.num_classes, config.dropout), None

    def _bands(self, pixels):
        scaled = keras.layers.Rescaling(1 / 127.5, -1.0, dtype="float32", name="scaling")(pixels)
        decomposition = layers.FrequencyDecomposition(
            self.config.band_shares, dtype="float32", name="frequency_decomposition"
        )
        return decomposition(scaled)

    def _statistics(self, pixels):
        statistics = layers.LocalFrequencyStatistics(
            self.config.window_bands,
            self.config.window_size,
            dtype="float32",
            name="local_frequency_statistics",
        )(pixels)
        height, width = stem_size(self.config.backbone, self.config.input_size)
        missing = (statistics.shape[1] - height, statistics.shape[2] - width)
        if any(missing):
            # As many windows as the other branch has places.
            cut = tuple((0, each) for each in missing)
            statistics = keras.layers.Cropping2D(
                cut, dtype="float32", name="cropping", data_format="channels_last"
            )(statistics)
        return statistics
