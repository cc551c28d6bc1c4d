"""The 8-bit recipe is the first that keeps the answers on the calibration pictures, or the best."""

import numpy as np
import pytest
from exported_model import shaken

from keras_madd.exporting import recipe_choice
from keras_madd.exporting.activation_ranges import activation_extremes, activation_ranges
from keras_madd.exporting.equalization import equalized
from keras_madd.exporting.litert import float_litert
from keras_madd.exporting.litert_file import graph_of, parse
from keras_madd.exporting.quantization import CONVOLUTIONS, Recipe, plan, quantize_content
from keras_madd.exporting.verify import sample_pictures


@pytest.fixture(scope="module")
def network():
    model = shaken(backbone="tiny", input_size=64, batch_reduction="mean", seed=0)
    return float_litert(model), sample_pictures((64, 64), 12, seed=1)


def agreement(content, network):
    reference, found = (recipe_choice._log_odds(each, network[1]) for each in (network[0], content))
    return recipe_choice._correlation(reference, found)


def test_the_first_that_is_good_enough_is_taken(network, monkeypatch):
    monkeypatch.setattr(recipe_choice, "ENOUGH", -1.0)
    first = recipe_choice.int8_content(*network)
    monkeypatch.setattr(recipe_choice, "CANDIDATES", recipe_choice.CANDIDATES[:1])
    monkeypatch.setattr(recipe_choice, "ENOUGH", 2.0)
    assert recipe_choice.int8_content(*network) == first


def test_else_the_best_of_all(network, monkeypatch):
    monkeypatch.setattr(recipe_choice, "ENOUGH", 2.0)
    best = recipe_choice.int8_content(*network)
    single = []
    for candidate in recipe_choice.CANDIDATES:
        monkeypatch.setattr(recipe_choice, "CANDIDATES", (candidate,))
        single.append(recipe_choice.int8_content(*network))
    assert best in single
    assert agreement(best, network) == max(agreement(each, network) for each in single)


def test_one_whose_answers_are_no_numbers_is_never_the_best(network, monkeypatch):
    monkeypatch.setattr(recipe_choice, "ENOUGH", 2.0)
    candidates = recipe_choice.CANDIDATES[:2]
    monkeypatch.setattr(recipe_choice, "CANDIDATES", candidates[1:])
    expected = recipe_choice.int8_content(*network)
    found = iter([np.full(len(network[1]), np.nan), np.arange(len(network[1]))])
    monkeypatch.setattr(recipe_choice, "_log_odds", lambda *_: next(found))
    monkeypatch.setattr(recipe_choice, "CANDIDATES", candidates)
    assert recipe_choice.int8_content(*network) == expected


@pytest.mark.parametrize("equal", [True, False])
def test_the_bytes_are_those_of_the_steps_one_by_one(network, monkeypatch, equal):
    """One run over the float file serves all; channels are measured on some of the pictures."""
    content, pictures = network
    monkeypatch.setattr(recipe_choice, "PICTURES", 8)
    monkeypatch.setattr(recipe_choice, "CANDIDATES", ((equal, Recipe()),))
    ready = equalized(content, pictures[:8]) if equal else content
    ranges = activation_ranges(activation_extremes(ready, pictures), ready)
    expected = quantize_content(ready, Recipe(), ranges)
    assert recipe_choice.int8_content(content, pictures) == expected


def test_shallow_convolutions_stay_float(network):
    graph = graph_of(parse(network[0]))
    whole, deep = (plan(graph, Recipe(shallow=each), None) for each in ("static", "float"))
    sides = {}
    for index, operation in enumerate(graph.operations):
        if operation.name in CONVOLUTIONS:
            data = next(each for each in operation.inputs if each not in graph.constants)
            sides[index] = graph.shapes[data][1]
    first = next(index for index, side in sides.items() if side <= 8)
    assert {deep[index] for index in sides if index < first} == {"float"}
    assert "static" in {whole[index] for index in sides if index < first}
    assert deep[first:] == whole[first:]
