import dataclasses
import json

import numpy as np
import pytest

from keras_madd import MADDConfig


def test_round_trip_through_json():
    config = MADDConfig(input_size=224, inner_margins=(0.2, -0.8), seed=3)
    again = MADDConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert again == config
    assert again.input_size == (224, 224)


def test_defaults_are_the_papers():
    config = MADDConfig()
    assert (config.backbone, config.input_size) == ("efficientnet_b4", (380, 380))
    assert (config.centre_step, config.centre_step_decay) == (0.05, 0.9)
    assert (config.inner_margins, config.outer_margin) == ((0.05, 0.1), 0.2)
    assert (config.agda_resize_factor, config.agda_sigma) == (0.3, 7.0)


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        MADDConfig().num_classes = 3


def test_replace_refuses_unknown_keys():
    assert MADDConfig().replace(num_classes=5).num_classes == 5
    with pytest.raises(ValueError, match="Unknown configuration keys: classes"):
        MADDConfig().replace(classes=5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"variant": "v3"}, "`variant` must be one of"),
        ({"agda_attention": "none"}, "`agda_attention` must be one of"),
        ({"input_size": 0}, "`input_size` must be"),
        ({"num_classes": 1}, "`num_classes` must be at least 2"),
        ({"num_attentions": -1}, "`num_attentions` must be 0 or more"),
        ({"drop_connect_rate": -0.5}, "`drop_connect_rate` must be from 0 to below 1"),
        ({"drop_connect_rate": 1.5}, "`drop_connect_rate` must be from 0 to below 1"),
        ({"region_dropout": 1.0}, "`region_dropout` must be from 0 to below 1"),
        ({"global_dropout": 1.0}, "`global_dropout` must be from 0 to below 1"),
        ({"crop_margin": 0}, "`crop_margin` must be above 0"),
        ({"detector": "long"}, "`detector` must be one of"),
        (
            {"standardize_local": True, "variant": "official"},
            "`standardize_local` is of the paper's head",
        ),
        ({"blend_mask_weight": 1.0}, "`blend_mask_weight` needs augmented_classification_weight=0"),
        ({"blend_mask_weight": -1.0}, "`blend_mask_weight` must not be negative"),
        ({"match_weight": -0.1}, "`match_weight` must not be negative"),
        ({"match_weight": float("nan")}, "`match_weight` must not be negative, and be finite"),
        ({"classification_weight": float("inf")}, "`classification_weight` must not be negative"),
        ({"inner_margins": 0.1}, r"`inner_margins` must be \(a number, a number\). Rec.*=0.1"),
        ({"inner_margins": [0.1]}, r"`inner_margins` must be \(a number, a number\)"),
        ({"agda_threshold_range": 0.5}, r"`agda_threshold_range` must be \(a number, a number\)"),
        ({"agda_zoom_range": [3, "5"]}, r"`agda_zoom_range` must be \(a number, a number\)"),
        ({"num_classes": "2"}, "`num_classes` must be a whole number. Received: num_classes='2'"),
        ({"input_size": 64.0}, "`input_size` must be one positive number"),
        ({"input_size": [64, 64, 3]}, "`input_size` must be one positive number"),
        ({"agda_kernel_size": 3.5}, "`agda_kernel_size` must be a whole number or None"),
        ({"texture_enhancement": "False"}, "`texture_enhancement` must be True or False"),
        ({"training_data": 3}, "`training_data` must be a string"),
        ({"crop_margin": None}, "`crop_margin` must be a number"),
        ({"seed": -1}, r"`seed` must be from 0 to below 2\^32. Received: seed=-1"),
        ({"seed": 2**32}, r"`seed` must be from 0 to below 2\^32"),
        ({"match_weight": 0.1, "agda_attention": "detached_prefix"}, "`match_weight` needs two"),
    ],
)
def test_what_cannot_work_is_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        MADDConfig(**fields)


def test_terms_follow_the_weights():
    assert MADDConfig().trains_region_independence
    assert not MADDConfig(region_independence_weight=0).trains_region_independence
    assert not MADDConfig(augmented_classification_weight=0).trains_on_augmented
    assert not MADDConfig(num_attentions=0).trains_on_augmented


def test_numbers_of_numpy_are_plain_numbers():
    fields = {
        "input_size": np.int64(64),
        "num_attentions": np.int64(4),
        "num_classes": np.array([0, 2]).max(),
        "outer_margin": np.float32(0.25),
        "seed": np.random.default_rng(0).integers(10),
    }
    config = MADDConfig(**fields)
    plain = {name: getattr(config, name) for name in fields}
    assert plain["input_size"] == (64, 64)
    assert [type(each) for each in plain.values()] == [tuple, int, int, float, int]
    assert MADDConfig.from_dict(config.to_dict()) == config
    assert MADDConfig(input_size=np.array([32, 64])).input_size == (32, 64)
