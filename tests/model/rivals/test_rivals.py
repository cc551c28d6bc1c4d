"""Every rival, small: it learns, comes back from disk, and computes the same when exported."""

import functools

import keras
import numpy as np
import pytest
from backends import as_numpy, tensorflow_only
from keras import ops

from keras_madd import FaceClassifier
from keras_madd.model.loading import load_face_classifier
from keras_madd.model.presets import PRESETS, preset_architecture
from keras_madd.model.rivals.own_network import OwnNetwork
from keras_madd.model.transfer import take_weights

SIDE = 32
SMALL = {
    "f3net": {"backbone": "tiny"},
    "sstnet": {"backbone": "tiny", "residual_filters": 4, "slim_width": 0.03, "slim_blocks": 1},
    "two_branch": {"width": 8, "growth": 4, "dense_layers": [2, 2], "embedding_width": 8},
}


def small(name, **fields):
    return FaceClassifier.from_preset(name, input_size=SIDE, seed=0, **{**SMALL[name], **fields})


def batch(count=8):
    """Smooth faces, and fakes with a fine grid on them."""
    random = np.random.default_rng(0)
    coarse = random.uniform(60, 190, (count, 4, 4, 3)).repeat(SIDE // 4, 1).repeat(SIDE // 4, 2)
    labels = np.arange(count) % 2
    grid = 30.0 * (np.indices((SIDE, SIDE)).sum(0) % 2 * 2 - 1)
    return (coarse + labels[:, None, None, None] * grid[..., None]).astype("float32"), labels


def test_every_architecture_of_a_preset_is_tried():
    assert {preset_architecture(name) for name in PRESETS} - {"madd"} == set(SMALL)


def logits_of(model, pixels):
    """The logits, without the time that a compiled function takes to be made."""
    return as_numpy(model(pixels, training=False))


def features_of(model, pixels):
    return as_numpy(model.network(pixels, training=False)["global_features"])


@pytest.mark.parametrize("name", SMALL)
def test_the_setting_of_channels_first_is_no_matter(name):
    assert keras.config.image_data_format() == "channels_last"
    model = small(name)
    pixels = np.zeros((2, *model.config.pixels_shape), "float32") + batch(2)[0].mean()
    pixels[:, ..., 8:20, :, 1] += 40
    keras.config.set_image_data_format("channels_first")
    try:
        found = logits_of(small(name), pixels)
    finally:
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_allclose(found, logits_of(model, pixels), atol=1e-5)


@functools.cache
def trained(name):
    """A model after some steps, and the losses on its way."""
    model = small(name)
    pixels, labels = batch()
    model.compile(keras.optimizers.Adam(3e-3))
    losses = model.fit(pixels, labels, batch_size=8, epochs=10, verbose=0).history["loss"]
    return model, losses


@pytest.mark.parametrize("name", SMALL)
def test_it_learns(name):
    model, losses = trained(name)
    assert losses[-1] < 0.75 * losses[0]
    assert model.num_heat_maps == 0
    with pytest.raises(ValueError, match="no attention maps"):
        model.attention_maps(batch()[0])
    with pytest.raises(ValueError, match="gives no maps"):
        model.heat_maps(batch()[0])


@pytest.mark.parametrize("name", SMALL)
def test_it_comes_back(name, tmp_path):
    model, _ = trained(name)
    pixels, _ = batch()
    expected = logits_of(model, pixels)
    assert np.ptp(expected, axis=0).min() > 1e-3
    path = tmp_path / ("preset" if name == "f3net" else "model.keras")
    model.save_to_preset(path) if name == "f3net" else model.save(path)
    back = load_face_classifier(path)
    assert (type(back), back.config) == (type(model), model.config)
    np.testing.assert_allclose(logits_of(back, pixels), expected, atol=1e-5)
    if name == "two_branch":
        centre = as_numpy(model.centre.feature_centres.value)
        assert np.abs(centre).max() > 0
        np.testing.assert_array_equal(as_numpy(back.centre.feature_centres.value), centre)


@pytest.mark.parametrize("name", SMALL)
def test_it_gives_the_same_in_half_precision(name):
    model, _ = trained(name)
    half = small(name, dtype="mixed_bfloat16")
    half.set_weights(model.get_weights())
    pixels, _ = batch()
    expected = logits_of(model, pixels)
    found = half(pixels, training=False)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_allclose(as_numpy(found), expected, atol=0.1 * np.abs(expected).max() + 0.02)


@pytest.mark.parametrize("name", SMALL)
def test_a_new_head_keeps_the_rest(name):
    model, _ = trained(name)
    with pytest.warns(UserWarning, match="begin anew: head"):
        other = model.reset_classifier(3)
    pixels, _ = batch(2)
    features = [features_of(each, pixels) for each in (model, other)]
    np.testing.assert_allclose(*features, atol=1e-6)
    assert logits_of(other, pixels).shape == (2, 3)


def test_another_architecture_or_other_blocks_are_refused():
    model = small("f3net")
    with pytest.raises(ValueError, match="x is of another architecture, sstnet, here f3net"):
        take_weights(model, small("sstnet"), "x")
    with pytest.raises(ValueError, match="window_bands 4, here 6"):
        take_weights(model, small("f3net", window_bands=4), "x")


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("f3net", {"branches": "rgb"}, "`branches` must be one of"),
        ("f3net", {"backbone": "mobilenet_v2"}, "`backbone` must be one of"),
        ("f3net", {"dropout": 1.0}, "`dropout` must be from 0 to below 1"),
        ("sstnet", {"slim_width": 0.0}, "`slim_width` must be above 0"),
        ("sstnet", {"slim_blocks": -1}, "`slim_blocks` must be 0 or more"),
        ("two_branch", {"dense_layers": [2]}, "`dense_layers` must be two or more"),
        ("two_branch", {"sigmas": [1.0, "2"]}, r"`sigmas` must be \(a number, ...\)"),
        ("two_branch", {"centre_weight": -1.0}, "`centre_weight` must not be negative"),
        ("two_branch", {"inner_margin": 3.0}, "`inner_margin` must be from 0 to `outer_margin`"),
        ("sstnet", {"num_attentions": 4}, "Unknown configuration keys: num_attentions"),
    ],
)
def test_configurations_that_cannot_work_are_refused(name, fields, message):
    with pytest.raises(ValueError, match=message):
        small(name, **fields)


class TestF3Net:
    def test_one_branch_alone_is_one_backbone(self):
        both, fad, lfs = (small("f3net", branches=each) for each in ("both", "fad", "lfs"))
        width = both.network.output["global_features"].shape[1]
        for each in (fad, lfs):
            assert each.network.output["global_features"].shape[1] == width // 2
        names = {each: [layer.name for layer in each.network.layers] for each in (both, fad, lfs)}
        assert {"mix_1", "mix_2"} <= set(names[both])
        assert "local_frequency_statistics" not in names[fad]
        assert "frequency_decomposition" not in names[lfs]

    def test_without_mixing_the_branches_are_those_alone(self):
        both = small("f3net", mix=False)
        pixels, _ = batch(2)
        apart = np.split(features_of(both, pixels), 2, axis=1)
        for branch, features in zip(("fad", "lfs"), apart, strict=True):
            alone = small("f3net", branches=branch)
            for layer in alone.network.layers:
                if layer.weights and layer.name != "head":
                    layer.set_weights(both.network.get_layer(layer.name).get_weights())
            np.testing.assert_allclose(features_of(alone, pixels), features, atol=1e-5)

    def test_scales_of_nothing_are_no_mixing(self):
        mixed, plain = small("f3net"), small("f3net", mix=False)
        for layer in plain.network.layers:
            if layer.weights:
                layer.set_weights(mixed.network.get_layer(layer.name).get_weights())
        for name in ("mix_1", "mix_2"):
            mixed.network.get_layer(name).scales.assign([0.0, 0.0])
        pixels, _ = batch(2)
        np.testing.assert_allclose(logits_of(mixed, pixels), logits_of(plain, pixels), atol=1e-6)


def test_the_constraint_of_sstnet_holds_after_training():
    kernel = as_numpy(trained("sstnet")[0].network.get_layer("residuals").kernel.value)
    before = as_numpy(small("sstnet").network.get_layer("residuals").kernel.value)
    assert np.abs(kernel - before).max() > 1e-3
    np.testing.assert_allclose(kernel[2, 2], -1.0, atol=1e-6)
    np.testing.assert_allclose(kernel.sum((0, 1)), 0.0, atol=1e-5)


class TestTwoBranch:
    def test_the_step_is_that_of_cross_entropy_and_the_centre_loss(self):
        model = small("two_branch", centre_weight=0.5, centre_step=1.0, outer_margin=5.0)
        pixels, labels = batch()
        outputs = as_numpy(model.network(pixels, training=True))
        features = outputs["global_features"].astype("float64")
        logits = outputs["logits"].astype("float64")
        distance = ((features - features[labels == 0].mean(0)) ** 2).sum(1)
        centre = np.maximum(distance[labels == 0] - 0.5, 0).mean()
        centre += np.maximum(5.0 - distance[labels == 1], 0).mean()
        log_of = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        expected = -log_of[range(8), labels].mean() + 0.5 * centre
        model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
        found = model.train_on_batch(pixels, labels, return_dict=True)
        assert centre > 1e-2
        assert found["centre_loss"] == pytest.approx(0.5 * centre, rel=1e-3)
        assert found["loss"] == pytest.approx(expected, rel=1e-3)
        np.testing.assert_allclose(
            as_numpy(model.centre.feature_centres.value)[0],
            features[labels == 0].mean(0),
            atol=1e-4,
        )
        assert "centre_loss" not in model.evaluate(pixels, labels, verbose=0, return_dict=True)

    def test_a_weight_of_nothing_is_plain_cross_entropy(self):
        pixels, labels = batch()
        models = [small("two_branch", centre_weight=each) for each in (0.0, 1e-12)]
        assert models[0].centre is None
        losses = []
        for model in models:
            model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
            losses.append(model.fit(pixels, labels, epochs=2, verbose=0).history["loss"])
        np.testing.assert_allclose(*losses, rtol=1e-4)


@tensorflow_only
@pytest.mark.parametrize("name", SMALL)
def test_the_exported_file_computes_the_same(name, tmp_path):
    from keras_madd.exporting.exported_file import export_bundle
    from keras_madd.exporting.verify import compare_export

    model, _ = trained(name)
    pixels, _ = batch()
    assert model.fake_probability(pixels).std() > 1e-3
    described = export_bundle(model, tmp_path / "model.tflite", quantize="float16")
    assert described.num_attention_maps == 0
    found = compare_export(model, tmp_path / "model.tflite", pixels)
    assert found["max_probability_difference"] < 5e-3


@tensorflow_only
@pytest.mark.parametrize("name", SMALL)
def test_8_bits_keep_its_answers(name):
    from keras_madd.exporting.litert import float_litert
    from keras_madd.exporting.litert_file import graph_of, parse
    from keras_madd.exporting.recipe_choice import int8_content

    model, _ = trained(name)
    pixels, _ = batch(48)
    # Real ones are as they were, fakes have their grid in all strengths.
    plain = pixels.mean((1, 2), keepdims=True)
    strengths = np.linspace(0, 1, 48, dtype="float32")[:, None, None, None]
    pictures = np.clip(plain + strengths * (pixels - plain), 0, 255).astype("uint8")
    content = float_litert(model)
    quantized = int8_content(content, pictures[::2])
    logits = [_logit_of(each, pictures[1::2]) for each in (content, quantized)]
    assert np.std(logits[0]) > 1e-2
    assert np.corrcoef(*logits)[0, 1] > 0.99
    assert len(quantized) < 0.9 * len(content)
    types = {graph_of(parse(quantized)).types[each] for each in _results(quantized, "CONV_2D")}
    assert "INT8" in types


@tensorflow_only
def test_spectra_are_not_put_in_8_bits_throughout(tmp_path):
    from keras_madd.exporting.litert import export_litert
    from keras_madd.support.errors import UserError

    path = tmp_path / "model.tflite"
    for branch in ("fad", "lfs"):
        model = small("f3net", branches=branch)
        with pytest.raises(UserError, match="Use --quantize int8, which keeps them in float"):
            export_litert(model, path, "int8-full", calibration=batch()[0])
    assert not path.exists()


def _logit_of(content, pictures):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    run = interpreter.get_signature_runner()
    found = [run(image=each[None].astype("float32"))["fake_probability"][0] for each in pictures]
    return np.log(found) - np.log1p(-np.array(found))


def _results(content, kind):
    from keras_madd.exporting.litert_file import graph_of, parse

    return [each.outputs[0] for each in graph_of(parse(content)).operations if each.name == kind]


def test_the_trained_centre_of_real_faces_is_kept(tmp_path):
    model = small("two_branch")
    model.centre.feature_centres.assign(ops.full(model.centre.feature_centres.shape, 3.0))
    model.save_to_preset(tmp_path / "preset")
    for again in (
        FaceClassifier.from_preset(tmp_path / "preset"),
        FaceClassifier.from_preset(tmp_path / "preset", dropout=0.1),
    ):
        np.testing.assert_array_equal(ops.convert_to_numpy(again.centre.feature_centres), 3.0)
    with pytest.warns(UserWarning, match="head"):
        other = model.reset_classifier(5)
    np.testing.assert_array_equal(ops.convert_to_numpy(other.centre.feature_centres), 3.0)


def test_a_large_network_of_ones_own_comes_back_from_its_preset(tmp_path):
    pixels = x = keras.Input((8, 8, 3))
    for number in range(100):
        x = keras.layers.Activation("relu", name=f"{number}_{'long' * 1000}")(x)
    logits = keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x))
    OwnNetwork.around(keras.Model(pixels, logits)).save_to_preset(tmp_path / "preset")
    assert (tmp_path / "preset" / "config.json").stat().st_size > 2**20
    assert OwnNetwork.from_preset(tmp_path / "preset").config.num_classes == 2
