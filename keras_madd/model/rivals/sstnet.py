"""SSTNet: a face, what its pixels have beyond their neighbours, and the course of both."""

import dataclasses
from typing import ClassVar

import keras

from keras_madd import layers
from keras_madd.backbones import NAMES, create_backbone
from keras_madd.backbones.slim_xception import build_slim_xception
from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.model.face_classifier_config import check_choice, check_share
from keras_madd.model.rivals.clips import ClipConfig, frames_of, read_in_order
from keras_madd.model.rivals.pooled_head import classified, pooled


@dataclasses.dataclass(frozen=True, kw_only=True)
class SSTNetConfig(ClipConfig):
    """Configuration of an `SSTNet`; `clip_frames` and `recurrent_units` as in `ClipConfig`.

    backbone: Of the spatial branch, from `keras_madd.backbones.NAMES`.
    residual_filters, residual_size: Filters of `ResidualConvolution` and their side.
    slim_width: Factor on Xception's channels in the steganalysis branch.
    slim_blocks: Blocks of its middle flow; Xception has 8.
    dropout: On the features that the last layer sees, while training.
    drop_connect_rate: Stochastic depth of an EfficientNet as the backbone.
    """

    architecture: ClassVar[str] = "sstnet"
    blocks: ClassVar[tuple[str, ...]] = (
        *("backbone", "residual_filters", "residual_size", "slim_width", "slim_blocks"),
    )

    backbone: str = "xception"
    residual_filters: int = 16
    residual_size: int = 5
    slim_width: float = 0.5
    slim_blocks: int = 4
    dropout: float = 0.0
    drop_connect_rate: float = 0.2

    def _check(self) -> None:
        super()._check()
        check_choice("backbone", self.backbone, NAMES)
        check_share("dropout", self.dropout)
        if not 0 < self.slim_width <= 1:
            raise ValueError(
                "`slim_width` must be above 0 and at most 1. "
                f"Received: slim_width={self.slim_width}"
            )
        if self.slim_blocks < 0:
            raise ValueError(
                f"`slim_blocks` must be 0 or more. Received: slim_blocks={self.slim_blocks}"
            )


@keras.saving.register_keras_serializable(package="keras_madd")
class SSTNet(FaceClassifier):
    """SSTNet: a spatial, a steganalysis and, of clips, a temporal branch.

    The spatial branch is a backbone on the face; the steganalysis branch a slimmer Xception on
    residuals (`ResidualConvolution`). The pooled features of both, side by side, are classified;
    with `clip_frames` an LSTM reads those of a clip's frames, and its last output is.

    Args:
        config: An `SSTNetConfig`; or `None` and its fields as keyword arguments.
        backbone_weights: Of the spatial branch, as `create_backbone`.
        name: Name of the model.
        dtype: Dtype policy.
        **fields: Fields of `SSTNetConfig`, in place of `config` or to change it.

    Example:
        >>> model = SSTNet.from_preset("sstnet", clip_frames=5)

    Reference:
        Wu et al., SSTNet: Detecting Manipulated Faces Through Spatial, Steganalysis and Temporal
        Features, ICASSP 2020.
    """

    config_class = SSTNetConfig
    config: SSTNetConfig

    def make_network(self, backbone_weights: str | None) -> tuple[keras.Model, keras.Model | None]:
        """Build both branches and what is behind them."""
        config = self.config
        pixels = keras.Input(config.pixels_shape, name="pixels", dtype="float32")
        frames = frames_of(pixels, config)
        backbone, _ = create_backbone(
            config.backbone,
            (*config.input_size, 3),
            weights=backbone_weights,
            drop_connect_rate=config.drop_connect_rate,
        )
        scaled = keras.layers.Rescaling(1 / 127.5, -1.0, dtype="float32", name="scaling")(frames)
        # A residual is the small difference of large values.
        residuals = layers.ResidualConvolution(
            config.residual_filters, config.residual_size, dtype="float32", name="residuals"
        )(scaled)
        slim = build_slim_xception(residuals.shape[1:], config.slim_width, config.slim_blocks)
        features = read_in_order(pooled([backbone(frames)["final"], slim(residuals)]), config)
        return classified(pixels, features, config.num_classes, config.dropout), None
