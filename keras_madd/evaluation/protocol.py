"""From a table of face scores to the numbers of the field's protocol."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from keras_madd.evaluation.metrics import evaluate_scores
from keras_madd.evaluation.scores import CLEAN, Scores
from keras_madd.support.errors import UserError


@dataclass(frozen=True)
class Protocol:
    """How scores become numbers.

    Attributes:
        aggregate: Frames to video, as `keras_madd.evaluation.video_scores`.
        bootstrap: Resamples of the videos for comparing two models.
        seed: Seed of the resampling.
        threshold: Chosen on the validation split, or None.
    """

    aggregate: str = "mean"
    bootstrap: int = 1000
    seed: int = 0
    threshold: float | None = None

    def describe(self) -> dict[str, str]:
        """Returns the rules in words."""
        frames = {"mean": "mean over its frames", "median": "median over its frames"}
        top = f"mean over the highest {self.aggregate.removeprefix('top')} % of its frames"
        return {
            "score of a frame": "maximum over its faces",
            "score of a video": frames.get(self.aggregate, top),
            "interval": "95 %, score interval; frames of a video count as one observation",
        }


def frames_of(scores: Scores) -> Scores:
    """Returns one row per frame: that of its highest face.

    Rows of one data set, video, condition and frame number are the faces of one frame.
    """
    if not len(scores):
        return scores
    keys = (
        -scores.probability,
        scores.frame,
        scores.video.codes,
        scores.condition.codes,
        scores.dataset.codes,
    )
    order = np.lexsort(keys)
    changes = np.zeros(len(order), bool)
    changes[0] = True
    for key in keys[1:]:
        ranked = key[order]
        changes[1:] |= ranked[1:] != ranked[:-1]
    return scores[np.sort(order[changes])]


def evaluate_table(scores: Scores, protocol: Protocol) -> dict[str, dict]:
    """Evaluates each data set of a table apart, on its clean rows.

    Args:
        scores: Any rows; those of other conditions than `"clean"` are passed over.
        protocol: The rules.

    Returns:
        Name of the data set to its `evaluate_scores`; for one with a single class, which has no
        AUC, to `{"one_class": ...}` from `one_class_summary`.

    Raises:
        UserError: If there is no row, a video has both labels, or no data set has both classes.
    """
    frames = frames_of(_some(scores.where(condition=CLEAN)))
    results = {name: _evaluated(frames.where(dataset=name), protocol) for name in _names(frames)}
    if all("one_class" in result for result in results.values()):
        raise one_class_only(
            f"{name}: {result['one_class']['frames']} frames, all {result['one_class']['label']}"
            for name, result in results.items()
        )
    return results


def one_class_only(described: Iterable[str]) -> UserError:
    """Returns the error of data sets, each described, of which none has both classes."""
    return UserError(
        f"Nothing to compare: an AUC needs real and fake faces, and there is one class only "
        f"({'; '.join(described)}). Add the other class's data."
    )


def one_class_summary(frames: Scores, threshold: float | None) -> dict:
    """Returns what can be said of scores of one class: counts, mean, share called fake."""
    cut = 0.5 if threshold is None else threshold
    return {
        "label": "fake" if frames.label[0] else "real",
        "frames": len(frames),
        "videos": len(frames.video.names),
        "mean_score": float(frames.probability.mean()),
        "called_fake": float(np.mean(frames.probability >= cut)),
        "threshold": cut,
    }


def corruption_table(scores: Scores, protocol: Protocol) -> dict[str, dict[str, dict]]:
    """Evaluates the corrupted rows: data set -> condition -> frame and video AUC.

    The clean rows of the same videos make the condition `"clean"`; a data set without any is
    left out.

    Raises:
        UserError: As `evaluate_table`.
    """
    table: dict[str, dict[str, dict]] = {}
    frames = frames_of(_some(scores))
    for dataset in _names(frames):
        rows = frames.where(dataset=dataset)
        clean = rows.condition.texts() == CLEAN
        if clean.all() or not clean.any():  # Beside clean rows alone does it say anything.
            continue
        rows = rows[np.isin(rows.video.codes, np.unique(rows.video.codes[~clean]))]
        for condition in rows.condition.names:
            result = _evaluated(rows.where(condition=str(condition)), protocol)
            if "one_class" not in result:
                table.setdefault(dataset, {})[str(condition)] = {
                    "frame_auc": result["frames"]["auc"],
                    "video_auc": result["videos"]["auc"],
                }
    return table


def _evaluated(frames: Scores, protocol: Protocol) -> dict:
    if len(np.unique(frames.label)) == 1:
        return {"one_class": one_class_summary(frames, protocol.threshold)}
    try:
        return evaluate_scores(
            frames.label,
            frames.probability,
            # The names would be sorted for a second time, by a slower road.
            frames.video.codes,
            frames.method.texts(),
            threshold=protocol.threshold,
            aggregate=protocol.aggregate,
            people=frames.people(),
        )
    except ValueError:
        mixed = _mixed_videos(frames)
        if not mixed:
            raise
        raise UserError(
            f"{len(mixed)} videos have both real and fake rows, such as {mixed[0]}: a name must "
            "stand for one video of one label."
        ) from None


def _mixed_videos(frames: Scores) -> Sequence[str]:
    share = np.bincount(frames.video.codes, weights=frames.label) / np.bincount(frames.video.codes)
    return frames.video.names[(share > 0) & (share < 1)].tolist()


def _names(scores: Scores) -> list[str]:
    """Returns the data sets in the order in which they come."""
    codes, first = np.unique(scores.dataset.codes, return_index=True)
    return [str(scores.dataset.names[code]) for code in codes[np.argsort(first)]]


def _some(scores: Scores) -> Scores:
    if not len(scores):
        raise UserError("There are no scores to evaluate.")
    return scores
