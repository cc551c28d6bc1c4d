"""The split that reports: which folders have one, and what a model does on it."""

import os
from collections.abc import Sequence

import numpy as np

from keras_madd.data.remote_shards import local_shards
from keras_madd.data.shards import load_dataset_json
from keras_madd.evaluation.crops import open_splits, source_groups
from keras_madd.evaluation.scores import Scores
from keras_madd.support.errors import UserError
from keras_madd.training.shards_data import KINDS

# Faces whose attention maps are compared, and how many of them are hidden bit by bit.
_SAMPLE, _HIDDEN = 256, 64


def folders_to_test(data: Sequence[str | os.PathLike]) -> list[str | os.PathLike]:
    """Return the folders of shards that have a test split.

    Raises:
        UserError: If no folder has one with real and fake faces.
    """
    found, both = [], False
    for folder in data:
        counts = load_dataset_json(local_shards(folder, "test")).counts.get("test", {})
        kinds = [kind for kind in KINDS if counts.get(kind, {}).get("crops", 0)]
        both = both or len(kinds) == len(KINDS)
        if kinds:
            found.append(folder)
    if not found:
        raise UserError(
            f"{', '.join(map(str, data))} has no test split, on which what was trained is "
            "measured. Prepare data that has one, or add another --data folder."
        )
    if not both:
        raise UserError(
            f"The test split of {', '.join(map(str, found))} has one class only; an AUC needs real "
            "and fake faces of one data set. Add a --data folder that has both."
        )
    return found


def measure_on_test(
    model: str | os.PathLike, data: Sequence[str | os.PathLike]
) -> tuple[dict, Scores]:
    """Test a model on the test split of all data together.

    Args:
        model: A `.keras` file.
        data: Folders of shards; those without a test split are passed over.

    Returns:
        `frame_auc` and `video_auc`, and the scores of all faces.
    """
    from keras_madd.evaluation.metrics import evaluate_scores
    from keras_madd.evaluation.opened_model import open_model
    from keras_madd.evaluation.protocol import frames_of
    from keras_madd.evaluation.score_shards import score_split

    opened = open_model(model)
    splits = open_splits(folders_to_test(data), "test")
    scores = Scores.concatenate(score_split(opened, split) for split in splits)
    frames = frames_of(scores)
    videos = np.char.add(np.char.add(frames.dataset.texts(), "/"), frames.video.texts())
    try:
        result = evaluate_scores(frames.label, frames.probability, videos)
    except ValueError as error:
        raise UserError(f"The test split cannot be measured: {error}") from error
    aucs = {"frame_auc": result["frames"]["auc"], "video_auc": result["videos"]["auc"]}
    return aucs, scores


def measure_maps(
    model: str | os.PathLike, data: Sequence[str | os.PathLike], seed: int
) -> dict[str, float | None]:
    """Tell how far a model's heat maps overlap, and whether they mark what moves the score.

    Args:
        model: A `.keras` file.
        data: Folders of shards; of their test splits some faces are taken.
        seed: Of these faces.

    Returns:
        `attention_overlap` (None with fewer than two maps) and `attention_deletion` (that of
        `HidingCurves.summary`; None without maps).
    """
    from keras_madd.data.model_window import model_pixels
    from keras_madd.evaluation.attention import hiding_curves, mean_attention_overlap
    from keras_madd.evaluation.opened_model import open_model

    opened = open_model(model)
    splits = open_splits(folders_to_test(data), "test")
    count = sum(split.crops for split in splits)
    chosen = set(np.random.default_rng(seed).permutation(count)[:_SAMPLE].tolist())
    stored = (
        (record, split.margin)
        for split in splits
        for group in source_groups(split)
        for record in group
    )
    faces = np.stack(
        [
            model_pixels(record, margin, opened.size)
            for index, (record, margin) in enumerate(stored)
            if index in chosen
        ]
    )
    # One tells whether there are maps at all.
    if opened.score_with_maps(faces[:1])[1] is None:
        return {"attention_overlap": None, "attention_deletion": None}
    _, maps = opened.score_with_maps(faces)
    assert maps is not None
    some = np.random.default_rng(seed).permutation(len(faces))[:_HIDDEN]
    hiding = hiding_curves(opened.score, faces[some], maps[some], seed=seed)
    return {
        "attention_overlap": mean_attention_overlap(maps) if maps.shape[-1] > 1 else None,
        "attention_deletion": hiding.summary()["deletion"],
    }
