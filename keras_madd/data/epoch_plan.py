"""Which face crops an epoch shows, and in which order: a function of seed and epoch alone."""

import numpy as np

from keras_madd.data.shard_index import ShardIndex
from keras_madd.support.errors import UserError

SAMPLINGS = ("natural", "balanced", "paired")

# Shards that are read at the same time: an epoch goes through the shards in a random order, and
# is random within so many of them, which stay in the system's file cache.
SHARDS_AT_ONCE = 16
_NONE = -1


class EpochPlan:
    """Draws the order of an epoch.

    `natural`: every crop once. `balanced`: every crop of the rarer class once, and as many of the
    other, drawn anew for each epoch; a batch is half real, half fake. `paired`: every real crop
    that has a fake of the same source and position once, beside one of these, drawn anew (of the
    same track, where there is one).

    Where `self_blend` is above 0, that share of the fakes, drawn anew, gives way to fakes made
    from the real crop beside it; so does every fake that is missing. A real crop without
    landmarks keeps its fake.

    Clips are drawn as crops are: a clip and its fake begin about the same time.

    Args:
        index: The crops, or the clips.
        batch_size: Crops in a batch, or clips.
        sampling: One of `SAMPLINGS`.
        shuffle: Whether the order is random; without, it is that of the shards.
        self_blend: 0 to 1.
        drop_remainder: Whether an incomplete last batch is left out.
        seed: Everything follows from it and the epoch.

    Raises:
        UserError: There is nothing to draw from: no full batch, a missing class, no landmarks.
    """

    def __init__(
        self,
        index: ShardIndex,
        batch_size: int,
        sampling: str = "natural",
        shuffle: bool = True,
        self_blend: float = 0.0,
        drop_remainder: bool = True,
        seed: int = 0,
    ):
        self._index = index
        self._sampling = sampling
        self._shuffle = shuffle
        self._self_blend = self_blend
        self._seed = seed
        self._reals = np.flatnonzero(index.label == 0)
        self._fakes = np.flatnonzero(index.label != 0)
        if sampling != "natural":
            self._check_classes()
        if sampling == "paired":
            self._reals = self._reals[self._find_partners()]
        if sampling == "natural":
            self._rows = len(index)
        elif sampling == "balanced" and len(self._fakes):
            self._rows = min(len(self._reals), len(self._fakes))
        else:
            self._rows = len(self._reals)
        self.width = 1 if sampling == "natural" else 2
        """Crops in a row."""
        crops = self._rows * self.width
        self.steps = crops // batch_size if drop_remainder else -(-crops // batch_size)
        """Batches in an epoch."""
        self.length = min(self._rows, self.steps * batch_size // self.width)
        """Rows in an epoch."""
        if self.steps == 0:
            raise UserError(
                f"An epoch of {sampling} sampling has only {crops} {index.unit}, too few for a "
                f"batch. Received: batch_size={batch_size}"
            )

    def rows(self, epoch: int) -> np.ndarray:
        """The crops of an epoch in order.

        Returns:
            int64. Natural: `(N, 1)`, numbers of crops. Otherwise `(N, 2)`: a real crop and the fake
            beside it, or -1 where that is to be made from the real one.
        """
        rng = np.random.default_rng([self._seed, epoch])
        if self._sampling == "natural":
            rows = np.arange(len(self._index))[:, None]
        elif self._sampling == "balanced":
            rows = self._balanced(rng)
        else:
            rows = np.column_stack([self._reals, self._draw_partners(rng)])
        if self._shuffle:
            rows = rows[self._order(rows[:, 0], rng)]
        if self._self_blend:
            blended = rng.random(len(rows)) < self._self_blend
            blended &= self._index.has_landmarks[rows[:, 0]]
            rows[blended, 1] = _NONE
        return rows[: self.length]

    def _balanced(self, rng: np.random.Generator) -> np.ndarray:
        if not len(self._fakes):
            return np.column_stack([self._reals, np.full(len(self._reals), _NONE)])
        count = min(len(self._reals), len(self._fakes))
        reals, fakes = (
            np.sort(rng.permutation(members)[:count]) for members in (self._reals, self._fakes)
        )
        if self._shuffle:
            fakes = fakes[self._order(fakes, rng)]
            reals = reals[self._order(reals, rng)]
        return np.column_stack([reals, fakes])

    def _order(self, crops: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A random order that works through the shards `SHARDS_AT_ONCE` at a time."""
        turn = rng.permutation(len(self._index.files)) // SHARDS_AT_ONCE
        shuffled = rng.permutation(len(crops))
        return shuffled[np.argsort(turn[self._index.file[crops[shuffled]]], kind="stable")]

    def _find_partners(self) -> np.ndarray:
        """Finds each real crop's fakes; returns which real crops can be in a pair."""
        index = self._index
        by_group: dict[int, list[int]] = {}
        by_track: dict[tuple[int, int], list[int]] = {}
        for fake in self._fakes.tolist():
            by_group.setdefault(index.group[fake], []).append(fake)
            by_track.setdefault((index.group[fake], index.track[fake]), []).append(fake)
        partners, kept = [], []
        for real in self._reals.tolist():
            found = by_track.get((index.group[real], index.track[real]))
            found = found or by_group.get(index.group[real], [])
            usable = bool(found) or bool(self._self_blend and index.has_landmarks[real])
            kept.append(usable)
            if usable:
                partners.append(found or [_NONE])
        if not partners:
            raise UserError(
                "Paired sampling needs real face crops with fakes of the same source and position; "
                f"of {len(self._reals)} real ones none has any. Received: sampling='paired'"
            )
        self._counts = np.array([len(found) for found in partners])
        self._starts = np.cumsum(self._counts) - self._counts
        self._partners = np.concatenate([np.array(found) for found in partners])
        return np.array(kept)

    def _draw_partners(self, rng: np.random.Generator) -> np.ndarray:
        chosen = (rng.random(len(self._counts)) * self._counts).astype(np.int64)
        return self._partners[self._starts + chosen]

    def _check_classes(self) -> None:
        """Raises where a class is missing, or what self-blending needs."""
        landmarks = self._index.has_landmarks
        if not len(self._reals):
            raise UserError("There are no real face crops in this split; training needs them.")
        if self._self_blend and not landmarks[self._reals].any():
            raise UserError(
                "The shards have no landmarks of real faces, which self-blending needs: prepare "
                f"them with --landmarks. Received: self_blend={self._self_blend}"
            )
        if not len(self._fakes):
            if not self._self_blend:
                raise UserError(
                    "There are no fake face crops in this split. Train with self-blended ones "
                    "(self_blend above 0), or add fakes."
                )
            self._reals = self._reals[landmarks[self._reals]]
