"""Scores of the same videos by the runs of one training, such as those of several seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from keras_madd.evaluation.auc_interval import auc_interval
from keras_madd.evaluation.bootstrap import weighted_auc
from keras_madd.evaluation.checks import one_label_per_video
from keras_madd.evaluation.metrics import aggregated
from keras_madd.evaluation.protocol import Protocol, frames_of
from keras_madd.evaluation.scores import CLEAN, Scores
from keras_madd.support.errors import UserError


@dataclass(frozen=True, eq=False)
class VideoRuns:
    """Videos that every run has scored.

    Attributes:
        names: (V,) str, sorted.
        labels: (V,) bool, true for fake.
        methods: (V,) str, `"real"` or the manipulation.
        people: (V,) int64, whom each shows, see `Scores.people`.
        values: (R, V) float64, the score of each video by each run.
    """

    names: np.ndarray
    labels: np.ndarray
    methods: np.ndarray
    people: np.ndarray
    values: np.ndarray

    def __getitem__(self, videos: np.ndarray) -> "VideoRuns":
        """Returns the videos of a mask or of indices."""
        return VideoRuns(
            self.names[videos],
            self.labels[videos],
            self.methods[videos],
            self.people[videos],
            self.values[:, videos],
        )

    @property
    def has_both_classes(self) -> bool:
        """Whether there is an AUC."""
        return 0 < int(self.labels.sum()) < len(self.labels)

    def auc(self) -> dict:
        """Returns `values`, the AUC of each run, their `mean`, and `interval`.

        The interval is for the mean of these runs' AUCs, as other people would give it; how other
        seeds would differ is seen in `values` alone.
        """
        values = [weighted_auc(self.labels, each) for each in self.values]
        interval = auc_interval(self.labels, self.values, self.people)
        return {"mean": float(np.mean(values)), "values": values, "interval": interval}


def videos_of(runs: Sequence[Scores], protocol: Protocol) -> dict[str, VideoRuns]:
    """Returns data set to its videos, of the clean rows; only those that every run has.

    Args:
        runs: One table for each run, one or more.
        protocol: How frames become videos.

    Raises:
        UserError: If the runs disagree on a label.
    """
    tables = [frames_of(table.where(condition=CLEAN)) for table in runs]
    shared = [
        str(name)
        for name in tables[0].dataset.names
        if all(name in table.dataset.names for table in tables[1:])
    ]
    return {
        name: _joined(name, [each.where(dataset=name) for each in tables], protocol)
        for name in shared
    }


def shared_videos(dataset: str, first: VideoRuns, second: VideoRuns) -> tuple[VideoRuns, VideoRuns]:
    """Returns the videos that both have, in one order.

    Raises:
        UserError: If they disagree on a label.
    """
    _, one, other = np.intersect1d(first.names, second.names, return_indices=True)
    first, second = first[one], second[other]
    differing = first.names[first.labels != second.labels]
    if len(differing):
        raise UserError(
            f"The tables disagree on the label of {len(differing)} videos of {dataset}, such as "
            f"{differing[0]}."
        )
    return first, second


def _joined(dataset: str, tables: Sequence[Scores], protocol: Protocol) -> VideoRuns:
    joined = _one_run(tables[0], protocol)
    for table in tables[1:]:
        joined, other = shared_videos(dataset, joined, _one_run(table, protocol))
        values = np.concatenate([joined.values, other.values])
        joined = replace(joined, values=values)
    return joined


def _one_run(frames: Scores, protocol: Protocol) -> VideoRuns:
    values = aggregated(frames.video.codes, frames.probability, protocol.aggregate)
    first = np.unique(frames.video.codes, return_index=True)[1]
    try:
        labels = one_label_per_video(frames.label, frames.video.names, frames.video.codes)
    except ValueError as error:
        raise UserError(f"{error} Give each video of the table one label.") from None
    methods, people = frames.method.texts()[first], frames.people()[first]
    return VideoRuns(frames.video.names, labels, methods, people, values[None])
