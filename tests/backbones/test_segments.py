import itertools

import keras
import numpy as np
import pytest
from backends import as_numpy

from keras_madd.backbones.segments import create_segments, stem_size
from keras_madd.backbones.slim_xception import build_slim_xception


def test_the_pieces_of_xception_are_all_of_it():
    pieces = create_segments("xception", (71, 75), 3)
    # keras.applications without its top.
    assert sum(piece.count_params() for piece in pieces) == 20_861_480
    assert pieces[0].output.shape[1:] == pieces[1].input.shape[1:] == (5, 5, 728)
    assert pieces[2].output.shape[1:] == (3, 3, 2048)
    for piece, following in itertools.pairwise(pieces):
        assert piece.output.shape == following.input.shape
    assert stem_size("xception", (71, 75)) == (35, 37)


def kernel_of(piece):
    return as_numpy(piece.get_layer("segment_1_stem").kernel.value)


def pieces_of(channels, **arguments):
    keras.utils.set_random_seed(0)
    return create_segments("tiny", (32, 24), channels, **arguments)


def test_bands_that_add_up_to_a_picture_are_answered_as_the_picture():
    whole, pieces = pieces_of(3)[0], pieces_of(9)[0]
    pieces.set_weights([kernel_of(pieces), *whole.get_weights()[1:]])
    assert np.abs(kernel_of(pieces)).max() > 0
    bands = np.random.default_rng(0).normal(0, 1, (2, 32, 24, 3, 3)).astype("float32")
    joined = bands.reshape(2, 32, 24, 9)
    expected = as_numpy(whole(bands.sum(3)))
    np.testing.assert_allclose(as_numpy(pieces(joined)), expected, atol=1e-4)


def test_a_piece_can_begin_behind_the_first_stride():
    whole, pieces = pieces_of(3), pieces_of(6, from_stem=True)
    for ours, theirs in zip(pieces, whole, strict=True):
        assert ours.output.shape == theirs.output.shape
    assert pieces[0].input.shape[1:] == (*stem_size("tiny", (32, 24)), 6)
    mean = kernel_of(whole[0]).mean(2, keepdims=True) / 2
    np.testing.assert_allclose(kernel_of(pieces[0]), np.repeat(mean, 6, 2), atol=1e-6)


def test_slim_xception_is_slimmer():
    model = build_slim_xception((64, 64, 8), 0.25, 1)
    assert model.output.shape == (None, 2, 2, 512)
    whole = build_slim_xception((64, 64, 3), 1.0, 8)
    # Xception has 20.8 million; a first convolution of 3x3x3x32 is the same.
    assert whole.count_params() == pytest.approx(20_861_480, rel=0.01)
    assert model.count_params() < 0.1 * whole.count_params()


def test_unknown_names_are_told():
    with pytest.raises(ValueError, match=r"`backbone` must be one of xception.*'resnet'"):
        create_segments("resnet", (32, 32), 3)
    with pytest.raises(ValueError, match="`weights` must be None for backbone 'tiny'"):
        create_segments("tiny", (32, 32), 3, weights="imagenet")
