import numpy as np
import pytest
from keras import ops

from keras_madd.layers.blend_mask_loss import blend_mask_loss


def cross_entropy(share, logit):
    chance = 1 / (1 + np.exp(-logit))
    return -(share * np.log(chance) + (1 - share) * np.log(1 - chance))


@pytest.fixture
def given():
    random = np.random.default_rng(0)
    mask = random.uniform(0, 1, (3, 6, 6, 1)).astype("float32")
    mask[1] = -1
    maps = [random.normal(0, 2, (3, side, side, 1)).astype("float32") for side in (6, 3)]
    return mask, maps


def by_hand(mask, maps, weight):
    """Of the images whose mask is known: 0 and 2."""
    means = []
    for logits in maps:
        side = logits.shape[1]
        cell = 6 // side
        small = mask.reshape(3, side, cell, side, cell, 1).mean((2, 4))
        each = cross_entropy(small.astype("float64"), logits).mean((1, 2, 3))
        means.append((weight[0] * each[0] + weight[2] * each[2]) / (weight[0] + weight[2]))
    return np.mean(means)


def test_the_mean_cross_entropy_of_known_masks(given):
    mask, maps = given
    found = blend_mask_loss(ops.convert_to_tensor(mask), [ops.convert_to_tensor(m) for m in maps])
    np.testing.assert_allclose(ops.convert_to_numpy(found), by_hand(mask, maps, [1, 1, 1]), 1e-5)


def test_weights_of_images(given):
    mask, maps = given
    weight = [0.5, 3.0, 2.0]
    found = blend_mask_loss(
        ops.convert_to_tensor(mask),
        [ops.convert_to_tensor(each) for each in maps],
        ops.convert_to_tensor(np.float32(weight)),
    )
    np.testing.assert_allclose(ops.convert_to_numpy(found), by_hand(mask, maps, weight), 1e-5)


def test_nothing_known_costs_nothing(given):
    mask, maps = given
    found = blend_mask_loss(ops.convert_to_tensor(mask * 0 - 1), maps)
    assert float(found) == 0


def test_sides_that_do_not_divide():
    """Of a picture of 300 pixels: 19 places and 10."""
    mask = np.ones((2, 19, 19, 1), "float32")
    found = blend_mask_loss(ops.convert_to_tensor(mask), [np.zeros((2, 10, 10, 1), "float32")])
    assert float(found) == pytest.approx(np.log(2), rel=1e-6)
