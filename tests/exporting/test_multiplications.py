"""Counts of work against the arithmetic of each layer."""

import keras
import pytest
from backends import tensorflow_only

from keras_madd import OwnNetwork
from keras_madd.exporting.litert import float_litert
from keras_madd.exporting.litert_file import Graph, Operation, graph_of, parse
from keras_madd.exporting.multiplications import multiplications


@tensorflow_only
def test_a_network_by_hand():
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(8, 3, strides=2, padding="same"),
            keras.layers.DepthwiseConv2D(5, padding="valid"),
            keras.layers.Conv2D(16, 1, groups=1),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2),
        ]
    )
    content = float_litert(OwnNetwork.around(model))
    by_hand = 16 * 16 * 8 * 27 + 12 * 12 * 8 * 25 + 12 * 12 * 16 * 8 + 16 * 2
    assert multiplications(graph_of(parse(content))) == by_hand


@pytest.mark.parametrize(
    ("name", "shapes", "expected"),
    [
        ("BATCH_MATMUL", [(2, 5, 7), (2, 7, 3), (2, 5, 3)], 2 * 5 * 7 * 3),
        # The first factor transposed.
        ("BATCH_MATMUL", [(2, 7, 5), (2, 7, 3), (2, 5, 3)], 2 * 5 * 7 * 3),
        # Filters of a group see its channels alone.
        ("CONV_2D", [(1, 8, 8, 6), (4, 3, 3, 3), (1, 8, 8, 4)], 64 * 4 * 27),
        ("FULLY_CONNECTED", [(6, 10), (4, 10), (6, 4)], 6 * 10 * 4),
        ("ADD", [(6, 10), (6, 10), (6, 10)], 0),
    ],
)
def test_an_operation(name, shapes, expected):
    operation = Operation(name, (0, 1), (2,))
    graph = Graph(
        (operation,), (0,), (2,), ("a", "b", "c"), ("FLOAT32",) * 3, tuple(shapes), frozenset()
    )
    assert multiplications(graph) == expected
