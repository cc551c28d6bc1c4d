"""MADDConfig: one frozen, plain description of a network and of its training step."""

import dataclasses
import math
from typing import ClassVar

from keras_madd.model.face_classifier_config import (
    FaceClassifierConfig,
    check_choice,
    check_share,
)

VARIANTS = ("paper", "official", "deepfakebench")
AGDA_ATTENTIONS = ("full_pass", "detached_prefix")


@dataclasses.dataclass(frozen=True)
class MADDConfig(FaceClassifierConfig):
    """Everything that a `MADD` model is built from; plain data, JSON in and out.

    The defaults are the paper's settings. `keras_madd.model.presets` holds named alternatives.

    Network:
        backbone: Name from `keras_madd.backbones.NAMES`.
        input_size: `(height, width)` in pixels; one number stands for a square.
        num_classes: Number of logits; class 0 is real.
        num_attentions: Number of attention maps M; 0 gives the plain backbone classifier.
        variant: `"paper"`, `"official"` (the released code) or `"deepfakebench"`: which layers.
        texture_tap, attention_tap: Stage or layer name; `None`: the backbone's default.
        texture_enhancement: Whether the texture block is there; without it the shallow features
            are pooled as they are, for ablations.
        texture_growth: Channels that each dense layer of the paper's texture block adds;
            `None`: as many as the texture tap has.
        standardize_local: Whether the paper's head reads P standardised over the batch; see
            `keras_madd.layers.ClassifierHead`.
        head_width: Hidden units of the official head.
        region_dropout: Chance to drop a whole region while training.
        global_dropout: Dropout on the global feature G while training.
        drop_connect_rate: Stochastic depth of EfficientNet backbones while training.
        synchronized_batch_norm: Whether batch-norm statistics are those of the global batch on
            several replicas of `tf.distribute`, as they always are on JAX.

    Training step (weights of the terms; 0 switches a term off):
        classification_weight: Cross-entropy of the images.
        region_independence_weight: RIL.
        augmented_classification_weight: Cross-entropy of the AGDA images.
        match_weight: Match loss of the released code.
        blend_mask_weight: Cross-entropy of maps of what was blended that the network draws from
            its middle and last features, see `keras_madd.layers.blend_mask_loss`; labels are a
            dictionary then, as `load_dataset(blend_masks=True)` gives them, and plain ones leave
            the term out. It goes beyond the paper, and needs the AGDA images' terms switched off:
            their masks are not known.
        agda_attention: `"full_pass"`: the maps come from the training pass over the images, and
            the AGDA images take a second training pass. `"detached_prefix"`: the maps come from a
            pass without gradient that stops at the attention tap, then one training pass goes
            over a batch in which half of the images, drawn at random, are AGDA images.
        update_state_in_second_pass: Whether the pass over the AGDA images moves the batch-norm
            averages and the feature centres too, as in the released code.

    Region independence:
        centre_step, centre_step_decay: alpha and its factor per epoch.
        inner_margins, outer_margin: m_in (real, fake) and m_out.
        squared_distances, batch_reduction: See `keras_madd.layers.RegionIndependence`.

    AGDA:
        agda_mode, agda_resize_factor, agda_sigma, agda_kernel_size: See
            `keras_madd.layers.AttentionGuidedAugmentation`.
        agda_threshold_range, agda_zoom_range, agda_noise_stddev: Of the official form.

    Where its faces come from (nothing is computed from these; exports hand them on, so that a
    runtime cuts faces as they were cut for training):
        crop_margin: Side of the face crops over the longer side of the face box.
        detector: Kind of `keras_madd.faces.FaceDetector`: `"auto"`, `"short"` or `"full"`.
        training_data: What the network was trained on, in words.

    seed: Seed of everything random in the model: initial weights, AGDA, dropout, stochastic depth.
        With it the same data in the same order give the same training; `fit` shuffles arrays by
        Keras's own seed, `keras.utils.set_random_seed`. `None` draws one.
    """

    architecture: ClassVar[str] = "madd"
    sizes: ClassVar[tuple[str, ...]] = ("num_classes", "num_attentions", "head_width")
    blocks: ClassVar[tuple[str, ...]] = (
        *("variant", "texture_tap", "attention_tap", "texture_enhancement", "texture_growth"),
        "standardize_local",
    )

    backbone: str = "efficientnet_b4"
    input_size: tuple[int, int] = (380, 380)
    num_classes: int = 2
    num_attentions: int = 4
    variant: str = "paper"
    texture_tap: str | None = None
    attention_tap: str | None = None
    texture_enhancement: bool = True
    texture_growth: int | None = None
    standardize_local: bool = False
    head_width: int = 256
    region_dropout: float = 0.0
    global_dropout: float = 0.0
    drop_connect_rate: float = 0.2
    synchronized_batch_norm: bool = False

    classification_weight: float = 1.0
    region_independence_weight: float = 1.0
    augmented_classification_weight: float = 1.0
    match_weight: float = 0.0
    blend_mask_weight: float = 0.0
    agda_attention: str = "full_pass"
    update_state_in_second_pass: bool = False

    centre_step: float = 0.05
    centre_step_decay: float = 0.9
    inner_margins: tuple[float, float] = (0.05, 0.1)
    outer_margin: float = 0.2
    squared_distances: bool = True
    batch_reduction: str = "sum"

    agda_mode: str = "soft"
    agda_resize_factor: float = 0.3
    agda_sigma: float = 7.0
    agda_kernel_size: int | None = None
    agda_threshold_range: tuple[float, float] = (0.4, 0.6)
    agda_zoom_range: tuple[float, float] = (3.0, 5.0)
    agda_noise_stddev: float = 12.75

    crop_margin: float = 1.3
    detector: str = "auto"
    training_data: str = ""

    seed: int | None = None

    @property
    def uses_regions(self) -> bool:
        """Whether the network has attention maps."""
        return self.num_attentions > 0

    @property
    def trains_region_independence(self) -> bool:
        """Whether RIL is part of the loss."""
        return self.uses_regions and self.region_independence_weight > 0

    @property
    def trains_on_augmented(self) -> bool:
        """Whether the training step makes AGDA images."""
        return self.uses_regions and (
            self.augmented_classification_weight > 0 or self.match_weight > 0
        )

    def _check(self) -> None:
        check_choice("variant", self.variant, VARIANTS)
        check_choice("agda_attention", self.agda_attention, AGDA_ATTENTIONS)
        if self.num_attentions < 0:
            raise ValueError(
                "`num_attentions` must be 0 or more. "
                f"Received: num_attentions={self.num_attentions}"
            )
        for name in (
            "classification_weight",
            "region_independence_weight",
            "augmented_classification_weight",
            "match_weight",
            "blend_mask_weight",
        ):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(
                    f"`{name}` must not be negative, and be finite. "
                    f"Received: {name}={getattr(self, name)}"
                )
        for name in ("drop_connect_rate", "region_dropout", "global_dropout"):
            check_share(name, getattr(self, name))
        if self.standardize_local and self.variant != "paper":
            raise ValueError(
                "`standardize_local` is of the paper's head: the others have layers of their own "
                f"between P and the logits. Received: variant={self.variant!r}"
            )
        if self.blend_mask_weight > 0 and self.trains_on_augmented:
            raise ValueError(
                "`blend_mask_weight` needs augmented_classification_weight=0 and match_weight=0. "
                f"Received: blend_mask_weight={self.blend_mask_weight}, "
                f"augmented_classification_weight={self.augmented_classification_weight}, "
                f"match_weight={self.match_weight}"
            )
        if self.agda_attention == "detached_prefix" and self.match_weight > 0:
            raise ValueError(
                "`match_weight` needs two passes over the same images and must be 0 with "
                f"agda_attention='detached_prefix'. Received: match_weight={self.match_weight}"
            )
