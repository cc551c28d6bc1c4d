"""The two-branch network: colour, and detail in bands of scale, in frames and in their course."""

import dataclasses
from typing import Any, ClassVar

import keras
from keras import ops

from keras_madd import layers
from keras_madd.layers.batch_normalization import BatchNormalization
from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.model.face_classifier_config import check_share
from keras_madd.model.labels import class_of
from keras_madd.model.own_terms import OwnTerms
from keras_madd.model.rivals.clips import ClipConfig, frames_of, read_in_order
from keras_madd.model.rivals.pooled_head import classified, pooled
from keras_madd.support.tensor import Tensor


@dataclasses.dataclass(frozen=True, kw_only=True)
class TwoBranchConfig(ClipConfig):
    """Configuration of a `TwoBranch`; `clip_frames` and `recurrent_units` as in `ClipConfig`.

    width: Channels of the first convolutions.
    growth: Channels that each dense layer adds.
    dense_layers: Dense layers of both branches, then of each block behind their fusion.
    sigmas: Widths of `LaplacianOfGaussian`, in places of the map it works on.
    embedding_width: N, the width of the features that the centre loss and the last layer see.
    dropout: On these features in front of the last layer, while training.
    centre_weight: Weight of the centre loss; 0 switches it off.
    centre_step, inner_margin, outer_margin: Of `RealCentre`.
    """

    architecture: ClassVar[str] = "two_branch"
    blocks: ClassVar[tuple[str, ...]] = (
        *("width", "growth", "dense_layers", "sigmas", "embedding_width"),
    )

    input_size: tuple[int, int] = (224, 224)
    width: int = 64
    growth: int = 32
    dense_layers: tuple[int, ...] = (6, 12, 24, 16)
    sigmas: tuple[float, ...] = (0.7, 1.0, 1.4)
    embedding_width: int = 128
    dropout: float = 0.0
    centre_weight: float = 1.0
    centre_step: float = 0.05
    inner_margin: float = 0.5
    outer_margin: float = 2.0

    def _check(self) -> None:
        super()._check()
        check_share("dropout", self.dropout)
        for name in ("width", "growth", "embedding_width"):
            if getattr(self, name) < 1:
                raise ValueError(
                    f"`{name}` must be 1 or more. Received: {name}={getattr(self, name)}"
                )
        if len(self.dense_layers) < 2 or min(self.dense_layers) < 1:
            raise ValueError(
                "`dense_layers` must be two or more numbers of 1 or more. "
                f"Received: dense_layers={self.dense_layers}"
            )
        if self.centre_weight < 0:
            raise ValueError(
                "`centre_weight` must not be negative. "
                f"Received: centre_weight={self.centre_weight}"
            )


@keras.saving.register_keras_serializable(package="keras_madd")
class TwoBranch(OwnTerms, FaceClassifier):
    """The two branches, their fusion, the recurrence over clips, and the centre loss.

    One branch passes the face on; the other puts Laplacians of Gaussians
    (`LaplacianOfGaussian`) behind its first convolution, which suppress the face and keep its
    detail. Each has a block of densely joined layers; a 1x1 convolution fuses them, more blocks
    follow. With `clip_frames` two LSTMs read the features of a clip's frames, one from the first
    to the last, one back. The loss is cross-entropy and, on the face's or the clip's features,
    `RealCentre`.

    Args:
        config: A `TwoBranchConfig`; or `None` and its fields as keyword arguments.
        backbone_weights: `None`; there are none for it.
        name: Name of the model.
        dtype: Dtype policy.
        **fields: Fields of `TwoBranchConfig`, in place of `config` or to change it.

    Example:
        >>> model = TwoBranch.from_preset("two_branch", clip_frames=5)

    Reference:
        Masi et al., Two-branch Recurrent Network for Isolating Deepfakes in Videos, ECCV 2020,
        arXiv 2008.03412.
    """

    config_class = TwoBranchConfig
    config: TwoBranchConfig

    def make_network(self, backbone_weights: str | None) -> tuple[keras.Model, keras.Model | None]:
        """Build both branches, their fusion and what follows."""
        if backbone_weights is not None:
            raise ValueError(
                "`backbone_weights` must be None for a TwoBranch. "
                f"Received: backbone_weights={backbone_weights!r}"
            )
        config = self.config
        pixels = keras.Input(config.pixels_shape, name="pixels", dtype="float32")
        frames = frames_of(pixels, config)
        x = keras.layers.Rescaling(1 / 127.5, -1.0, dtype="float32", name="scaling")(frames)
        colour = _convolved(x, config.width, 7, "colour_stem", strides=2)
        detail = _convolved(x, config.width, 7, "detail_stem", strides=2)
        # A bottleneck first: every band of every channel is a map.
        detail = _convolved(detail, max(config.width // 4, 1), 1, "detail_bottleneck")
        detail = layers.LaplacianOfGaussian(config.sigmas, name="detail_bands")(detail)
        branches = [
            _dense_block(_halved(each), config.dense_layers[0], config.growth, name)
            for each, name in ((colour, "colour"), (detail, "detail"))
        ]
        x = keras.layers.Concatenate(name="branches")(branches)
        for index, count in enumerate(config.dense_layers[1:], 1):
            x = _convolved(x, max(x.shape[-1] // 2, 1), 1, f"fusion_{index}")
            x = _dense_block(_halved(x), count, config.growth, f"fused_{index}")
        read = read_in_order(pooled([x]), config, both_ways=True)
        features = keras.layers.Dense(config.embedding_width, dtype="float32", name="embedding")(
            read
        )
        return classified(pixels, features, config.num_classes, config.dropout), None

    def make_training_parts(self) -> None:
        """Make the centre loss."""
        config = self.config
        self.centre = None
        self.term_trackers = {}
        if config.centre_weight > 0:
            self.centre = layers.RealCentre(
                config.centre_step,
                inner_margin=config.inner_margin,
                outer_margin=config.outer_margin,
                name="centre",
            )
            self.centre.build((None, 1, config.embedding_width))
            self.term_trackers = {"centre": keras.metrics.Mean("centre_loss")}

    @property
    def centres(self) -> Any:
        """The layer that keeps the centre of real faces, or `None`."""
        return self.centre

    def own_terms(self, y: Tensor, outputs: dict[str, Tensor], sample_weight: Any) -> dict:
        """Return the weighted centre loss."""
        if self.centre is None:
            return {}
        features = ops.expand_dims(outputs["global_features"], 1)
        labels = class_of(y, self.config.num_classes)
        loss = self.centre(features, labels, sample_weight, training=True)
        return {"centre": self.config.centre_weight * loss}


def _convolved(x, filters, size, name, strides=1):
    """Convolution, normalisation behind it so that it folds into it, and ReLU."""
    x = keras.layers.Conv2D(
        filters,
        size,
        strides,
        padding="same",
        use_bias=False,
        name=f"{name}_conv",
        data_format="channels_last",
    )(x)
    x = BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return keras.layers.Activation("relu", name=f"{name}_activation")(x)


def _dense_block(x, count, growth, name):
    for index in range(count):
        y = _convolved(x, 4 * growth, 1, f"{name}_{index}_bottleneck")
        y = _convolved(y, growth, 3, f"{name}_{index}")
        x = keras.layers.Concatenate(name=f"{name}_{index}_joined")([x, y])
    return x


def _halved(x):
    return keras.layers.AveragePooling2D(2, padding="same", data_format="channels_last")(x)
