import keras
import numpy as np
import pytest

from keras_madd import MADD
from keras_madd.model.frozen import freeze, frozen_layers, layers_before
from keras_madd.model.precision import float32_twin

EARLY = ["backbone/b0_conv", "backbone/b0_bn", "backbone/b1_conv", "backbone/b1_bn"]


@pytest.fixture
def model():
    return MADD.from_preset("madd_tiny", input_size=32, num_attentions=2, seed=0)


def backbone_of(model):
    return model.network.get_layer("backbone")


def test_an_output_names_the_layers_that_it_depends_on(model):
    assert layers_before(backbone_of(model), "texture") == EARLY


@pytest.mark.parametrize(
    ("preset", "last", "next_one"),
    [
        ("madd_efficientnet_lite0", "block2b_project_bn", "block3a_expand_conv"),
        ("madd_mobilenet_v2", "block_2_project_BN", "block_3_expand"),
    ],
)
def test_backbones_of_others_are_cut_at_the_same_stage(preset, last, next_one):
    backbone = backbone_of(MADD.from_preset(preset, input_size=64))
    before = [path.rsplit("/", 1)[-1] for path in layers_before(backbone, "texture")]
    assert last in before
    assert next_one not in before


@pytest.mark.parametrize(("backbone", "size"), [("mobilenet_v2_035", 32), ("xception", 71)])
def test_a_backbone_of_keras_stays_frozen_whatever_was_built_before(backbone, size, tmp_path):
    model = MADD(backbone=backbone, input_size=size, num_attentions=0, seed=0)
    freeze(model.network, layers_before(backbone_of(model), "texture"))
    frozen = frozen_layers(model.network)
    assert len(frozen) > 5
    assert frozen_layers(float32_twin(model).network) == frozen
    model.save(tmp_path / "model.keras")
    assert frozen_layers(keras.saving.load_model(tmp_path / "model.keras").network) == frozen
    assert frozen_layers(model.reset_classifier(3).network) == frozen


def test_training_leaves_frozen_layers_as_they_are_statistics_included(model):
    freeze(model.network, EARLY)
    frozen = {path: layer_at(model, path).get_weights() for path in EARLY}
    later = layer_at(model, "backbone/b2_conv").get_weights()
    fit_once(model)
    for path, before in frozen.items():
        for left, right in zip(layer_at(model, path).get_weights(), before, strict=True):
            np.testing.assert_array_equal(left, right)
    assert np.any(layer_at(model, "backbone/b2_conv").get_weights()[0] != later[0])


def test_what_a_user_froze_stays_frozen_in_a_saved_model_and_its_optimizer(model, tmp_path):
    backbone_of(model).get_layer("b1_conv").trainable = False
    fit_once(model)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert frozen_layers(again.network) == ["backbone/b1_conv"]
    for left, right in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(np.asarray(left), np.asarray(right))


def test_a_frozen_part_of_a_layer_stays_frozen(model, tmp_path):
    model.network.get_layer("texture").convs[0].trainable = False
    kept = len(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.network.get_layer("texture").convs[0].trainable is False
    assert len(again.trainable_variables) == kept
    model.network.get_layer("texture").trainable = False
    assert frozen_layers(model.network) == ["texture"]


def test_a_twin_is_frozen_alike(model):
    freeze(model.network, EARLY)
    assert frozen_layers(float32_twin(model).network) == EARLY


@pytest.mark.parametrize("fields", [{"name": "n"}, {"dtype": "mixed_float16"}, {"agda_sigma": 3.0}])
def test_a_saved_model_opened_with_a_change_is_frozen_alike(model, tmp_path, fields):
    freeze(model.network, EARLY)
    model.save(tmp_path / "model.keras")
    assert frozen_layers(MADD.from_preset(tmp_path / "model.keras", **fields).network) == EARLY


def test_a_new_head_leaves_frozen_layers_frozen(model):
    head = model.network.get_layer("head").name
    freeze(model.network, EARLY)
    assert head not in frozen_layers(model.network)
    assert frozen_layers(model.reset_classifier(5).network) == EARLY


def test_another_name_changes_nothing_else(tmp_path):
    model = MADD.from_preset("madd_tiny", input_size=32, dtype="mixed_float16", seed=0)
    for state in model._seed_states():
        state.assign([3, 5])
    model.save(tmp_path / "model.keras")
    again = MADD.from_preset(tmp_path / "model.keras", name="another")
    assert again.name == "another"
    assert again.dtype_policy.name == "mixed_float16"
    states = [keras.ops.convert_to_numpy(state).tolist() for state in again._seed_states()]
    assert states
    assert states == [[3, 5]] * len(states)


def test_an_unknown_layer_is_refused(model):
    with pytest.raises(ValueError, match=r"must be layers of the network. Received: 'backbone/no'"):
        freeze(model.network, ["backbone/no"])


def layer_at(model, path):
    return backbone_of(model).get_layer(path.rsplit("/", 1)[-1])


def fit_once(model):
    model.compile(keras.optimizers.Adam(0.01))
    pixels = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)).astype("float32")
    model.fit(pixels, np.array([0, 1, 0, 1]), batch_size=4, verbose=0)
