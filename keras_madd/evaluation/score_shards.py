"""Running a model over shards: every crop once, clean or corrupted, into a table of scores."""

from collections.abc import Callable, Sequence

import numpy as np

from keras_madd.data.input_checks import check_side
from keras_madd.data.model_window import model_pixels, model_window, resized
from keras_madd.data.shards import CropRecord, load_dataset_json
from keras_madd.evaluation.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from keras_madd.evaluation.crops import SplitOfShards, clips_of, scored_together, source_groups
from keras_madd.evaluation.opened_model import OpenedModel
from keras_madd.evaluation.scores import CLEAN, NUMBERS, TEXTS, Scores
from keras_madd.inference.calibration import sigmoid

Progress = Callable[[int, int], None]


def score_split(
    model: OpenedModel, split: SplitOfShards, progress: Progress | None = None
) -> Scores:
    """Scores every crop of a split, or every clip.

    A clip's row has the frame that it begins with.

    Args:
        model: The model; probabilities are its raw ones.
        split: The crops.
        progress: Called as `progress(done, total)` in crops.

    Raises:
        UserError: If a picture is broken or the crops are of another geometry than the model's.
    """
    rows, values = [], []
    done = 0
    for group in source_groups(split):
        crops = np.stack([model_pixels(record, split.margin, model.size) for record in group])
        together = scored_together(group, model.clip_frames)
        values.append(model.score_in_order(crops, together))
        rows += [_row(group[first], split, CLEAN) for first, *_ in together]
        done += len(group)
        if progress is not None:
            progress(done, split.crops)
    return _table(rows, np.concatenate(values))


def score_corruptions(
    model: OpenedModel,
    split: SplitOfShards,
    names: Sequence[str] = tuple(CORRUPTIONS),
    sources: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Scores:
    """Scores the crops of a split under each corruption at each severity.

    Args:
        model: The model.
        split: The crops.
        names: Keys of `CORRUPTIONS`.
        sources: How many source videos, drawn at random, with all their fakes; None for all.
        seed: Seed of the draw and of the corruptions.
        progress: Called as `progress(done, total)` in source videos.
    """
    chosen = _drawn_sources(split, sources, seed)
    rows, values = [], []
    done = 0
    for group in source_groups(split):
        if group[0].source not in chosen:
            continue
        seen = [model_window(record, split.margin) for record in group]
        together = scored_together(group, model.clip_frames)
        for name in names:
            for severity in SEVERITIES:
                damaged = _stack(_corrupted(group, seen, name, severity, seed), model.size)
                values.append(model.score_in_order(damaged, together))
                rows += [_row(group[first], split, f"{name} {severity}") for first, *_ in together]
        done += 1
        if progress is not None:
            progress(done, len(chosen))
    return _table(rows, np.concatenate(values))


def with_temperature(scores: Scores, temperature: float) -> Scores:
    """Returns the rows with scores as `calibrate` gives them, but none kept away from 0 and 1.

    There they would lose the order that ranks are made of.
    """
    if temperature == 1:
        return scores
    with np.errstate(divide="ignore"):
        odds = np.log(scores.probability) - np.log1p(-scores.probability)
    return scores.with_probability(sigmoid(odds / temperature))


def check_geometry(model: OpenedModel, split: SplitOfShards) -> str | None:
    """Returns a warning where the crops are not cut as the model's training crops were.

    Raises:
        UserError: If the stored crops are smaller than the model's input.
    """
    described = load_dataset_json(split.folder)
    check_side(split.origin, described, model.size, model.path, " or more")
    differing = [
        f"{name} {theirs}, not {ours}"
        for name, theirs, ours in (
            ("margin", described.margin, model.crop_margin),
            ("detector", described.detector, model.detector),
        )
        if theirs not in (ours, "none")
    ]
    if not differing:
        return None
    return (
        f"{split.origin} was cut with {' and '.join(differing)} as in the model's training; "
        "scores suffer from that."
    )


def _drawn_sources(split: SplitOfShards, count: int | None, seed: int) -> set[str]:
    sources = sorted({group[0].source for group in source_groups(split)})
    if count is None or count >= len(sources):
        return set(sources)
    drawn = np.random.default_rng(seed).choice(len(sources), count, replace=False)
    return {sources[index] for index in drawn}


def _corrupted(
    group: Sequence[CropRecord], seen: list[np.ndarray], name: str, severity: int, seed: int
) -> list[np.ndarray]:
    damaged = list(seen)
    for indices in clips_of(group):
        clip = np.stack([seen[index] for index in indices])
        # A fake is damaged as its real is: the draw depends on the source, not on the video.
        for index, frame in zip(
            indices, corrupt(clip, name, severity, group[0].source, seed), strict=True
        ):
            damaged[index] = frame
    return damaged


def _stack(pictures: list[np.ndarray], size: int) -> np.ndarray:
    return np.stack([resized(picture, size) for picture in pictures])


def _row(record: CropRecord, split: SplitOfShards, condition: str) -> tuple:
    origin = record.method, record.source, record.identity
    texts = split.name, record.split, record.video, *origin, condition
    return *texts, record.frame, record.track, record.label


def _table(rows: list[tuple], probability: np.ndarray) -> Scores:
    columns = *zip(*rows, strict=True), probability
    return Scores.from_columns(dict(zip((*TEXTS, *NUMBERS), columns, strict=True)))
