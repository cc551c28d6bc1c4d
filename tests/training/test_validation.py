import numpy as np
import pytest
import tensorflow as tf

from keras_madd.evaluation import evaluate_scores
from keras_madd.training.validation import example_faces, is_better, score_validation

VIDEOS = np.array(["a", "a", "a", "b", "b", "c", "d", "d"])
FOLDERS = np.array([0, 0, 1, 0, 0, 0, 0, 0])
LABELS = np.array([0, 0, 1, 1, 1, 0, 1, 1])
LOGITS = np.array([0.3, -1.0, 0.4, 1.5, -0.2, 0.1, 0.2, 0.05])


class Model:
    """Tells a picture's logit by its number."""

    def predict_on_batch(self, images):
        margins = LOGITS[images[:, 0, 0, 0].astype(int)]
        return np.stack([np.zeros_like(margins), margins], axis=1)


def batches(size=3):
    images = np.arange(8, dtype="uint8")[:, None, None, None] * np.ones((1, 2, 2, 3), "uint8")
    # Two folders of one data set's name, such as two compressions of it.
    metadata = {"video": VIDEOS, "folder": FOLDERS, "dataset": np.full(8, "x")}
    return tf.data.Dataset.from_tensor_slices((images, LABELS, metadata)).batch(size)


def test_figures_are_those_of_the_evaluation():
    names = [f"{folder}/{video}" for folder, video in zip(FOLDERS, VIDEOS, strict=True)]
    truth = evaluate_scores(LABELS, 1 / (1 + np.exp(-LOGITS)), names)
    found = score_validation(Model(), batches())
    assert found["val_video_auc"] == pytest.approx(truth["videos"]["auc"])
    assert found["val_frame_auc"] == pytest.approx(truth["frames"]["auc"])
    assert found["val_log_loss"] == pytest.approx(truth["frames"]["log_loss"])
    assert found["val_accuracy"] == pytest.approx(truth["frames"]["acc"])
    assert found["val_video_auc"] != found["val_frame_auc"]


def test_batches_have_one_size_and_the_last_is_none_to_trace_anew():
    sizes = []

    class Watched(Model):
        def predict_on_batch(self, images):
            sizes.append(len(images))
            return super().predict_on_batch(images)

    whole = score_validation(Model(), batches(8))
    assert score_validation(Watched(), batches(3)) == pytest.approx(whole)
    assert sizes == [3, 3, 3]


def test_a_score_that_is_no_number_is_an_error(monkeypatch):
    monkeypatch.setitem(globals(), "LOGITS", np.full(8, np.nan))
    with pytest.raises(FloatingPointError, match="not numbers"):
        score_validation(Model(), batches())


@pytest.mark.parametrize(
    ("now", "best", "better"),
    [
        ((0.8, 0.5, 0.9), (0.7, 0.9, 0.1), True),
        ((0.8, 0.6, 0.9), (0.8, 0.5, 0.1), True),
        ((0.8, 0.5, 0.1), (0.8, 0.5, 0.2), True),
        ((0.8, 0.5, 0.2), (0.8, 0.5, 0.2), False),
        ((0.7, 0.9, 0.1), (0.8, 0.5, 0.2), False),
    ],
)
def test_what_makes_an_epoch_better(now, best, better):
    names = ("val_video_auc", "val_frame_auc", "val_log_loss")
    now, best = (dict(zip(names, each, strict=True)) for each in (now, best))
    assert is_better(now, best) is better
    assert is_better(now, None)


def test_examples_are_of_both_classes():
    images, captions = example_faces(batches(), count=4)
    assert images[:, 0, 0, 0].tolist() == [0, 1, 2, 3]
    assert captions == ["real: a", "real: a", "fake: a", "fake: b"]
