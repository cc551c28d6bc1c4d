import re

import keras
import numpy as np
import pytest

from keras_madd import MADD
from keras_madd.model.frozen import frozen_layers
from keras_madd.model.precision import float32_twin
from keras_madd.model.transfer import take_weights
from keras_madd.support.errors import UserError
from keras_madd.training import TrainSettings
from keras_madd.training.schedule import make_optimizer
from keras_madd.training.starting_model import (
    copy_averaged_weights,
    open_source,
    starting_config,
    starting_model,
)


def tiny(seed, **fields):
    keras.utils.set_random_seed(seed)
    return MADD.from_preset("madd_tiny", input_size=32, seed=seed, **fields)


def assert_equal(ours, theirs):
    for left, right in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(np.asarray(left), np.asarray(right))


def test_the_same_architecture_gives_all_weights_at_another_size_too(tmp_path):
    source = tiny(1)
    source.region_independence.alpha.assign(0.01)
    source.region_independence.feature_centres.assign(
        np.ones(source.region_independence.feature_centres.shape)
    )
    source.save(tmp_path / "model.keras")
    settings = TrainSettings(
        output="run", init=tmp_path / "model.keras", fields={"input_size": 48}, seed=2
    )
    opened = open_source(settings)
    config = starting_config(settings, opened, {"detector": "full"})
    assert config == source.config.replace(input_size=48, seed=2, detector="full")
    model = starting_model(settings, config, opened)
    assert_equal(model.network.weights, source.network.weights)
    loss = model.region_independence
    assert float(np.asarray(loss.feature_centres).min()) == 1.0
    # A new training begins with a new alpha.
    assert float(loss.alpha) == pytest.approx(config.centre_step)


def test_a_plain_classifier_gives_its_backbone_and_nothing_else():
    source, model = tiny(1, num_attentions=0), tiny(2)
    head = [np.asarray(weight) for weight in model.network.get_layer("head").weights]
    take_weights(model, source, "stage 1")
    ours, theirs = (each.network.get_layer("backbone").weights for each in (model, source))
    assert_equal(ours, theirs)
    assert_equal(model.network.get_layer("head").weights, head)


def test_another_architecture_is_refused_with_what_differs(tmp_path):
    tiny(2).save(tmp_path / "model.keras")
    for fields, message in (
        ({"variant": "official"}, "variant 'paper', here 'official'"),
        ({"num_attentions": 0, "backbone": "small"}, "backbone 'tiny', here 'small'"),
    ):
        settings = TrainSettings(output="run", init=tmp_path / "model.keras", fields=fields)
        source = open_source(settings)
        with pytest.raises(UserError, match=f"another network.*{message}.*Leave --preset out"):
            starting_model(settings, starting_config(settings, source), source)


@pytest.mark.parametrize(
    ("trained", "fields", "words"),
    [
        (
            {},
            {"num_attentions": 3},
            "anew: attention, head, feature centres .num_attentions 4",
        ),
        ({"num_classes": 5}, {"num_classes": 2}, "begin anew: head .num_classes 5, here 2"),
        ({"num_attentions": 0}, {"num_attentions": 4}, "begin anew: attention, texture, head"),
        ({}, {}, None),
    ],
)
def test_other_sizes_take_what_fits_and_say_what_begins_anew(tmp_path, trained, fields, words):
    tiny(1, **trained).save(tmp_path / "model.keras")
    settings = TrainSettings(output="run", init=tmp_path / "model.keras", fields=fields)
    source, said = open_source(settings), []
    model = starting_model(settings, starting_config(settings, source), source, said.append)
    ours, theirs = (each.network.get_layer("backbone").weights for each in (model, source))
    assert_equal(ours, theirs)
    assert len(said) == (words is not None)
    if words:
        assert re.search(words, said[0])


def test_taps_by_name_are_the_default_taps():
    model, source = tiny(1), tiny(2, texture_tap="b1", attention_tap="b3")
    assert take_weights(model, source, "x") == ""
    assert_equal(model.network.weights, source.network.weights)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"preset": "madd_b9"}, "(?s)no preset 'madd_b9'. There are:.*madd_tiny: A few thousand"),
        ({"fields": {"attentions": 3}}, "Unknown configuration keys: attentions"),
        ({"fields": {"variant": "v9"}}, "`variant` must be one of"),
        ({"fields": {"num_classes": 3}}, "two classes.*--set num_classes=2 gives"),
    ],
)
def test_configurations_that_cannot_work_are_refused(values, message):
    with pytest.raises(UserError, match=message):
        starting_config(TrainSettings(output="run", **values), None)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"backbone_weights": "no.h5"}, r"must be imagenet or a file. There is no no.h5"),
        ({"backbone_weights": "imagenet"}, "`weights` must be None for backbone 'tiny'"),
    ],
)
def test_weights_that_cannot_be_had_are_told(values, message):
    settings = TrainSettings(output="run", preset="madd_tiny", **values)
    with pytest.raises(UserError, match=message):
        starting_model(settings, starting_config(settings, None), None)


def test_a_missing_start_is_told():
    with pytest.raises(UserError, match=r"There is no model .*nothing.keras"):
        open_source(TrainSettings(output="run", init="nothing.keras"))


def test_early_layers_stay_as_they_are_where_asked_for():
    settings = TrainSettings(output="run", preset="madd_tiny", freeze_early=True)
    model = starting_model(settings, starting_config(settings, None), None)
    assert [path.split("_")[0] for path in frozen_layers(model.network)] == [
        *("backbone/b0", "backbone/b0", "backbone/b1", "backbone/b1")
    ]


def test_a_detector_without_a_texture_tap_has_no_early_layers():
    settings = TrainSettings(output="run", preset="f3net", freeze_early=True)
    fields = {"backbone": "tiny", "input_size": 32}
    config = starting_config(settings.replace(fields=fields), None)
    with pytest.raises(UserError, match=r"--freeze-early .* this detector has none"):
        starting_model(settings, config, None)


@pytest.mark.parametrize("freeze_early", [False, True])
@pytest.mark.parametrize("precision", ["", "float16"])
def test_what_is_kept_is_the_average_in_float32(precision, freeze_early):
    settings = TrainSettings(
        output="run",
        preset="madd_tiny",
        fields={"input_size": 32, "num_attentions": 0},
        optimizer="sgd",
        learning_rate=1.0,
        warmup_epochs=0,
        weight_decay=0.0,
        ema=0.75,
        mixed_precision=precision,
        freeze_early=freeze_early,
    )
    model = starting_model(settings, starting_config(settings, None), None)
    model.compile(make_optimizer(settings, 1000))
    optimizer = model.optimizer
    assert isinstance(optimizer, keras.optimizers.LossScaleOptimizer) == bool(precision)
    optimizer.build(model.trainable_variables)
    scale = float(optimizer.dynamic_scale) if precision else 1.0
    kernel = model.network.get_layer("head").kernel
    seen = []
    for _ in range(3):
        gradients = [keras.ops.full(each.shape, scale) for each in model.trainable_variables]
        optimizer.apply(gradients)
        seen.append(np.asarray(kernel).copy())
    twin = float32_twin(model)
    copy_averaged_weights(model, twin)
    assert twin.dtype_policy.name == "float32"
    expected = 0.75**2 * seen[0] + 0.25 * 0.75 * seen[1] + 0.25 * seen[2]
    np.testing.assert_allclose(np.asarray(twin.network.get_layer("head").kernel), expected, 1e-5)
    np.testing.assert_array_equal(np.asarray(kernel), seen[2])


@keras.saving.register_keras_serializable(package="test_starting_model")
class OwnLoss(MADD):
    """A subclass with a loss of its own."""

    def __init__(self, config=None, *, share=0.0, **arguments):
        super().__init__(config, **arguments)
        self.share = share

    def get_config(self):
        return {**super().get_config(), "share": self.share}


def test_a_subclass_stays_one(tmp_path):
    source = OwnLoss(MADD.from_preset("madd_tiny", input_size=32).config, share=0.5)
    source.save(tmp_path / "own.keras")
    settings = TrainSettings(output="run", init=tmp_path / "own.keras")
    opened = open_source(settings)
    model = starting_model(settings, starting_config(settings, opened), opened)
    assert (type(model), model.share) == (OwnLoss, 0.5)
    assert_equal(model.get_weights(), source.get_weights())


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ({}, False),
        ({"self_blend": 0.5}, True),
        ({"self_blend": 0.5, "fields": {"augmented_classification_weight": 1.0}}, False),
        ({"self_blend": 1.0, "fields": {"blend_mask_weight": 0.0}}, False),
    ],
)
def test_maps_that_the_run_does_not_teach_are_left_out(values, kept):
    fields = {"blend_mask_weight": 1.0, "augmented_classification_weight": 0.0}
    source = MADD.from_preset("madd_tiny", seed=0, **fields)
    settings = TrainSettings(output="run", init="source", **values)
    lines = []
    config = starting_config(settings, source)
    model = starting_model(settings, config, source, lines.append)
    assert (model.heat_map_output == "blend_maps") is kept
    assert any("maps of what looks blended are left out" in line for line in lines) is not kept
    crops = np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)).astype("float32")
    np.testing.assert_allclose(
        model.fake_probability(crops), source.fake_probability(crops), atol=1e-6
    )
