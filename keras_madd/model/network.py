"""The network as a functional model: a face crop in, logits and everything on the way out."""

from typing import Any

import keras
from keras import ops

from keras_madd import layers
from keras_madd.backbones import create_backbone
from keras_madd.layers.resampling import half_pixel_matrix, resample
from keras_madd.model.config import MADDConfig
from keras_madd.support.tensor import Tensor


def build_network(
    config: MADDConfig, backbone_weights: str | None = None
) -> tuple[keras.Model, keras.Model | None]:
    """Build the network that `config` describes, under Keras's current dtype policy.

    Args:
        config: The description.
        backbone_weights: `"imagenet"`, a path, or `None`; see `create_backbone`.

    Returns:
        Two functional models that share their layers. The network: pixels 0..255,
        `(B, H, W, 3)` -> dictionary of

        - `"logits"`: `(B, num_classes)`;
        - `"attention_maps"`: A, `(B, h, w, M)`;
        - `"local_features"`: P, `(B, M, C_F)`;
        - `"global_features"`: G, `(B, C_L)`;
        - `"regional_features"`: V, `(B, M, N)`, what the region independence loss sees.

        The prefix: pixels -> A, nothing past the attention tap.

        With `blend_mask_weight` also `"blend_map_middle"` and `"blend_map_final"`, logits of where
        a fake was blended, `(B, h, w, 1)`, of the attention tap's features and the last ones, and
        `"blend_maps"`, of both together the probability, of the former's size.

        With `num_attentions=0` there is no prefix, and the network gives `"logits"`,
        `"global_features"` and `"class_activation_maps"` `(B, h, w, num_classes - 1)`: of each
        fake class, what each place adds to its logit over the real one's, 0 where it takes away.
        The head is linear, so the mean over places, before what takes away is cut off, is the
        difference of the two logits.

    Reference:
        Zhou et al., Learning Deep Features for Discriminative Localization, CVPR 2016 (the class
        activation maps).
    """
    pixels = keras.Input((*config.input_size, 3), name="pixels", dtype="float32")
    backbone, backbone_prefix = create_backbone(
        config.backbone,
        (*config.input_size, 3),
        config.texture_tap,
        config.attention_tap,
        backbone_weights,
        config.drop_connect_rate,
    )
    features = backbone(pixels)
    dropout = layers.PortableDropout(config.global_dropout, dtype="float32", name="global_dropout")
    if not config.uses_regions:
        average = keras.layers.GlobalAveragePooling2D(
            data_format="channels_last", dtype="float32", name="global_pooling"
        )
        head = keras.layers.Dense(config.num_classes, dtype="float32", name="head")
        pooled = average(features["final"])
        shares = head(features["final"])
        outputs = {
            "logits": head(dropout(pooled)),
            "global_features": pooled,
            "class_activation_maps": ops.relu(shares[..., 1:] - shares[..., :1]),
            **_blend_maps(config, features),
        }
        return keras.Model(pixels, outputs, name="network"), None

    parts = _VARIANTS[config.variant](config)
    maps = parts["attention"](features["attention"])
    texture = average = features["texture"]
    if config.texture_enhancement:
        texture, average = parts["texture"](texture, maps)
    local = parts["local_pooling"](texture, maps)
    regional = parts["regional_pooling"](parts["standardization"](average), maps)
    dropped = layers.RegionDropout(config.region_dropout, name="region_dropout")
    kept_local, kept_maps = dropped(local, maps)
    attended = ops.sum(kept_maps, axis=-1, keepdims=True)
    pooled = ops.squeeze(parts["global_pooling"](features["final"], attended), axis=1)
    outputs = {
        "logits": parts["head"](kept_local, dropout(pooled)),
        "attention_maps": maps,
        "local_features": local,
        "global_features": pooled,
        "regional_features": regional,
        **_blend_maps(config, features),
    }
    network = keras.Model(pixels, outputs, name="network")
    prefix_features = backbone_prefix(pixels)
    prefix = keras.Model(pixels, parts["attention"](prefix_features["attention"]), name="prefix")
    return network, prefix


def _blend_maps(config: MADDConfig, features: dict[str, Tensor]) -> dict[str, Tensor]:
    if not config.blend_mask_weight:
        return {}

    def drawn(from_features, name):
        draw = keras.layers.Conv2D(1, 1, data_format="channels_last", dtype="float32", name=name)
        return draw(from_features)

    middle = drawn(features["attention"], "blend_map_middle")
    final = drawn(features["final"], "blend_map_final")
    both = middle + resample(final, middle.shape[1:3], half_pixel_matrix)
    return {
        "blend_map_middle": middle,
        "blend_map_final": final,
        "blend_maps": ops.sigmoid(0.5 * both),
    }


def synchronize_batch_norm(network: keras.Model) -> None:
    """Take batch-norm statistics over all replicas of `tf.distribute`.

    Nothing is to be done on the other backends: JAX's arrays are the whole batch.
    """
    if keras.backend.backend() != "tensorflow":
        return
    for layer in network._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.synchronized = True


def build_region_independence(config: MADDConfig) -> keras.layers.Layer:
    """Build the loss layer of the configuration's variant."""
    shared: dict[str, Any] = {
        "alpha": config.centre_step,
        "alpha_decay": config.centre_step_decay,
        "inner_margins": config.inner_margins,
        "outer_margin": config.outer_margin,
        "name": "region_independence",
    }
    if config.variant == "official":
        return layers.OfficialRegionIndependence(**shared)
    return layers.RegionIndependence(
        **shared, squared=config.squared_distances, reduction=config.batch_reduction
    )


def build_augmentation(config: MADDConfig) -> keras.layers.Layer:
    """Build the augmentation of the configuration's variant."""
    shared: dict[str, Any] = {
        "resize_factor": config.agda_resize_factor,
        "sigma": config.agda_sigma,
        "kernel_size": config.agda_kernel_size,
        "mode": config.agda_mode,
        "threshold_range": config.agda_threshold_range,
        "seed": config.seed,
        "name": "augmentation",
    }
    if config.variant == "official":
        return layers.OfficialAttentionGuidedAugmentation(
            **shared, zoom_range=config.agda_zoom_range, noise_stddev=config.agda_noise_stddev
        )
    return layers.AttentionGuidedAugmentation(**shared)


def _paper_parts(config: MADDConfig) -> dict:
    return {
        "attention": layers.AttentionMaps(config.num_attentions, name="attention"),
        "texture": layers.TextureEnhancement(config.texture_growth, name="texture"),
        "standardization": keras.layers.Identity(name="standardization"),
        "local_pooling": layers.BilinearAttentionPooling(name="local_pooling"),
        "regional_pooling": layers.BilinearAttentionPooling(name="regional_pooling"),
        "global_pooling": layers.BilinearAttentionPooling("average", name="global_pooling"),
        "head": layers.ClassifierHead(config.num_classes, config.standardize_local, name="head"),
    }


def _released_code_parts(config: MADDConfig) -> dict:
    def pooling(normalization, name):
        return layers.BilinearAttentionPooling(normalization, "align_corners", name=name)

    return {
        "attention": layers.OfficialAttentionMaps(config.num_attentions, name="attention"),
        "texture": layers.OfficialTextureEnhancement(name="texture"),
        "standardization": layers.SpatialStandardization(name="standardization"),
        "local_pooling": pooling("l2", "local_pooling"),
        "regional_pooling": pooling("l2", "regional_pooling"),
        "global_pooling": pooling("average", "global_pooling"),
        "head": layers.OfficialHead(config.num_classes, config.head_width, name="head"),
    }


def _deepfakebench_parts(config: MADDConfig) -> dict:
    return {
        **_released_code_parts(config),
        "texture": layers.DeepfakeBenchTextureEnhancement(name="texture"),
        "standardization": keras.layers.Identity(name="standardization"),
        "head": layers.DeepfakeBenchHead(config.num_classes, config.head_width, name="head"),
    }


_VARIANTS = {
    "paper": _paper_parts,
    "official": _released_code_parts,
    "deepfakebench": _deepfakebench_parts,
}
