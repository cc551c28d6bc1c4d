"""BalancedBatches: training batches with as many real faces as fakes."""

import keras
import numpy as np


class BalancedBatches(keras.utils.PyDataset):
    """Batches of face crops held in memory, half real and half fake, flipped at random.

    An epoch shows every image of the rarer class once and as many of the other, drawn anew for
    each epoch. Works with every Keras backend.

    Args:
        images: `(N, H, W, 3)` uint8.
        labels: `(N,)`, 0 real, anything else fake.
        batch_size: Images in a batch; the last batch of an epoch is left out if it is smaller.
        seed: Everything random follows from it.

    Raises:
        ValueError: If a class is missing or an epoch has no full batch.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray, batch_size: int, seed: int = 0):
        super().__init__()
        self.images = images
        self.labels = labels
        self.batch_size = batch_size
        self._classes = np.flatnonzero(labels == 0), np.flatnonzero(labels != 0)
        self._rarer = min(len(members) for members in self._classes)
        if len(self) == 0:
            raise ValueError(
                "`images` must hold both classes, enough for one batch. Received: "
                f"{len(self._classes[0])} real, {len(self._classes[1])} fake, "
                f"batch_size={batch_size}"
            )
        self._random = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        """Batches in an epoch."""
        return 2 * self._rarer // self.batch_size

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Images `(batch_size, H, W, 3)` and labels of one batch."""
        chosen = self._order[index * self.batch_size : (index + 1) * self.batch_size]
        flips = self._flips[index * self.batch_size : (index + 1) * self.batch_size]
        images = self.images[chosen]
        return np.where(flips[:, None, None, None], images[:, :, ::-1], images), self.labels[chosen]

    def on_epoch_end(self) -> None:
        """Draw the next epoch."""
        drawn = [self._random.permutation(members)[: self._rarer] for members in self._classes]
        self._order = self._random.permutation(np.concatenate(drawn))
        self._flips = self._random.random(len(self._order)) < 0.5
