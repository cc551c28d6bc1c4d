import numpy as np
import pytest

from keras_madd.demo.balanced_batches import BalancedBatches


def batches(seed=0):
    # Every image is one constant with a mark at its left edge; 6 real and 20 fake.
    images = np.broadcast_to(
        np.arange(26, dtype="uint8")[:, None, None, None], (26, 4, 4, 3)
    ).copy()
    images[:, :, 0] = 255
    return BalancedBatches(images, (np.arange(26) >= 6).astype(int), batch_size=4, seed=seed)


def epoch(data):
    return [data[index] for index in range(len(data))]


def test_an_epoch_is_balanced_and_shows_every_real_image_once():
    data = batches()
    assert len(data) == 3
    images, labels = (np.concatenate(parts) for parts in zip(*epoch(data), strict=True))
    names = images[:, 0, 1, 0]
    assert labels.mean() == 0.5
    assert sorted(names[labels == 0]) == [0, 1, 2, 3, 4, 5]
    assert len(set(names[labels == 1])) == 6


def test_epochs_differ_and_follow_from_the_seed():
    first, second = batches(), batches()
    before = epoch(first)[0][0]
    np.testing.assert_array_equal(before, epoch(second)[0][0])
    first.on_epoch_end()
    assert not np.array_equal(before, epoch(first)[0][0])


def test_about_half_are_flipped():
    data = batches()
    flipped = 0
    for _ in range(20):
        images = np.concatenate([images for images, _ in epoch(data)])
        assert ((images[:, 0, 0, 0] == 255) != (images[:, 0, -1, 0] == 255)).all()
        flipped += (images[:, 0, -1, 0] == 255).sum()
        data.on_epoch_end()
    assert 80 < flipped < 160


def test_too_little_data_is_refused():
    with pytest.raises(ValueError, match="1 real, 0 fake"):
        BalancedBatches(np.zeros((1, 4, 4, 3), "uint8"), np.zeros(1, int), batch_size=2)
