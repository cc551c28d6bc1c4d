"""What is in 8 bits and what is not is read from the files, never from the recipe."""

import numpy as np
import pytest
from exported_model import shaken

from keras_madd.exporting import quantization, recipe_choice
from keras_madd.exporting.activation_ranges import activation_extremes, activation_ranges
from keras_madd.exporting.delegation import delegation
from keras_madd.exporting.equalization import channel_reader, equalized
from keras_madd.exporting.interpreter import over_pictures
from keras_madd.exporting.litert import export_litert, float_litert
from keras_madd.exporting.litert_file import (
    Graph,
    Operation,
    graph_of,
    operator_counts,
    pack,
    parse,
    read_graph,
    unfolded_scales,
)
from keras_madd.exporting.quantization import RECIPES, Recipe, plan, quantize_content
from keras_madd.exporting.verify import sample_pictures

CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV")


def run(content, pictures):
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner()
    kind = runner.get_input_details()["image"]["dtype"]
    return [runner(image=picture[None].astype(kind)) for picture in pictures]


@pytest.fixture(scope="module")
def tiny():
    model = shaken(backbone="tiny", input_size=64)
    return model, float_litert(model)


def quantized(content, recipe=Recipe(), input_type="float32", count=8):  # noqa: B008
    extremes = activation_extremes(content, sample_pictures((64, 64), count, seed=1))
    return quantize_content(content, recipe, activation_ranges(extremes, content), input_type)


def results(content, names):
    """Name of each operation of these kinds -> type of its result, and of its weights."""
    graph = graph_of(parse(content))
    return [
        (each.name, graph.types[each.outputs[0]], graph.types[each.inputs[1]])
        for each in graph.operations
        if each.name in names
    ]


CASES = [
    pytest.param("tiny", 64, "paper", id="paper"),
    pytest.param("tiny", 64, "official", id="official"),
    pytest.param("tiny", 72, "deepfakebench", id="deepfakebench"),
    pytest.param("mobilenet_v2_035", 64, "paper", id="mobilenet_v2", marks=pytest.mark.slow),
    pytest.param("mobilenet_v3_small", 64, "paper", id="mobilenet_v3", marks=pytest.mark.slow),
    pytest.param("efficientnet_b0", 64, "paper", id="efficientnet", marks=pytest.mark.slow),
    pytest.param(
        "official_efficientnet_b0", 96, "official", id="official_b0", marks=pytest.mark.slow
    ),
]


@pytest.mark.parametrize(("backbone", "size", "variant"), CASES)
def test_convolutions_are_int8_and_the_rest_is_float(
    tmp_path, monkeypatch, backbone, size, variant
):
    # Of the recipes that are tried, the first.
    monkeypatch.setattr(recipe_choice, "CANDIDATES", recipe_choice.CANDIDATES[:1])
    model = shaken(backbone=backbone, input_size=size, variant=variant)
    path = tmp_path / "model.tflite"
    pictures = sample_pictures((size, size), 8, seed=1)
    content = float_litert(model)
    assert unfolded_scales(graph_of(parse(content))) == []
    export_litert(model, path, "int8", calibration=pictures, float_content=content)
    graph = read_graph(path)
    kinds = [graph.types[each.outputs[0]] for each in graph.operations if each.name in CONVOLUTIONS]
    # One convolution is float: the last before the attention maps.
    assert kinds.count("FLOAT32") == 1
    assert kinds.count("INT8") == len(kinds) - 1 >= 8
    weights = {
        graph.types[each.inputs[1]]
        for each in graph.operations
        if each.name in CONVOLUTIONS and graph.types[each.outputs[0]] == "INT8"
    }
    assert weights == {"INT8"}
    pooling = [each for each in graph.operations if each.name == "BATCH_MATMUL"]
    assert len(pooling) >= 2
    sensitive = ("BATCH_MATMUL", "FULLY_CONNECTED", "RSQRT", "MAXIMUM", "DIV", "SOFTMAX", "TANH")
    for each in graph.operations:
        if each.name in sensitive and each.name != "FULLY_CONNECTED":
            assert graph.types[each.outputs[0]] == "FLOAT32", each
    # And the whole still computes the network.
    probabilities = [each["fake_probability"][0] for each in run(path.read_bytes(), pictures)]
    assert np.abs(probabilities - model.fake_probability(pictures)).max() < 0.05


def test_all_convolutions_are_int8_where_a_dense_layer_gives_the_maps(tmp_path):
    model = shaken(backbone="tiny", input_size=64, num_attentions=0)
    # So that most places speak for fake.
    model.network.get_layer("head").bias.assign([0.0, 1.0])
    pictures = sample_pictures((64, 64), 8, seed=1)
    content = quantized(float_litert(model))
    assert {kind for _, kind, _ in results(content, ("CONV_2D",))} == {"INT8"}
    assert {each[1:] for each in results(content, ("FULLY_CONNECTED",))} == {("FLOAT32", "FLOAT32")}
    maps = np.concatenate([each["attention_maps"] for each in run(content, pictures)])
    expected = model.heat_maps(pictures)
    assert np.abs(maps - expected).max() < 0.05 * expected.max()


@pytest.mark.parametrize("num_attentions", [0, 2])
def test_maps_of_what_was_blended_bear_8_bits(num_attentions):
    fields = {"augmented_classification_weight": 0.0, "blend_mask_weight": 1.0}
    model = shaken(backbone="tiny", input_size=64, num_attentions=num_attentions, **fields)
    pictures = sample_pictures((64, 64), 8, seed=1)
    content = quantized(float_litert(model))
    kinds = [kind for _, kind, _ in results(content, ("CONV_2D",))]
    # The two that draw the map are float, and nothing else.
    assert kinds.count("FLOAT32") == 2
    found = run(content, pictures)
    maps = np.concatenate([each["blend_maps"] for each in found])
    expected = model.heat_maps(pictures)
    assert maps.shape == expected.shape == (8, 4, 4, 1)
    assert np.abs(maps - expected).max() < 0.05
    probabilities = np.array([each["fake_probability"][0] for each in found])
    assert np.abs(probabilities - model.fake_probability(pictures)).max() < 0.05


def test_attention_and_head_follow_the_recipe(tiny):
    content = tiny[1]
    both = results(quantized(content, Recipe(attention=True, head="static")), ("CONV_2D",))
    assert {kind for _, kind, _ in both} == {"INT8"}
    heads = {
        head: results(quantized(content, Recipe(head=head)), ("FULLY_CONNECTED",))[-1][1:]
        for head in ("float", "dynamic", "static")
    }
    assert heads == {
        "float": ("FLOAT32", "FLOAT32"),
        "dynamic": ("FLOAT32", "INT8"),
        "static": ("INT8", "INT8"),
    }
    with pytest.raises(ValueError, match=r"`head`.*Received: head='int4'"):
        Recipe(head="int4")


@pytest.mark.parametrize(("many", "stored"), [(1, "INT8"), (65536, "FLOAT32")])
def test_a_small_head_keeps_its_weights_in_float_as_gpu_delegates_need_it(
    tiny, monkeypatch, many, stored
):
    """Weights in 8 bits are dequantised first: a dense layer whose weights are no constant."""
    monkeypatch.setattr(quantization, "_MANY_WEIGHTS", many)
    graph = graph_of(parse(quantized(tiny[1], Recipe(head="weights"))))
    (head,) = (each for each in graph.operations if each.name == "FULLY_CONNECTED")
    weights = head.inputs[1]
    if weights not in graph.constants:
        (weights,) = graph.operations[graph.producers()[weights]].inputs
    assert graph.types[weights] == stored


def test_dynamic_needs_no_ranges_and_stays_whole(tmp_path, tiny):
    content = quantize_content(tiny[1], RECIPES["dynamic"], {})
    found = results(content, ("CONV_2D", "FULLY_CONNECTED"))
    assert {result for _, result, _ in found} == {"FLOAT32"}
    assert {weights for _, _, weights in found} == {"INT8"}
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    assert len(delegation(path).partitions) == 1


def test_full_is_integers_between_its_ends(tiny):
    graph = graph_of(parse(quantized(tiny[1], Recipe(everything=True))))
    for each in graph.operations:
        ends = each.name in ("QUANTIZE", "DEQUANTIZE")
        assert ends or graph.types[each.outputs[0]] == "INT8", each
    # Floats come in at one place; further quantisations only change one 8-bit scale for another.
    kinds = [graph.types[e.inputs[0]] for e in graph.operations if e.name == "QUANTIZE"]
    assert kinds.count("FLOAT32") == 1
    assert set(kinds) <= {"FLOAT32", "INT8"}


def test_signature_and_8_bit_pixels(tiny):
    content, pictures = tiny[1], sample_pictures((64, 64), 3)
    as_float, as_pixels = quantized(content), quantized(content, input_type="uint8")
    for one, other in zip(run(as_float, pictures), run(as_pixels, pictures), strict=True):
        assert set(one) == {"fake_probability", "attention_maps"}
        assert {value.dtype for value in one.values()} == {np.dtype("float32")}
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])
    graph = graph_of(parse(as_pixels))
    assert graph.types[graph.inputs[0]] == "UINT8"


def test_the_file_is_smaller_and_repacking_changes_nothing(tiny):
    content, pictures = tiny[1], sample_pictures((64, 64), 2)
    assert len(quantized(content)) < 0.5 * len(content)
    again = pack(parse(content))
    assert graph_of(parse(again)) == graph_of(parse(content))
    for one, other in zip(run(content, pictures), run(again, pictures), strict=True):
        np.testing.assert_array_equal(one["fake_probability"], other["fake_probability"])


def test_range_of_pixels_does_not_depend_on_the_pictures(tiny):
    content = tiny[1]
    dark = [np.full((64, 64, 3), 9, "uint8")]
    extremes = activation_extremes(content, dark)
    graph = graph_of(parse(content))
    name = graph.names[graph.inputs[0]]
    assert activation_ranges(extremes)[name] == (9.0, 9.0)
    assert activation_ranges(extremes, content)[name] == (0.0, 255.0)
    with pytest.raises(ValueError, match="`pictures`"):
        activation_extremes(content, [])


def test_ranges_from_extremes():
    extremes = {"a": np.array([[-1.0, 2.0], [-3.0, 4.0], [-2.0, 12.0]])}
    assert activation_ranges(extremes, estimate="all") == {"a": (-3.0, 12.0)}
    assert activation_ranges(extremes, estimate="mean") == {"a": (-2.0, 6.0)}
    assert activation_ranges(extremes, estimate=50) == {"a": (-2.0, 4.0)}
    assert activation_ranges(extremes, estimate=100) == {"a": (-3.0, 12.0)}


def test_plan_judges_by_place():
    """conv -> relu -> conv -> maps; the second convolution also feeds a pooling and a head."""
    names = ("image", "kernel", "a", "b", "c", "flat", "head", "logits")
    operations = (
        Operation("CONV_2D", (0, 1), (2,)),
        Operation("RELU", (2,), (3,)),
        Operation("CONV_2D", (3, 1), (4,)),
        Operation("RESHAPE", (4,), (5,)),
        Operation("FULLY_CONNECTED", (5, 6), (7,)),
    )
    shapes = ((1,),) * 6 + ((2, 40000), (1, 2))
    graph = Graph(operations, (0,), (4, 7), names, ("FLOAT32",) * 8, shapes, frozenset((1, 6)))
    assert plan(graph, Recipe(), None) == ["static", "static", "static", "float", "weights"]
    assert plan(graph, Recipe(), 4) == ["static", "static", "float", "float", "weights"]
    assert plan(graph, Recipe(attention=True), 4)[2] == "static"
    assert plan(graph, Recipe(everything=True), 4) == ["static"] * 5


def chain(*names, weights=(4, 4)):
    """A graph of operations one behind the other; each has tensor 0 as its weights."""
    operations = tuple(
        Operation(name, (place + 1, 0), (place + 2,)) for place, name in enumerate(names)
    )
    count = len(names) + 2
    shapes = (weights, *((1, 8, 8, 4),) * (count - 1))
    ends = (1,), (count - 1,)
    return Graph(operations, *ends, ("x",) * count, ("FLOAT32",) * count, shapes, frozenset([0]))


def test_what_goes_into_a_logarithm_stays_float():
    names = ("CONV_2D", "RELU", "CONV_2D", "ABS", "FULLY_CONNECTED", "LOG", "CONV_2D", "CONV_2D")
    kept = ["float"] * 5
    assert plan(chain(*names), Recipe(), None) == ["static", *kept, "static", "static"]
    dynamic = plan(chain(*names), RECIPES["dynamic"], None)
    assert dynamic == ["dynamic", *kept, "dynamic", "dynamic"]
    # The logarithm of a head is no spectrum's.
    assert quantization.spectral(chain("CONV_2D", "MEAN", "SOFTMAX", "LOG")) == set()


def test_both_halves_of_a_transform_stay_float():
    names = ("BATCH_MATMUL", "FULLY_CONNECTED", "MUL", "BATCH_MATMUL", "FULLY_CONNECTED", "CONV_2D")
    for recipe, last in ((Recipe(), "static"), (RECIPES["dynamic"], "dynamic")):
        assert plan(chain(*names), recipe, None) == ["float"] * 5 + [last]
    assert quantization.spectral(chain("CONV_2D", "FULLY_CONNECTED")) == set()
    assert quantization.spectral(chain(*names, weights=(4, 8))) == set()


def test_a_scale_left_behind_a_convolution_is_found():
    names = ("image", "kernel", "a", "scale", "b")
    shapes = ((1, 4, 4, 3), (8, 1, 1, 3), (1, 4, 4, 8), (8,), (1, 4, 4, 8))
    for activation, found in (("NONE", ["b"]), ("RELU6", [])):
        operations = (
            Operation("CONV_2D", (0, 1), (2,), activation),
            Operation("MUL", (2, 3), (4,)),
        )
        graph = Graph(operations, (0,), (4,), names, ("FLOAT32",) * 5, shapes, frozenset((1, 3)))
        assert unfolded_scales(graph) == found


def test_equalization_keeps_the_function_and_fills_the_ranges(tiny):
    content, pictures = tiny[1], sample_pictures((64, 64), 8, seed=1)
    changed = equalized(content, pictures)
    for one, other in zip(run(content, pictures), run(changed, pictures), strict=True):
        # Zero of the pixel scaling moves by half a grey level, which borders see.
        np.testing.assert_allclose(one["fake_probability"], other["fake_probability"], atol=2e-4)
    assert spread(changed, pictures) < 1.5 < spread(content, pictures)


def spread(content, pictures):
    """Mean ratio of the largest to the median channel, over what only convolutions read."""
    read = channel_reader(graph_of(parse(content)))
    found = over_pictures(content, pictures, read, every_tensor=True)
    assert len(found[0]) >= 4
    largest = [np.percentile(each, 99, axis=0) for each in zip(*found, strict=True)]
    return np.mean([each.max() / np.median(each) for each in largest])


def test_only_builtin_operations_and_no_transposition(tmp_path, tiny):
    path = tmp_path / "model.tflite"
    path.write_bytes(quantized(tiny[1]))
    counts = operator_counts(path)
    assert not any(name.startswith("custom:") for name in counts)
    assert counts["TRANSPOSE"] == 0
