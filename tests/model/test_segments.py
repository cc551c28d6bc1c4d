"""A network in segments computes what the network computes, and hands on little."""

import keras
import numpy as np
import pytest
from backends import as_numpy
from keras import layers, ops

from keras_madd import MADD
from keras_madd.model.segments import segments_of


def by_segments(network, given):
    whole, segments = segments_of(network)
    tensors = {whole.given[0]: given}
    for segment in segments:
        inside = {number: tensors[number] for number in segment.takes}
        for step in segment.steps:
            made = step.run([inside[number] for number in step.takes])
            inside.update(zip(step.makes, made, strict=True))
        tensors = {**tensors, **{number: inside[number] for number in segment.makes}}
    return keras.tree.pack_sequence_as(network.output, [tensors[each] for each in whole.returned])


def crooked():
    """Models in models, one of them called twice; a tensor used twice, and one of bools."""
    shared = keras.Sequential([keras.Input((4, 4, 2)), layers.Conv2D(2, 1)], name="shared")
    half = keras.Input((4, 4, 2), dtype="float16")
    inner = keras.Model(half, layers.Activation("tanh", dtype="float32")(half), name="inner")
    both = [keras.Input((4, 4, 2)), keras.Input((4, 4, 2))]
    joined = keras.Model(both, layers.Subtract()(both), name="joined")
    pixels = keras.Input((4, 4, 2))
    bright = pixels > 0.5
    once = inner(shared(pixels))
    twice = shared(layers.Add()([once, once]))
    kept = ops.where(bright, joined([twice, pixels]), 0.0)
    return keras.Model(pixels, {"kept": kept, "once": once, "pixels": pixels})


def networks():
    yield "crooked", crooked()
    yield "tiny", MADD(backbone="tiny", input_size=32).network
    yield "official", MADD(backbone="tiny", input_size=32, variant="official").network


@pytest.mark.parametrize(("name", "network"), networks())
def test_segments_compute_what_the_network_computes(name, network):
    given = np.random.default_rng(0).uniform(0, 1, (3, *network.input_shape[1:])).astype("float32")
    found = as_numpy(by_segments(network, ops.convert_to_tensor(given)))
    expected = as_numpy(network(given))
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-5, atol=1e-6, err_msg=key)


def test_little_is_handed_on_and_no_segment_is_large():
    network = MADD(backbone="efficientnet_b0", input_size=96).network
    whole, segments = segments_of(network)
    computed = [whole.bytes_of([n for step in each.steps for n in step.makes]) for each in segments]
    handed_on = sum(whole.bytes_of(each.makes) for each in segments)
    assert sum(len(each.steps) for each in segments) == len(whole.steps)
    assert handed_on + max(computed) < 0.3 * sum(computed)
    variables = {id(each) for segment in segments for each in segment.variables}
    assert variables == {id(each) for each in network.variables}


def test_a_sequential_is_taken_apart_too():
    parts = [layers.Conv2D(4, 3, padding="same", activation="relu") for _ in range(6)]
    pixels = keras.Input((16, 16, 3))
    network = keras.Model(pixels, keras.Sequential([keras.Input((16, 16, 3)), *parts])(pixels))
    whole, segments = segments_of(network)
    assert len(whole.steps) == 6
    assert len(segments) > 1
    given = np.random.default_rng(0).uniform(0, 1, (2, 16, 16, 3)).astype("float32")
    found = as_numpy(by_segments(network, ops.convert_to_tensor(given)))
    np.testing.assert_allclose(found, as_numpy(network(given)), rtol=1e-5, atol=1e-6)
