import numpy as np
import pytest
from exported_model import exported, tiny_model

from keras_madd.exporting.activation_ranges import activation_extremes, activation_ranges
from keras_madd.exporting.layer_errors import LayerError, layer_errors
from keras_madd.exporting.litert import float_litert
from keras_madd.exporting.quantization import Recipe, quantize_content
from keras_madd.exporting.verify import sample_pictures


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("float")).read_bytes()


def test_a_file_against_itself_is_off_nowhere(content):
    found = layer_errors(content, content, sample_pictures((64, 64), 2))
    assert len(found) > 8
    assert {each.relative_error for each in found} == {0.0}
    assert {"CONV_2D", "BATCH_MATMUL", "FULLY_CONNECTED"} <= {each.operation for each in found}
    assert not any(each.layer.startswith(("score", "network")) for each in found)


def test_a_range_that_is_too_narrow_shows_where_it_is(content):
    pictures = sample_pictures((64, 64), 4)
    ranges = activation_ranges(activation_extremes(content, pictures), content)
    good = layer_errors(content, quantize_content(content, Recipe(), ranges), pictures)
    assert 0 < max(each.relative_error for each in good) < 0.15
    name = next(each for each in ranges if "b1_1" in each or "b1_activation" in each)
    narrow = {**ranges, name: (0.0, ranges[name][1] / 20)}
    bad = layer_errors(content, quantize_content(content, Recipe(), narrow), pictures)
    jump = np.array([b.relative_error - g.relative_error for b, g in zip(bad, good, strict=True)])
    first = int(np.argmax(jump > 0.2))
    assert jump[first] > 0.2
    assert bad[first].layer.split("/")[-2].startswith("b1")
    assert isinstance(bad[first], LayerError)


def test_the_model_is_only_read(content):
    assert len(float_litert(tiny_model())) == pytest.approx(len(content), rel=0.02)
