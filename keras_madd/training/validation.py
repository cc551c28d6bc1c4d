"""Scores of the validation split, once per epoch, one batch in memory at a time."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from keras_madd.evaluation.metrics import frame_metrics
from keras_madd.model.face_classifier import fake_probability_of_logits

if TYPE_CHECKING:
    import tensorflow as tf

    from keras_madd.model.face_classifier import FaceClassifier

# What one epoch is better than another by: the first that differs decides.
CRITERIA = (("val_video_auc", 1), ("val_frame_auc", 1), ("val_log_loss", -1))


def score_validation(
    model: "FaceClassifier",
    batches: "tf.data.Dataset",
    exchange: Callable[[bytes], list[bytes]] = lambda own: [own],
) -> dict[str, float]:
    """Score every face, or clip, of the validation split.

    Args:
        model: The model.
        batches: `(images, labels, metadata)`, the metadata with `video` and `folder`.
        exchange: Gives what every worker has scored for what this one has; see `Devices`.

    Returns:
        `val_video_auc`, `val_frame_auc`, `val_accuracy` and `val_log_loss`. A video's score is the
        mean over its frames, or clips; the others are of these.

    Raises:
        FloatingPointError: If a score is not a number.
    """
    own: dict[str, list] = {"labels": [], "scores": [], "videos": []}
    size = 0
    for images, batch_labels, metadata in batches.as_numpy_iterator():
        size = max(size, len(images))
        logits = model.predict_on_batch(_filled_up(images, size))[: len(images)]
        own["scores"] += fake_probability_of_logits(logits).tolist()
        own["labels"] += batch_labels.tolist()
        names = zip(metadata["folder"].tolist(), metadata["video"].tolist(), strict=True)
        own["videos"] += [f"{folder} {video!r}" for folder, video in names]
    # JSON gives back every digit of a float.
    parts = [json.loads(each) for each in exchange(json.dumps(own).encode())]
    labels = np.concatenate([part["labels"] for part in parts]).astype(int)
    scores = np.concatenate([part["scores"] for part in parts])
    videos_of: list[str] = [name for part in parts for name in part["videos"]]
    if not np.isfinite(scores).all():
        raise FloatingPointError("scores of the validation split are not numbers")
    numbers = {name: number for number, name in enumerate(dict.fromkeys(videos_of))}
    videos = [numbers[name] for name in videos_of]
    sizes = np.bincount(videos)
    video_scores = np.bincount(videos, weights=scores) / sizes
    video_labels = np.bincount(videos, weights=labels) / sizes
    frames = frame_metrics(labels, scores)
    whole = frame_metrics(np.rint(video_labels).astype(int), video_scores)
    return {
        "val_video_auc": whole["auc"],
        "val_frame_auc": frames["auc"],
        "val_accuracy": frames["acc"],
        "val_log_loss": frames["log_loss"],
    }


def _filled_up(images: np.ndarray, size: int) -> np.ndarray:
    """Repeat the last image up to a size: a smaller batch would be traced and compiled anew."""
    missing = size - len(images)
    return np.concatenate([images, np.repeat(images[-1:], missing, axis=0)]) if missing else images


def is_better(now: dict, best: dict | None) -> bool:
    """Whether an epoch beats the best so far: by video AUC, then frame AUC, then log loss."""
    if best is None:
        return True
    for name, sign in CRITERIA:
        if now[name] != best[name]:
            return sign * now[name] > sign * best[name]
    return False


def example_faces(batches: "tf.data.Dataset", count: int = 4) -> tuple[np.ndarray, list[str]]:
    """Return the first validation faces, as many real as fake, with captions; of clips the first.

    Returns:
        `(B, H, W, 3)` uint8 and B captions.
    """
    images, captions, seen = [], [], {0: 0, 1: 0}
    for batch, labels, metadata in batches.as_numpy_iterator():
        for image, label, video in zip(batch, labels.tolist(), metadata["video"], strict=True):
            if seen[label] < count // 2:
                seen[label] += 1
                face = image[0] if image.ndim == 4 else image
                images.append(np.clip(np.rint(face), 0, 255).astype("uint8"))
                captions.append(f"{'fake' if label else 'real'}: {video.decode()}")
        if sum(seen.values()) >= count:
            break
    return np.stack(images), captions
