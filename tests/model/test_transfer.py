"""New heads on trained weights."""

import re
import warnings

import keras
import numpy as np
import pytest
from keras import ops

from keras_madd import MADD
from keras_madd.model.transfer import take_weights


def tiny(seed=1, **fields):
    keras.utils.set_random_seed(seed)
    model = MADD.from_preset("madd_tiny", input_size=32, seed=seed, **fields)
    if model.region_independence is not None:
        centres = model.region_independence.feature_centres
        centres.assign(ops.ones(centres.shape))
        model.region_independence.alpha.assign(0.01)
    return model


def saved(model, folder, kind):
    if kind == "preset":
        model.save_to_preset(folder / "trained")
        return folder / "trained"
    model.save(folder / "trained.keras")
    return folder / "trained.keras"


def leaves(model):
    """Each innermost layer of the network with weights: `head/logits` to arrays."""
    found = {}
    for top in model.network.layers:
        for number, layer in enumerate(top._flatten_layers()):
            own = layer._trainable_variables + layer._non_trainable_variables
            if own:
                # Keras numbers the layers that were not named.
                name = re.sub(r"(batch_normalization)_\d+$", r"\1", layer.name)
                arrays = [ops.convert_to_numpy(each) for each in own]
                found[f"{top.name}/{name}", number] = arrays
    return found


def changed(model, source):
    """Names of the layers whose weights are not the source's."""
    ours, theirs = leaves(model), leaves(source)
    return {
        name[0]
        for name in ours
        if not all(
            left.shape == right.shape and np.array_equal(left, right)
            for left, right in zip(ours[name], theirs[name], strict=True)
        )
    }


@pytest.mark.parametrize("kind", ["preset", "file"])
@pytest.mark.parametrize(
    ("variant", "classifier"), [("paper", "head/logits"), ("official", "head/ensemble_2")]
)
def test_a_saved_model_gets_a_head_of_more_classes(tmp_path, kind, variant, classifier):
    source = tiny(variant=variant)
    path = saved(source, tmp_path, kind)
    # The paper's head is one layer.
    words = classifier if variant == "official" else "head"
    with pytest.warns(UserWarning, match=f"these begin anew: {words} .num_classes 2, here 5"):
        model = MADD.from_preset(path, num_classes=5)
    assert changed(model, source) == {classifier}
    assert model.config == source.config.replace(num_classes=5)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), "uint8")
    assert model(pixels).shape == (2, 5)
    loss = model.region_independence
    assert float(np.min(loss.feature_centres)) == 1.0
    assert float(loss.alpha) == pytest.approx(0.01)


@pytest.mark.parametrize("num_attentions", [0, 4])
def test_reset_classifier_keeps_all_but_the_last_layer_and_the_model_itself(num_attentions):
    source = tiny(num_attentions=num_attentions)
    for weight in source.network.get_layer("head").weights:  # As after training.
        weight.assign(weight + 1.0)
    before = source.get_weights()
    with pytest.warns(UserWarning, match="begin anew: head"):
        model = source.reset_classifier(2)
    assert changed(model, source) == {"head/logits" if num_attentions else "head/head"}
    for left, right in zip(source.get_weights(), before, strict=True):
        np.testing.assert_array_equal(left, right)
    images = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), "uint8")
    with pytest.warns(UserWarning, match="num_classes 2, here 3"):
        model = source.reset_classifier(3)
    model.compile(run_eagerly=True)
    assert np.isfinite(model.train_on_batch(images, np.arange(6) % 3)).all()


@pytest.mark.parametrize("fields", [{"num_attentions": 0}, {}, {"variant": "official"}])
def test_what_begins_anew_is_trained_where_all_else_is_frozen(fields):
    source = tiny(**fields)
    source.network.trainable = False
    with pytest.warns(UserWarning, match="begin anew: head"):
        model = source.reset_classifier(5)
    kernel, bias = model.trainable_weights
    assert (kernel.shape[-1], bias.shape) == (5, (5,))
    with pytest.warns(UserWarning, match="begin anew: head"):
        again = model.reset_classifier(3)
    assert [each.shape[-1] for each in again.trainable_weights] == [3, 3]


@pytest.mark.parametrize(
    ("variant", "anew"),
    [
        ("paper", {"attention/conv", "attention/batch_normalization", "head/logits"}),
        ("official", {"attention/conv2", "attention/bn2", "head/projection_local_0"}),
        ("deepfakebench", {"attention/conv2", "attention/bn2", "head/projection_local_0"}),
    ],
)
def test_another_number_of_maps_keeps_what_does_not_depend_on_it(tmp_path, variant, anew):
    source = tiny(variant=variant)
    path = saved(source, tmp_path, "preset")
    with pytest.warns(UserWarning, match="num_attentions 4, here 6") as told:
        model = MADD.from_preset(path, num_attentions=6)
    found = changed(model, source)
    # The released code has one texture block for each map.
    assert {name for name in found if not name.startswith("texture/")} == anew
    first = "attention, " if variant == "paper" else "attention/conv2, attention/bn2, "
    assert f"these begin anew: {first}" in str(told[0].message)
    assert any(name.startswith("texture/") for name in found) == (variant == "official")
    assert float(np.max(model.region_independence.feature_centres)) == 0.0
    assert float(model.region_independence.alpha) == pytest.approx(0.01)


def test_what_trains_differently_keeps_every_weight_and_says_nothing(tmp_path):
    source = tiny(region_dropout=0.0)
    path = saved(source, tmp_path, "preset")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        same = MADD.from_preset(path)
        model = MADD.from_preset(path, region_dropout=0.5, input_size=48, centre_step=0.5)
        MADD.from_preset(path, region_independence_weight=0.0)
    assert not changed(same, source)
    assert not changed(model, source)
    assert float(same.region_independence.alpha) == pytest.approx(0.01)
    # A new step is meant to be used.
    assert float(model.region_independence.alpha) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"backbone": "small"}, "backbone 'tiny', here 'small'"),
        ({"variant": "official"}, "variant 'paper', here 'official'"),
        ({"texture_growth": 3}, "texture_growth None, here 3"),
    ],
)
def test_what_trained_weights_cannot_fit_is_told(tmp_path, fields, why):
    path = saved(tiny(), tmp_path, "preset")
    with pytest.raises(ValueError, match=f"do not fit: {why}. Only num_classes, num_attentions"):
        MADD.from_preset(path, **fields)


@pytest.mark.slow
def test_backbones_whose_layers_fit_by_chance_are_told_apart():
    """The two EfficientNets have the same weights and compute something else with them."""
    source, model = (
        MADD(backbone=f"{name}_efficientnet_b4", input_size=64, num_attentions=0)
        for name in ("official", "deepfakebench")
    )
    with pytest.raises(ValueError, match="backbone 'official_efficientnet_b4', here 'deepfake"):
        take_weights(model, source, "it")


def test_maps_and_no_maps_share_the_backbone_alone(tmp_path):
    source = tiny()
    path = saved(source, tmp_path, "preset")
    with pytest.warns(UserWarning, match="begin anew: head .num_attentions 4, here 0"):
        model = MADD.from_preset(path, num_attentions=0)
    ours, theirs = (each.network.get_layer("backbone").get_weights() for each in (model, source))
    for left, right in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(left, right)
    with pytest.warns(UserWarning, match="begin anew: attention, texture, head"):
        back = model.reset_classifier(2, num_attentions=4)
    np.testing.assert_array_equal(back.network.get_layer("backbone").get_weights()[0], ours[0])


def test_nothing_is_copied_when_it_fails():
    model = tiny(2, variant="official")
    before = model.get_weights()
    with pytest.raises(ValueError, match="x is another network"):
        take_weights(model, tiny(), "x")
    for left, right in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(left, right)


def test_what_a_saved_model_does_not_take(tmp_path):
    path = saved(tiny(), tmp_path, "file")
    with pytest.raises(ValueError, match="`backbone_weights` must be None for a saved model"):
        MADD.from_preset(path, backbone_weights="imagenet")
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="`preset` must hold a MADD model"):
        MADD.from_preset(tmp_path / "other.keras")
    half = MADD.from_preset(path, dtype="mixed_bfloat16", name="half")
    assert (half.name, half.dtype_policy.name) == ("half", "mixed_bfloat16")
    assert not changed(half, MADD.from_preset(path))
