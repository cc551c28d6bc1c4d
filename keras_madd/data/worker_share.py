"""Which part of every batch one of several workers takes."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class WorkerShare:
    """One worker's part of every batch of all workers.

    The rows of a batch are cut into `count` equal parts in their order, so that the parts of all
    workers, one behind the other, are the batch that a single worker sees.

    Attributes:
        index: Number of the worker, from 0.
        count: Workers in all.
        rows: Rows in a batch of all workers: faces, or pairs of them.
    """

    index: int
    count: int
    rows: int

    @classmethod
    def of(cls, shard: tuple[int, int] | None, batch_size: int, width: int) -> "WorkerShare":
        """Return the share that `load_dataset` was asked for.

        Args:
            shard: Number of the worker and number of workers; `None`: the whole batch.
            batch_size: Faces in a batch of all workers.
            width: Faces in a row.

        Raises:
            ValueError: There is no such worker, or the batch cannot be divided.
        """
        index, count = (0, 1) if shard is None else (int(number) for number in shard)
        if not 0 <= index < count:
            raise ValueError(
                "`shard` must be (index, count) with an index from 0 to below the count. "
                f"Received: shard={shard}"
            )
        if batch_size % (width * count):
            whole = "pairs" if width == 2 else "faces"
            raise ValueError(
                f"`batch_size` is that of all {count} workers, and must give each of them the same "
                f"number of whole {whole}. Received: batch_size={batch_size}, shard={shard}"
            )
        return cls(index, count, batch_size // width)

    @property
    def own_rows(self) -> int:
        """Rows of a full batch that are this worker's."""
        return self.rows // self.count

    def of_epoch(self, length: int) -> np.ndarray:
        """Numbers of an epoch's rows that are this worker's.

        Of an incomplete last batch the first workers have full parts, the last ones less or none.

        Returns:
            Ascending int64.
        """
        numbers = np.arange(length)
        return numbers[numbers % self.rows // self.own_rows == self.index]
