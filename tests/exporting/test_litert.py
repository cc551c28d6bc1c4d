import os

import flatbuffers
import keras
import numpy as np
import pytest
from exported_model import exported, tiny_model

from keras_madd import MADD, OwnNetwork
from keras_madd.cli import export as command
from keras_madd.exporting import litert, litert_file, scoring_graph
from keras_madd.exporting.exported_file import export_bundle
from keras_madd.exporting.litert import export_litert
from keras_madd.exporting.litert_file import check_builtin_only, operator_counts
from keras_madd.exporting.verify import compare_export, sample_pictures
from keras_madd.inference.model_description import read_model_json
from keras_madd.support.errors import UserError


def interpreter(path):
    from ai_edge_litert.interpreter import Interpreter

    found = Interpreter(str(path))
    found.allocate_tensors()
    return found


@pytest.mark.parametrize(
    ("quantize", "bound"), [("none", 1e-5), ("float16", 1e-3), ("dynamic", 0.02)]
)
def test_exported_file_agrees_with_keras(tmp_path, quantize, bound):
    path, model = exported(tmp_path, quantize), tiny_model()
    compared = compare_export(model, path, sample_pictures(model.config.input_size))
    assert compared["max_probability_difference"] < bound
    assert compared["max_attention_difference"] < 10 * bound
    assert read_model_json(path).quantization == quantize


def test_size_falls_with_the_number_of_bytes(tmp_path):
    sizes = [exported(tmp_path, kind).stat().st_size for kind in ("none", "float16", "dynamic")]
    assert sizes[0] > 1.5 * sizes[1] > 1.5 * sizes[2]


def test_signature_is_static_and_named(tmp_path):
    model, batch = tiny_model(), 3
    found = interpreter(exported(tmp_path, batch=batch))
    assert set(found.get_signature_list()) == {"serving_default"}
    runner = found.get_signature_runner()
    (name, image), *others = runner.get_input_details().items()
    assert (name, others) == ("image", [])
    assert tuple(image["shape_signature"]) == (batch, *model.config.input_size, 3)
    assert image["dtype"] == np.float32
    outputs = runner.get_output_details()
    assert set(outputs) == {"fake_probability", "attention_maps"}
    assert tuple(outputs["fake_probability"]["shape_signature"]) == (batch,)
    maps = tuple(outputs["attention_maps"]["shape_signature"])
    assert (maps[0], maps[3]) == (batch, model.config.num_attentions)
    assert {value["dtype"] for value in outputs.values()} == {np.float32}


def test_scaling_is_inside_and_probability_is_one_minus_real(tmp_path):
    model = tiny_model()
    runner = interpreter(exported(tmp_path)).get_signature_runner()
    pixels = sample_pictures(model.config.input_size, 1)
    logits = keras.ops.convert_to_numpy(model(pixels, training=False))
    expected = 1 - np.exp(logits[0, 0]) / np.exp(logits[0]).sum()
    found = runner(image=pixels.astype(np.float32))["fake_probability"]
    np.testing.assert_allclose(found, [expected], atol=1e-6)


def test_a_batch_gives_the_same_as_single_pictures(tmp_path):
    model = tiny_model()
    pixels = sample_pictures(model.config.input_size, 5)
    single = compare_export(model, exported(tmp_path), pixels)
    batched = compare_export(model, exported(tmp_path, batch=3), pixels)
    assert batched["images"] == single["images"] == 5
    assert batched["max_probability_difference"] < 1e-5


def test_a_difference_is_seen(tmp_path):
    """The check must be able to fail: another model's file does not pass for this one's."""
    keras.utils.set_random_seed(1)
    other = type(tiny_model()).from_preset("madd_tiny")
    pixels = sample_pictures(other.config.input_size)
    compared = compare_export(other, exported(tmp_path), pixels)
    assert compared["max_probability_difference"] > 1e-4
    assert compared["max_attention_difference"] > 1e-2


@pytest.mark.slow
@pytest.mark.parametrize("fields", [{"num_attentions": 0}, {"num_classes": 5}])
def test_other_heads(tmp_path, fields):
    config = tiny_model().config
    model = type(tiny_model())(type(config)(**(config.to_dict() | fields)))
    path = tmp_path / "model.tflite"
    description = export_bundle(model, path)
    pixels = sample_pictures(model.config.input_size, 2)
    compared = compare_export(model, path, pixels)
    assert compared["max_probability_difference"] < 1e-5
    assert compared["max_attention_difference"] < 1e-4
    assert len(description.classes) == model.config.num_classes
    assert description.num_attention_maps == (model.config.num_attentions or 1)
    assert "attention_maps" in description.output_names


def test_only_builtin_operations(tmp_path):
    counts = operator_counts(exported(tmp_path))
    assert counts["CONV_2D"] > 0
    assert not any(name.startswith("custom:") for name in counts)


def test_the_network_is_traced_once_and_the_file_is_that_of_keras(tmp_path, monkeypatch):
    """`Model.export` saves and traces more, and gives the same operations and the same weights."""
    import tensorflow as tf

    traces = []

    class Counted(keras.layers.Layer):
        def call(self, x):
            traces.append(x)
            return x

    image = keras.Input(batch_shape=(1, 8, 8, 3), name="image")
    x = keras.layers.BatchNormalization()(keras.layers.Conv2D(4, 3)(image))
    x = keras.layers.ReLU()(x)
    x = keras.layers.Dense(1, "sigmoid")(keras.layers.GlobalAveragePooling2D()(Counted()(x)))
    graph = keras.Model(image, {"fake_probability": keras.ops.reshape(x, (-1,))})
    rng = np.random.default_rng(0)
    graph.set_weights([rng.uniform(0.5, 1.5, each.shape) for each in graph.get_weights()])
    monkeypatch.setattr(scoring_graph, "scoring_graph", lambda model, batch, input_type: graph)
    traces.clear()
    found = litert_file.parse(litert.float_litert(None))
    assert len(traces) == 1

    graph.export(
        tmp_path / "keras.tflite",
        format="litert",
        verbose=False,
        target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]},
    )
    expected = litert_file.parse((tmp_path / "keras.tflite").read_bytes())
    assert steps_of(found) == steps_of(expected)
    names = [[each.name for each in model.signatureDefs[0].outputs] for model in (found, expected)]
    assert names[0] == names[1]


def steps_of(model):
    """Every operation with its constants, whatever the numbers of its tensors."""
    graph, (subgraph,) = litert_file.graph_of(model), model.subgraphs
    return [
        (
            each.name,
            each.activation,
            [
                bytes(model.buffers[subgraph.tensors[number].buffer].data)
                for number in each.inputs
                if number in graph.constants
            ],
            [graph.shapes[number] for number in each.outputs],
        )
        for each in graph.operations
    ]


def test_a_custom_operation_is_found_and_nothing_is_left(tmp_path, monkeypatch):
    class WithForeignOperation(keras.layers.Layer):
        def call(self, x):
            import tensorflow as tf

            return tf.raw_ops.BesselI0e(x=x)

    def graph(model, batch, input_type):
        image = keras.Input(batch_shape=(batch, 4, 4, 3), name="image")
        return keras.Model(image, {"fake_probability": WithForeignOperation()(image)})

    monkeypatch.setattr(scoring_graph, "scoring_graph", graph)
    with pytest.raises(UserError, match="BesselI0e"):
        litert.export_litert(tiny_model(), tmp_path / "model.tflite")
    assert os.listdir(tmp_path) == []


def test_custom_codes_are_refused(tmp_path):
    path = tmp_path / "custom.tflite"
    path.write_bytes(model_with_custom_code("FlexErf"))
    assert operator_counts(path) == {"custom:FlexErf": 1}
    with pytest.raises(UserError, match="FlexErf"):
        check_builtin_only(path)


def model_with_custom_code(name: str) -> bytes:
    from ai_edge_litert import schema_py_generated as schema

    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
    code.customCode = name
    graph = schema.SubGraphT()
    graph.operators = [schema.OperatorT()]
    model = schema.ModelT()
    model.version, model.operatorCodes, model.subgraphs = 3, [code], [graph]
    builder = flatbuffers.Builder(256)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def test_what_is_no_litert_file(tmp_path):
    path = tmp_path / "text.tflite"
    path.write_text("this is no model at all")
    with pytest.raises(UserError, match="not a LiteRT file"):
        operator_counts(path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantize": "int4"}, "`quantize`.*Received: quantize='int4'"),
        ({"quantize": "int8"}, "`calibration` must hold face crops for 'int8'. Received: none"),
        ({"quantize": "int8-full", "calibration": []}, "`calibration`"),
        ({"input_type": "int8"}, "`input_type`.*Received: input_type='int8'"),
        ({"batch": 0}, "`batch`.*Received: batch=0"),
        ({"path": "model.bin"}, r"`path` must end in \.tflite"),
    ],
)
def test_bad_arguments_are_refused_before_work(options, message):
    with pytest.raises(ValueError, match=message):
        export_litert(None, **{"path": "model.tflite"} | options)


def test_nothing_is_overwritten_unasked(tmp_path):
    path = exported(tmp_path)
    before = path.stat().st_mtime_ns
    with pytest.raises(UserError, match="exists; --overwrite"):
        export_bundle(tiny_model(), path)
    assert path.stat().st_mtime_ns == before
    path.unlink()
    with pytest.raises(UserError, match=r"model\.json exists"):
        export_bundle(tiny_model(), path)
    with pytest.raises(UserError, match="There is no folder"):
        export_bundle(tiny_model(), tmp_path / "none" / "model.tflite")
    with pytest.raises(ValueError, match="`classes`"):
        export_bundle(tiny_model(), tmp_path / "b.tflite", classes=["real"])
    assert not path.exists()


def parse(*arguments):
    import argparse

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(arguments)


@pytest.mark.slow
def test_command(tmp_path, capfd):
    saved, output = tmp_path / "model.keras", tmp_path / "model.tflite"
    tiny_model().save(saved)
    assert command.run(parse(str(saved), "--output", str(output), "--training-data", "none")) == 0
    captured = capfd.readouterr()
    assert "largest change of a probability" in captured.out
    # Progress, which a slow machine repeats, and nothing else: no word of any native library.
    stages = dict.fromkeys(line.split(":")[0] for line in captured.err.splitlines())
    assert list(stages) == ["model", "conversion"]
    description = read_model_json(output)
    assert description.training_data == "none"
    with pytest.raises(UserError, match="--overwrite"):
        command.run(parse(str(saved), "--output", str(output)))


def test_command_refuses_before_work(tmp_path, capsys):
    output = str(tmp_path / "a.tflite")
    with pytest.raises(UserError, match="There is no model"):
        command.run(parse(str(tmp_path / "a.keras"), "--output", output))
    with pytest.raises(UserError, match="must end in"):
        command.run(parse("a.keras", "--output", str(tmp_path / "a.bin")))
    with pytest.raises(SystemExit):
        parse("a.keras", "--output", output, "--crop-margin", "0")
    assert "argument --crop-margin: must be a number from 0.5 to 5" in capsys.readouterr().err


def _own(policy="float32", turned=False):
    keras.utils.set_random_seed(0)
    pixels = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(8, 3, dtype=policy)(keras.layers.Rescaling(1 / 255)(pixels))
    x = keras.layers.ReLU(dtype=policy)(1.0 - x if turned else x)
    x = keras.layers.GlobalAveragePooling2D(dtype="float32")(x)
    return OwnNetwork.around(keras.Model(pixels, keras.layers.Dense(2, dtype="float32")(x)))


@pytest.mark.parametrize(
    "settings", [{"policy": "mixed_float16"}, {"policy": "mixed_bfloat16"}, {"turned": True}]
)
def test_networks_of_ones_own(tmp_path, settings):
    """With layers in half precision, and a constant less a convolution's result."""
    model = _own(**settings)
    export_bundle(model, tmp_path / "model.tflite")
    found = compare_export(
        _own(turned=settings.get("turned", False)),
        tmp_path / "model.tflite",
        sample_pictures((32, 32), 8),
    )
    assert found["max_probability_difference"] < 1e-5


def test_standardized_textures(tmp_path):
    model = MADD.from_preset("madd_tiny", standardize_local=True, seed=0)
    pictures = sample_pictures(model.config.input_size, 40)
    keep = model.network.get_layer("head").standardization
    found = model.network.predict(pictures, verbose=0)["local_features"].reshape(40, -1)
    keep.moving_mean.assign(found.mean(0))
    keep.moving_variance.assign(found.var(0))
    path = tmp_path / "model.tflite"
    export_bundle(model, path)
    assert compare_export(model, path, pictures)["max_probability_difference"] < 1e-3
