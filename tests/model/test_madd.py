import io
import json
import zipfile

import cv2
import h5py
import keras
import numpy as np
import pytest
from backends import as_numpy
from keras import ops

from keras_madd import MADD
from keras_madd.model.face_classifier import fake_probability_of_logits
from keras_madd.model.presets import PRESETS

SIZE = 32


def tiny(**fields):
    return MADD.from_preset("madd_tiny", input_size=SIZE, seed=0, **fields)


def batch(count=8, num_classes=2):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, SIZE, SIZE, 3), "uint8")
    return images, np.arange(count) % num_classes


def logits_of(model, images):
    """The logits, without the time that a compiled function takes to be made."""
    return ops.convert_to_numpy(model(images, training=False))


def values(weights):
    return [ops.convert_to_numpy(weight).copy() for weight in weights]


@pytest.mark.parametrize("variant", ["paper", "official", "deepfakebench"])
def test_every_variant_trains_saves_and_loads(tmp_path, variant):
    images, labels = batch()
    model = tiny(variant=variant, region_dropout=0.25, global_dropout=0.5)
    model.compile(run_eagerly=True)
    model.fit(images, labels, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.config == model.config
    np.testing.assert_array_equal(logits_of(loaded, images), logits_of(model, images))


def test_training_goes_on_exactly_where_it_stopped(tmp_path):
    images, labels = batch(16)

    def fit(model):
        model.fit(images, labels, batch_size=8, shuffle=False, verbose=0)

    keras.utils.set_random_seed(0)
    straight = tiny(region_dropout=0.25, global_dropout=0.5)
    straight.compile(keras.optimizers.AdamW(1e-2), run_eagerly=True)
    straight.save(tmp_path / "start.keras")
    fit(straight)
    fit(straight)

    stopped = keras.saving.load_model(tmp_path / "start.keras")
    fit(stopped)
    stopped.save(tmp_path / "stopped.keras")
    resumed = keras.saving.load_model(tmp_path / "stopped.keras")
    assert float(resumed.region_independence.alpha) == pytest.approx(0.045)
    fit(resumed)
    for left, right in zip(values(straight.weights), values(resumed.weights), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)
    for left, right in zip(
        values(straight.optimizer.variables), values(resumed.optimizer.variables), strict=True
    ):
        np.testing.assert_allclose(left, right, atol=1e-6)


def test_a_checkpoint_at_the_end_of_an_epoch_has_the_new_alpha(tmp_path):
    images, labels = batch()
    model = tiny()
    model.compile(run_eagerly=True)
    checkpoint = keras.callbacks.ModelCheckpoint(tmp_path / "epoch.keras")
    model.fit(images, labels, verbose=0, callbacks=[checkpoint])
    loaded = keras.saving.load_model(tmp_path / "epoch.keras")
    assert float(loaded.region_independence.alpha) == pytest.approx(0.045)


def test_a_preset_folder_holds_the_model(tmp_path):
    images, _ = batch()
    model = tiny()
    model.save_to_preset(tmp_path / "preset")
    assert json.loads((tmp_path / "preset" / "config.json").read_text())["backbone"] == "tiny"
    loaded = MADD.from_preset(tmp_path / "preset")
    np.testing.assert_array_equal(logits_of(loaded, images), logits_of(model, images))
    with pytest.raises(FileExistsError, match="must not exist"):
        model.save_to_preset(tmp_path / "preset")
    (tmp_path / "preset" / "config.json").unlink()
    with pytest.raises(ValueError, match=r"must hold config\.json"):
        MADD.from_preset(tmp_path / "preset")


@pytest.mark.parametrize("num_classes", [2, 5])
def test_fake_probability_is_what_real_leaves(num_classes):
    images, _ = batch()
    model = tiny(num_classes=num_classes)
    logits = logits_of(model, images).astype("float64")
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        model.fake_probability(images), softmax[:, 1:].sum(axis=1), atol=1e-12
    )


def test_faces_that_are_surely_real_keep_their_order():
    logits = np.array([[50.0, 0.0], [40.0, 0.0], [0.0, 800.0]])
    expected = [np.exp(-50.0), np.exp(-40.0), 1.0]
    np.testing.assert_allclose(fake_probability_of_logits(logits), expected, rtol=1e-12)


def test_the_name_of_a_preset_is_no_configuration():
    with pytest.raises(ValueError, match=r"`config` must be a MADDConfig; MADD\.from_preset"):
        MADD("madd_tiny")


def test_more_classes_train():
    images, labels = batch(num_classes=5)
    model = tiny(num_classes=5)
    model.compile(run_eagerly=True)
    assert np.isfinite(model.fit(images, labels, verbose=0).history["loss"]).all()


def test_maps_and_embeddings():
    images, _ = batch()
    model = tiny(num_attentions=3)
    maps = model.attention_maps(images)
    assert maps.shape == (8, 2, 2, 3)
    outputs = model.network(images, training=False)
    np.testing.assert_allclose(maps, as_numpy(outputs["attention_maps"]), atol=1e-6)
    embedding = model.embed(images)
    _, regions, channels = outputs["local_features"].shape
    assert embedding.shape == (8, regions * channels + outputs["global_features"].shape[1])


def test_without_attention_maps():
    images, labels = batch()
    model = tiny(num_attentions=0)
    model.compile(run_eagerly=True)
    model.fit(images, labels, verbose=0)
    assert model.embed(images).shape == (8, 48)
    with pytest.raises(ValueError, match="no attention maps"):
        model.attention_maps(images)


@pytest.mark.parametrize("num_classes", [2, 4])
def test_class_activation_maps_share_the_logit_out_among_places(num_classes):
    images, _ = batch()
    model = tiny(num_attentions=0, num_classes=num_classes)
    assert model.heat_map_output == "class_activation_maps"
    assert model.num_heat_maps == num_classes - 1
    head = model.network.get_layer("head")
    pixels = images.astype("float32")
    features = as_numpy(model.network.get_layer("backbone")(pixels, training=False)["final"])
    shares = features @ as_numpy(head.kernel).astype("float64")
    # So that some places speak for fake and some against it.
    bias = -shares.mean(axis=(0, 1, 2))
    head.bias.assign(bias)
    difference = (shares + bias)[..., 1:] - (shares + bias)[..., :1]
    logits = logits_of(model, images)
    np.testing.assert_allclose(
        difference.mean(axis=(1, 2)), logits[:, 1:] - logits[:, :1], atol=1e-5
    )
    maps = model.heat_maps(images)
    assert (maps == 0).any()
    assert (maps > 0).any()
    np.testing.assert_allclose(maps, np.maximum(difference, 0), atol=1e-5)


@pytest.mark.parametrize("num_attentions", [0, 2])
def test_heat_maps_show_what_looks_blended_where_that_was_learnt(num_attentions):
    images, _ = batch()
    fields = {"augmented_classification_weight": 0.0, "blend_mask_weight": 1.0}
    model = tiny(num_attentions=num_attentions, **fields)
    assert (model.heat_map_output, model.num_heat_maps) == ("blend_maps", 1)
    outputs = model.network.predict(images.astype("float32"), verbose=0)
    middle, final = outputs["blend_map_middle"], outputs["blend_map_final"]
    # Bilinear, between the centres of places, edges repeated.
    size = middle.shape[2], middle.shape[1]
    final = np.stack([cv2.resize(each[..., 0], size)[..., None] for each in final])
    expected = 1 / (1 + np.exp(-(middle + final) / 2))
    np.testing.assert_allclose(model.heat_maps(images), expected, atol=1e-5)


def test_heat_maps_are_the_attention_where_there_is_one():
    images, _ = batch()
    model = tiny()
    assert (model.heat_map_output, model.num_heat_maps) == ("attention_maps", 4)
    np.testing.assert_array_equal(model.heat_maps(images), model.attention_maps(images))


@pytest.mark.parametrize("variant", ["paper", "official", "deepfakebench"])
def test_the_setting_of_channels_first_is_no_matter(variant):
    assert keras.config.image_data_format() == "channels_last"
    images, model = batch(2)[0], tiny(variant=variant)
    keras.config.set_image_data_format("channels_first")
    try:
        found = logits_of(tiny(variant=variant), images)
    finally:
        keras.config.set_image_data_format("channels_last")
    np.testing.assert_allclose(found, logits_of(model, images), atol=1e-5)


def test_whole_numbers_and_floats_are_the_same_pixels():
    images, _ = batch()
    model = tiny()
    np.testing.assert_array_equal(
        logits_of(model, images), logits_of(model, images.astype("float32"))
    )


def test_one_hot_labels_train():
    images, labels = batch()
    model = tiny()
    model.compile(
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["categorical_accuracy"],
        run_eagerly=True,
    )
    history = model.fit(images, np.eye(2, dtype="float32")[labels], verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"`pixels` must have shape \(B, 32, 32, 3\)"):
        tiny()(np.zeros((1, 40, 32, 3), "float32"))


@pytest.mark.parametrize("label", [-1, 2, np.nan])
def test_labels_out_of_range_are_refused_before_training(label):
    images, labels = batch()
    labels = labels.astype("float32")
    labels[0] = label
    model = tiny()
    model.compile()
    for method in (model.fit, model.evaluate):
        with pytest.raises(ValueError, match="`y` must hold classes from 0"):
            method(images, labels, verbose=0)


def test_unknown_presets_keys_and_taps_are_named():
    with pytest.raises(ValueError, match="Known are: madd_efficientnet_b4_paper"):
        MADD.from_preset("madd_b4")
    with pytest.raises(ValueError, match="Unknown configuration keys: attentions"):
        tiny(attentions=4)
    with pytest.raises(ValueError, match=r"`texture_tap` must be one of the stages b0.*'b9'"):
        tiny(texture_tap="b9")


def test_presets_describe_themselves_and_are_not_shared():
    for name, preset in PRESETS.items():
        assert preset["description"].endswith("."), name
    tiny(num_attentions=1)
    assert "num_attentions" not in PRESETS["madd_tiny"]["config"]


def test_every_constructor_argument_is_in_the_configuration():
    model = tiny(dtype="mixed_bfloat16", name="detector")
    config = model.get_config()
    twin = MADD.from_config(config)
    assert twin.get_config() == config
    assert twin.dtype_policy.name == "mixed_bfloat16"
    assert json.loads(json.dumps(config)) == config


def rewritten(path, change_config=None, change_weights=None):
    """The path of a copy of a .keras file, changed as another version would have written it."""
    copy = path.with_name("rewritten.keras")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "config.json" and change_config:
                config = json.loads(content)
                change_config(config["config"]["config"])
                content = json.dumps(config).encode()
            if name == "model.weights.h5" and change_weights:
                buffer = io.BytesIO(content)
                with h5py.File(buffer, "r+") as weights:
                    change_weights(weights["vars"])
                content = buffer.getvalue()
            target.writestr(name, content)
    return copy


def test_weights_of_a_subclass_are_saved_and_loaded(tmp_path):
    class Scaled(MADD):
        def build(self, input_shape):
            self.scale = self.add_weight(name="scale", shape=(), initializer="zeros")
            super().build(input_shape)

    model = Scaled.from_preset("madd_tiny", input_size=SIZE, num_attentions=0)
    model.scale.assign(3.0)
    model.save_weights(tmp_path / "model.weights.h5")
    twin = Scaled.from_preset("madd_tiny", input_size=SIZE, num_attentions=0)
    twin.load_weights(tmp_path / "model.weights.h5")
    assert float(twin.scale) == 3.0


@pytest.mark.parametrize("asked", ["auto", False, True])
def test_the_choice_to_compile_is_saved_not_what_it_came_to(tmp_path, asked, monkeypatch):
    model = tiny(num_attentions=0)
    model.compile(jit_compile=asked)
    model.save(tmp_path / "model.keras")
    # As on a machine with a GPU.
    monkeypatch.setattr(MADD, "_resolve_auto_jit_compile", lambda self: True)
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_compile_config()["jit_compile"] == asked
    assert loaded.jit_compile == (asked is not False)


def test_files_without_the_faces_settings_and_without_generator_states_still_load(tmp_path):
    images, _ = batch()
    model = tiny(region_dropout=0.25)
    model.save(tmp_path / "model.keras")

    def forget_settings(config):
        for name in ("crop_margin", "detector", "training_data"):
            del config[name]

    def forget_states(group):
        for key in list(group.keys()):
            assert key.startswith("seed_state_")
            del group[key]

    old = rewritten(tmp_path / "model.keras", forget_settings, forget_states)
    loaded = keras.saving.load_model(old)
    assert loaded.config == model.config
    np.testing.assert_array_equal(logits_of(loaded, images), logits_of(model, images))


def test_a_file_with_another_number_of_generators_is_refused(tmp_path):
    tiny(region_dropout=0.25).save(tmp_path / "model.keras")

    def forget_one(group):
        del group["seed_state_0"]

    other = rewritten(tmp_path / "model.keras", change_weights=forget_one)
    with pytest.raises(ValueError, match="state of each random generator of the model"):
        keras.saving.load_model(other)
