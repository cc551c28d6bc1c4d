"""A file is run over pictures by several interpreters at a time, each answer in its place."""

import threading

import numpy as np
import pytest
from exported_model import tiny_model

from keras_madd.exporting.activation_ranges import activation_extremes
from keras_madd.exporting.interpreter import open_interpreter, over_pictures, run_picture
from keras_madd.exporting.litert import float_litert
from keras_madd.exporting.verify import sample_pictures


@pytest.fixture(scope="module")
def content():
    return float_litert(tiny_model())


PICTURES = sample_pictures(tiny_model().config.input_size, 7)


def first_output(interpreter):
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def test_each_answer_is_in_the_place_of_its_picture(content):
    alone, expected = open_interpreter(content, 1), []
    for picture in PICTURES:
        run_picture(alone, picture)
        expected.append(first_output(alone))
    np.testing.assert_array_equal(over_pictures(content, PICTURES, first_output, 3), expected)


def test_extremes_are_the_same_by_one_and_by_three(content):
    one, three = (activation_extremes(content, PICTURES, threads=each) for each in (1, 3))
    assert one.keys() == three.keys()
    assert all(np.array_equal(one[name], three[name]) for name in one)


def test_it_tells_how_many_are_done(content):
    told = []
    over_pictures(content, PICTURES, first_output, advance=told.append)
    assert told == [1, 2, 3, 4, 5, 6, 7]
    assert over_pictures(content, [], first_output) == []


def test_an_error_ends_it_and_leaves_no_thread(content):
    def fail(interpreter):
        raise ZeroDivisionError

    before = threading.active_count()
    with pytest.raises(ZeroDivisionError):
        over_pictures(content, PICTURES, fail)
    assert threading.active_count() == before
