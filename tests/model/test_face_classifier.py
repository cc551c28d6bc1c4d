"""What is not MADD goes the whole way too: trained, saved, evaluated, exported, scored."""

import json

import keras
import numpy as np
import pytest
from backends import tensorflow_only
from synthetic_shards import write_shards

from keras_madd import MADD, FaceClassifier, MADDConfig, OwnNetwork
from keras_madd.cli.main import main
from keras_madd.model.architectures import class_of, preset_configuration
from keras_madd.model.loading import load_face_classifier, load_madd
from keras_madd.model.precision import float32_twin
from keras_madd.support.errors import UserError
from keras_madd.training import TrainSettings
from keras_madd.training.starting_model import starting_config, starting_model

SIDE = 16


def own_network(activation=None):
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3, strides=2, activation="relu"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation=activation),
        ],
        name="mine",
    )


def wrapped(model):
    return keras.Sequential([keras.Input((SIDE, SIDE, 3)), keras.layers.Rescaling(1.0), model])


def functional(ending):
    model = own_network()
    return keras.Model(model.inputs, ending(model.outputs[0]))


def pixels(count=4):
    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), np.uint8)


@pytest.mark.parametrize("kind", ["file", "preset"])
def test_an_own_network_comes_back_with_its_weights(tmp_path, kind):
    model = own_network()
    detector = OwnNetwork.around(model, crop_margin=1.5, detector="full")
    path = tmp_path / ("model.keras" if kind == "file" else "preset")
    detector.save(path) if kind == "file" else detector.save_to_preset(path)
    back = load_face_classifier(path)
    assert isinstance(back, OwnNetwork)
    assert (back.config, back.num_heat_maps) == (detector.config, 0)
    assert (back.config.crop_margin, back.config.detector) == (1.5, "full")
    expected = keras.ops.softmax(model.predict(pixels(), verbose=0))[:, 1]
    np.testing.assert_allclose(back.fake_probability(pixels()), expected, atol=1e-6)
    with pytest.raises(UserError, match="holds a OwnNetwork, not a MADD model"):
        load_madd(path)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_an_own_network_in_half_precision(policy):
    keras.config.set_dtype_policy(policy)
    try:
        model = own_network()
    finally:
        keras.config.set_dtype_policy("float32")
    detector = OwnNetwork.around(model, seed=0)
    assert detector.dtype_policy.name == policy
    assert detector.predict(pixels(), verbose=0).dtype == np.float32
    detector.compile()
    scaled = isinstance(detector.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled is (policy == "mixed_float16")
    twin = float32_twin(detector)
    assert {layer.compute_dtype for layer in twin._flatten_layers()} == {"float32"}
    settings = TrainSettings(output="run", init="source")
    started = starting_model(settings, starting_config(settings, detector), detector)
    assert started.dtype_policy.name == policy


def test_metrics_see_the_labels_where_masks_come_with_them():
    labels = np.array([0, 1, 0, 1])
    both = {"label": labels, "blend_mask": np.zeros((4, 8, 8, 1), "float32")}
    detector = OwnNetwork.around(own_network(), seed=0)
    detector.compile()
    found, expected = (
        detector.evaluate(pixels(), each, verbose=0, return_dict=True) for each in (both, labels)
    )
    assert found == pytest.approx(expected)


def test_own_loss_terms_are_part_of_the_loss():
    model = own_network()
    model.layers[-1].kernel_regularizer = keras.regularizers.L2(0.5)
    detector = OwnNetwork.around(model, seed=0)
    kernel = detector.network.get_layer("mine").layers[-1].kernel
    detector.compile()
    found = detector.evaluate(pixels(), np.array([0, 1, 0, 1]), verbose=0, return_dict=True)
    logits = keras.ops.convert_to_numpy(detector(pixels())).astype("float64")
    log_of = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    entropy = -log_of[range(4), [0, 1, 0, 1]].mean()
    penalty = 0.5 * float(keras.ops.sum(kernel**2))
    assert penalty > 1e-3
    assert found["loss"] == pytest.approx(entropy + penalty, rel=1e-5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: own_network("softmax"), "must give logits.*ends with 'dense"),
        (lambda: wrapped(own_network("sigmoid")), "must give logits.*ends with 'dense"),
        (
            lambda: wrapped(keras.Sequential([own_network(), keras.layers.Softmax()])),
            "must give logits.*ends with 'softmax",
        ),
        (lambda: functional(keras.ops.softmax), "must give logits.*ends with 'softmax"),
        (lambda: functional(keras.ops.sigmoid), "must give logits.*ends with 'sigmoid"),
        (lambda: keras.Sequential([keras.layers.Dense(2)]), "that is built"),
        (
            lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]),
            r"must map pixels .*Received: input_shape=\(None, 4\)",
        ),
    ],
)
def test_models_that_are_no_detectors_are_told(make, message):
    with pytest.raises(ValueError, match=message):
        OwnNetwork.around(make())


def test_a_network_in_a_network_that_gives_logits_is_taken():
    model = wrapped(keras.Sequential([keras.Input((SIDE, SIDE, 3)), own_network()]))
    expected = keras.ops.softmax(model.predict(pixels(), verbose=0))[:, 1]
    found = OwnNetwork.around(model).fake_probability(pixels())
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_what_does_not_fit_the_network_is_told(tmp_path):
    detector = OwnNetwork.around(own_network())
    with pytest.raises(ValueError, match=r"must be those of the model, \(16, 16\) and 2"):
        OwnNetwork(detector.config, input_size=32)
    own_network().save(tmp_path / "plain.keras")
    with pytest.raises(UserError, match=r"not a detector; OwnNetwork\.around"):
        load_face_classifier(tmp_path / "plain.keras")


def test_code_in_a_description_is_not_run(tmp_path):
    layer = keras.layers.Lambda(lambda x: x, output_shape=(SIDE, SIDE, 3))
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), layer, *own_network().layers[1:]])
    config = OwnNetwork.around(own_network()).config
    described = keras.saving.serialize_keras_object(model)
    folder = tmp_path / "preset"
    OwnNetwork.around(own_network()).save_to_preset(folder)
    fields = {"architecture": "own_network", **config.to_dict(), "network": described}
    (folder / "config.json").write_text(json.dumps(fields))
    with pytest.raises(UserError, match=r"cannot be loaded.*Lambda"):
        load_face_classifier(folder)


def test_a_baseline_preset_is_its_backbone_alone():
    for name in ("xception", "efficientnet_b4"):
        config = preset_configuration(name)
        assert (config.backbone, config.uses_regions) == (name, False)


def test_architectures_are_found_by_name(tmp_path):
    assert class_of("madd").config_class is MADDConfig
    with pytest.raises(ValueError, match=r"`architecture` must be one of madd.*'resnet'"):
        class_of("resnet")
    detector = FaceClassifier.from_preset("madd_tiny", input_size=32)
    assert type(detector).__name__ == "MADD"
    with pytest.raises(ValueError, match=r"must hold a OwnNetwork model\. Received: a MADD"):
        OwnNetwork.from_preset("madd_tiny")
    detector.save_to_preset(tmp_path / "preset")
    # Version 0.1 knows no other key.
    assert "architecture" not in json.loads((tmp_path / "preset" / "config.json").read_text())


@tensorflow_only
def test_an_own_network_through_every_command(tmp_path, capsys):
    shards = write_shards(tmp_path / "shards", {"train": 4, "val": 2, "test": 2}, size=SIDE)
    start, run = tmp_path / "mine.keras", tmp_path / "run"
    OwnNetwork.around(own_network(), detector="full").save(start)
    train = ["train", "--init", start, "--data", shards, "--output", run, "--batch-size", 4]
    train += ["--epochs", 1, "--steps-per-epoch", 1, "--augment", "none"]
    assert main([*map(str, train)]) == 0
    tflite, scores = run / "mine.tflite", tmp_path / "evaluation"
    export = ["export", run / "best.keras", "--output", tflite, "--quantize", "float16"]
    assert main([*map(str, export)]) == 0
    described = json.loads((run / "mine.json").read_text())
    # The faces were found as the shards say.
    assert (described["num_attention_maps"], described["detector"]) == (0, "short")
    assert described["output_names"] == ["fake_probability"]
    for model in (run / "best.keras", tflite):
        evaluate = ["evaluate", "--model", model, "--data", shards, "--output", scores]
        assert main([*map(str, evaluate), "--overwrite"]) == 0
    capsys.readouterr()


def test_a_functional_network_comes_back(tmp_path):
    faces = keras.Input((SIDE, SIDE, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(faces))
    detector = OwnNetwork.around(keras.Model(faces, keras.layers.Dense(2)(x)))
    detector.save(tmp_path / "own.keras")
    detector.save_to_preset(tmp_path / "preset")
    pixels = np.random.default_rng(0).uniform(0, 255, (2, SIDE, SIDE, 3))
    for each in ("own.keras", "preset"):
        back = load_face_classifier(tmp_path / each)
        np.testing.assert_array_equal(back.predict(pixels), detector.predict(pixels))


@pytest.mark.parametrize(
    ("preset", "fields"),
    [("madd_tiny", {}), ("two_branch", {"width": 8, "growth": 4, "dense_layers": [1, 1]})],
)
def test_no_attribute_of_a_class_hides_a_layer(preset, fields):
    """PyTorch's modules keep their layers where Python looks last."""
    model = FaceClassifier.from_preset(preset, input_size=32, **fields)
    layers = [name for name, each in vars(model).items() if isinstance(each, keras.layers.Layer)]
    assert "network" in layers
    assert [name for name in layers if any(name in vars(each) for each in type(model).mro())] == []


def test_what_is_no_array_of_crops_is_told_and_none_is_no_score():
    model = MADD.from_preset("madd_tiny")
    crops = np.zeros((2, 64, 64, 3), np.uint8)
    for none in (crops[:0], []):
        assert model.fake_probability(none).shape == (0,)
        assert model.heat_maps(none).shape == model.attention_maps(none).shape == (0, 4, 4, 4)
        assert model.embed(none).shape == (0, model.embed(crops).shape[1])
    with pytest.raises(ValueError, match=r"`pixels` must be one array.*np\.stack.*Received: "):
        model.fake_probability(list(crops))
    with pytest.raises(ValueError, match=r"`pixels` must be one array.*Received: dict"):
        model({"pixels": crops})


@tensorflow_only
def test_a_fresh_model_exports_as_keras_exports(tmp_path):
    import tensorflow as tf

    model = MADD.from_preset("madd_tiny", seed=0)
    model.export(tmp_path / "saved", verbose=False)
    crops = np.random.default_rng(0).uniform(0, 255, (3, 64, 64, 3)).astype("float32")
    saved = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_allclose(saved.serve(crops), model.predict(crops, verbose=0), atol=1e-5)


def test_quantising_in_place_is_refused_with_the_way_that_works():
    with pytest.raises(ValueError, match=r"keras-madd export --quantize int8.*'int8'"):
        MADD.from_preset("madd_tiny").quantize("int8")
