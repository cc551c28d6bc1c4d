"""Training from a checkpoint by rule: the released code's losses, gradients and state."""

import functools

import keras
import numpy as np
import pytest
import reference_rule
from backends import as_numpy, gradients

from keras_madd.published_weights import load_official
from keras_madd.published_weights.official import slots

CASES = {"b0_128_m4": ("efficientnet-b0", 128), "b4_380_m4": ("efficientnet-b4", 380)}
BOTH = [
    pytest.param("b0_128_m4", marks=pytest.mark.slow),
    pytest.param("b4_380_m4", marks=pytest.mark.slow),
]
# The recorded step has no dropout, and AGDA's choices are fixed.
SETTINGS = {
    "region_dropout": 0.0,
    "global_dropout": 0.0,
    "drop_connect_rate": 0.0,
    "agda_threshold_range": (0.5, 0.5),
    "agda_zoom_range": (4.0, 4.0),
    "agda_noise_stddev": 0.0,
}
LABELS = np.array([0, 1])
TOLERANCE = 8


@functools.cache
def checkpoint(case):
    return reference_rule.state_dict(case, CASES[case][0])


def new_model(case):
    return load_official(checkpoint(case), input_size=CASES[case][1], **SETTINGS)


@functools.cache
def shared_model(case):
    model = new_model(case)
    return model, model.get_weights()


def load(case):
    """The case's model, as loaded, whatever another test did to it, and its pictures."""
    model, weights = shared_model(case)
    model.set_weights(weights)
    return model, reference_rule.pixels(CASES[case][1])


def losses(model, pixels):
    """The first pass's losses by the names of the reference, as functions of nothing."""

    def ensemble(outputs):
        crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return crossentropy(LABELS, outputs["logits"])

    def auxiliary(outputs):
        labels = keras.ops.convert_to_tensor(LABELS)
        return model.region_independence(outputs["regional_features"], labels, training=True)

    def of(term):
        return lambda: term(model.network(keras.ops.convert_to_tensor(pixels), training=True))

    return {
        "ensemble_loss": of(ensemble),
        "aux_loss": of(auxiliary),
        "total_1_0.5": of(lambda outputs: ensemble(outputs) + 0.5 * auxiliary(outputs)),
    }


@pytest.mark.parametrize("case", ["b0_128_m4", BOTH[1]])
def test_first_pass_in_training(case):
    model, pixels = load(case)
    outputs = as_numpy(model.network(pixels, training=True))
    found = {
        "train_attention_maps": reference_rule.channels_first(outputs["attention_maps"]),
        "train_P": outputs["local_features"],
        "train_V": outputs["regional_features"],
        "train_G": outputs["global_features"],
        "train_logits": outputs["logits"],
    }
    for name, slot in slots(model).items():
        if f"train_after.{name}" in reference_rule.arrays(case):
            found[f"train_after.{name}"] = as_numpy(slot.variable.value)
    assert sum(name.startswith("train_after.") for name in found) == 10
    for name, value in found.items():
        error, noise = reference_rule.error(case, name, value)
        # The recorded noise of an average can be below one step of float32.
        rounding = np.finfo("float32").eps * np.abs(value).max()
        assert error <= TOLERANCE * max(noise, rounding), f"{name}: {error:.1e}, noise {noise:.1e}"


@pytest.mark.parametrize("case", ["b0_128_m4", BOTH[1]])
def test_losses_and_centres(case):
    model, pixels = load(case)
    name = "train_feature_centers_before"
    centres = model.region_independence.feature_centres
    np.testing.assert_array_equal(as_numpy(centres.value), reference_rule.arrays(case)[name])
    start = model.get_weights()
    for name, loss in losses(model, pixels).items():
        model.set_weights(start)
        expected = reference_rule.report(case)["train_scalars_f64"][name]
        np.testing.assert_allclose(float(loss()), expected, rtol=2e-6, atol=2e-6)
    error, noise = reference_rule.error(
        case, "train_feature_centers_after", as_numpy(centres.value)
    )
    assert error <= TOLERANCE * noise


@pytest.mark.parametrize("case", BOTH)
def test_gradients_of_every_parameter(case):
    model, pixels = load(case)
    variables = model.trainable_variables
    report = reference_rule.report(case)
    places = {id(variable): place for place, variable in enumerate(variables)}
    start = model.get_weights()
    for loss_name, loss in losses(model, pixels).items():
        model.set_weights(start)
        found = gradients(loss, *variables)
        expected = report["grad_norms_f64"][loss_name]
        largest = max(norm or 0.0 for norm in expected.values())
        checked = 0
        for name, slot in slots(model).items():
            if name not in expected:
                continue
            gradient = found[places[id(slot.variable)]].astype("float64")
            noise = abs((expected[name] or 0) - (report["grad_norms_f32"][loss_name][name] or 0))
            difference = abs(np.linalg.norm(gradient) - (expected[name] or 0.0))
            # Training passes the kinks of ReLU, which rounding decides; and where batch
            # normalisation cancels a gradient, only rounding is left of it.
            allowed = 1e-3 * (expected[name] or 0.0) + TOLERANCE * noise + 2e-6 * largest
            assert difference <= allowed, f"{loss_name}: {name}"
            checked += 1
        assert checked == len(variables) == len(expected) - 2
    for name, slot in slots(model).items():
        if f"grad_total.{name}" in reference_rule.arrays(case):
            gradient = found[places[id(slot.variable)]].transpose(np.argsort(slot.axes))
            error, noise = reference_rule.error(case, f"grad_total.{name}", gradient)
            # The noise was measured once, on one processor; of small gradients it is a draw.
            assert error <= 2 * TOLERANCE * noise, name


@pytest.mark.slow
def test_five_steps_with_forced_augmentation():
    case = "b0_128_m4"
    model, pixels = new_model(case), reference_rule.pixels(CASES[case][1])
    recorded = reference_rule.report(case)["full_step"]
    model.augmentation.draw_index = lambda maps: keras.ops.convert_to_tensor(
        recorded["forced_index"]
    )
    maps = model.network(keras.ops.convert_to_tensor(pixels), training=True)["attention_maps"]
    image, _ = model.augmentation(pixels, maps)
    found = reference_rule.channels_first(as_numpy(image) / 127.5 - 1)
    error, noise = reference_rule.error(case, "full_agda_image", found)
    assert error <= TOLERANCE * noise

    model = new_model(case)
    model.augmentation.draw_index = lambda maps: keras.ops.convert_to_tensor(
        recorded["forced_index"]
    )
    # Keras adds epsilon before the bias correction and PyTorch after it: 1e-8 there is
    # 1e-8 * sqrt(1 - 0.999^t) here, 3e-10 to 7e-10 in the first five steps.
    optimizer = keras.optimizers.AdamW(1e-4, weight_decay=1e-6, epsilon=5e-10)
    model.compile(optimizer, run_eagerly=keras.backend.backend() != "jax", jit_compile=False)
    names = {
        "classification_loss": "ensemble_loss",
        "region_independence_loss": "aux_loss",
        "augmented_classification_loss": "AGDA_ensemble_loss",
        "match_loss": "match_loss",
        "loss": "total",
    }
    for step, expected in enumerate(recorded["history_f64"]):
        model.reset_metrics()
        logs = model.train_on_batch(pixels, LABELS, return_dict=True)
        for name, torch_name in names.items():
            np.testing.assert_allclose(
                float(logs[name]), expected[torch_name], rtol=1e-5, atol=1e-5, err_msg=name
            )
        if step == 0:
            centres = as_numpy(model.region_independence.feature_centres.value)
            error, noise = reference_rule.error(case, "full_agda_feature_centers_after", centres)
            assert error <= TOLERANCE * noise


def test_gradient_step_goes_on_the_same_after_saving(tmp_path):
    case = "b0_128_m4"
    model, pixels = load(case)
    model.network(pixels, training=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for name in ("ensemble_loss", "aux_loss"):
        first, second = (float(losses(each, pixels)[name]()) for each in (model, loaded))
        assert first == pytest.approx(second, rel=1e-6)
    for mine, theirs in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-7)
