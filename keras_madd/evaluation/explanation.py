"""What a reader is shown of the reasons: maps over faces, over time, and the worst mistakes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_madd.data.model_window import model_pixels
from keras_madd.evaluation.attention import (
    HidingCurves,
    hiding_curves,
    mean_attention_overlap,
    occlusion_agreement,
)
from keras_madd.evaluation.crops import SplitOfShards, scored_together, source_groups
from keras_madd.evaluation.opened_model import OpenedModel
from keras_madd.evaluation.scores import Scores

# Faces whose places are hidden one by one: each costs a pass per cell of the map.
_OCCLUDED = 8
_OVER_TIME = 8
# Letters of a video's name that fit under a face.
_NAME = 18


@dataclass(frozen=True, eq=False)
class Faces:
    """Face crops with their rows of the score table.

    Attributes:
        crops: (N, size, size, 3) uint8 RGB, as the model sees them.
        rows: (N,) int, indices into the table that they were drawn from.
        captions: N short texts.
    """

    crops: np.ndarray
    rows: np.ndarray
    captions: list[str]

    def one_line(self) -> list[str]:
        """Returns the captions in one line each."""
        return [caption.replace("\n", ", ") for caption in self.captions]


@dataclass(frozen=True, eq=False)
class Explanation:
    """The reasons that can be shown for one data set.

    Attributes:
        wrong: The most wrong frames, one per video.
        uncertain: The frames nearest to the threshold, one per video.
        examples: Real and fake faces for the maps.
        example_maps: (N, h, w, M) of `examples`, or None where the model has no maps.
        over_time: Frames of the most clearly fake video, in order, or None.
        over_time_maps: Their maps.
        full_scale: Value of all maps that is drawn at full strength; None: the largest of each.
        overlap: `mean_attention_overlap` of a sample, or None.
        hiding: Deletion and insertion curves, or None.
        occlusion: `occlusion_agreement`, or None; NaN where no place moves a score.
        sampled: Number of faces of the sample.
    """

    wrong: Faces
    uncertain: Faces
    examples: Faces
    example_maps: np.ndarray | None = None
    over_time: Faces | None = None
    over_time_maps: np.ndarray | None = None
    full_scale: float | None = None
    overlap: float | None = None
    hiding: HidingCurves | None = None
    occlusion: float | None = None
    sampled: int = 0

    def to_json(self) -> dict:
        """Returns the numbers; NaN becomes None."""
        occlusion = self.occlusion
        return {
            "faces": self.sampled,
            "attention_overlap": self.overlap,
            "hiding_areas_over_random": self.hiding.summary() if self.hiding else None,
            "occlusion_rank_correlation": (
                None if occlusion is None or np.isnan(occlusion) else occlusion
            ),
        }


def explain(
    model: OpenedModel,
    split: SplitOfShards,
    scores: Scores,
    threshold: float,
    sample: int = 64,
    gallery: int = 12,
    seed: int = 0,
) -> Explanation:
    """Gathers the reasons for one data set.

    Args:
        model: The model.
        split: The crops that were scored.
        scores: Their clean rows, one per crop or clip, as `score_split` gives them; of a clip its
            first frame is shown.
        threshold: A score from here on is called fake.
        sample: Faces for overlap and hiding curves, drawn at random, half of them fake.
        gallery: Faces in each gallery.
        seed: Seed of the draw.
    """
    distance = np.abs(scores.probability - threshold)
    mistaken = np.flatnonzero((scores.probability >= threshold) != (scores.label == 1))
    chosen = {
        "wrong": _one_per_video(scores, mistaken[np.argsort(-distance[mistaken])], gallery),
        "uncertain": _one_per_video(scores, np.argsort(distance), gallery),
        "examples": _examples(scores, np.random.default_rng(seed)),
        "sample": _balanced(scores, sample, np.random.default_rng(seed)),
        "over_time": _over_time(scores),
    }
    faces = _fetch(split, model, scores, chosen)
    # A detector of clips has no maps.
    maps = None
    if model.clip_frames is None:
        _, maps = model.score_with_maps(faces["examples"].crops)
    parts: dict[str, Any] = {name: faces[name] for name in ("wrong", "uncertain", "examples")}
    if maps is None:
        return Explanation(**parts, sampled=len(chosen["sample"]))
    crops = faces["sample"].crops
    _, sampled_maps = model.score_with_maps(crops)
    assert sampled_maps is not None
    first = slice(0, _OCCLUDED)
    return Explanation(
        **parts,
        example_maps=maps,
        over_time=faces["over_time"],
        over_time_maps=model.score_with_maps(faces["over_time"].crops)[1],
        full_scale=model.full_scale,
        overlap=mean_attention_overlap(sampled_maps) if maps.shape[-1] > 1 else None,
        hiding=hiding_curves(model.score, crops, sampled_maps, seed=seed),
        occlusion=occlusion_agreement(model.score, crops[first], sampled_maps[first]),
        sampled=len(crops),
    )


def _one_per_video(scores: Scores, order: np.ndarray, count: int) -> np.ndarray:
    """Returns the first rows of an order, at most one of each video."""
    _, first = np.unique(scores.video.codes[order], return_index=True)
    return order[np.sort(first)][:count]


def _examples(scores: Scores, rng: np.random.Generator) -> np.ndarray:
    """Returns a row of each method, reals first, at most six."""
    names = sorted(scores.method.names, key=lambda name: (name != "real", name))[:6]
    return np.array(
        [
            rng.choice(np.flatnonzero(scores.method.codes == code))
            for code in (int(np.flatnonzero(scores.method.names == name)[0]) for name in names)
        ]
    )


def _balanced(scores: Scores, count: int, rng: np.random.Generator) -> np.ndarray:
    drawn = []
    for label in (1, 0):
        rows = np.flatnonzero(scores.label == label)
        drawn.append(rng.choice(rows, min(len(rows), count // 2), replace=False))
    # Fakes and reals take turns, so that the first few of the sample are both.
    order = np.argsort(np.concatenate([np.arange(len(each)) for each in drawn]), kind="stable")
    return np.concatenate(drawn)[order]


def _over_time(scores: Scores) -> np.ndarray:
    """Returns frames of the fake video with the highest mean score, evenly spaced, in order."""
    codes, kept = scores.video.codes, scores.label == 1
    if not kept.any():
        kept = np.ones(len(scores), bool)
    sums = np.bincount(codes, weights=scores.probability * kept)
    means = sums / np.maximum(1, np.bincount(codes, weights=kept))
    best = np.argmax(np.where(np.bincount(codes, weights=kept) > 0, means, -1))
    rows = np.flatnonzero(codes == best)
    rows = rows[scores.track[rows] == scores.track[rows[0]]]
    rows = rows[np.argsort(scores.frame[rows], kind="stable")]
    return rows[np.unique(np.linspace(0, len(rows) - 1, _OVER_TIME).round().astype(int))]


def _fetch(
    split: SplitOfShards, model: OpenedModel, scores: Scores, chosen: dict[str, np.ndarray]
) -> dict[str, Faces]:
    """Reads the shards once and returns the crops of the rows that were chosen."""
    wanted = set(np.concatenate(list(chosen.values())).tolist())
    found, row, size = {}, 0, model.size
    for group in source_groups(split):
        for first, *_ in scored_together(group, model.clip_frames):
            if row in wanted:
                found[row] = model_pixels(group[first], split.margin, size)
            row += 1
    return {
        name: Faces(
            np.stack([found[row] for row in rows.tolist()])
            if len(rows)
            else np.zeros((0, size, size, 3), np.uint8),
            rows,
            [_caption(scores, row) for row in rows.tolist()],
        )
        for name, rows in chosen.items()
    }


def _caption(scores: Scores, row: int) -> str:
    method = scores.method.names[scores.method.codes[row]]
    video = scores.video.names[scores.video.codes[row]]
    if len(video) > _NAME:
        video = "..." + video[3 - _NAME :]
    return f"{method} {scores.probability[row]:.0%}\n{video} #{scores.frame[row]}"
