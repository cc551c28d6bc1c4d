import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from keras_madd.evaluation.protocol import Protocol, corruption_table, evaluate_table, frames_of
from keras_madd.evaluation.scores import Scores
from keras_madd.support.errors import UserError

QUICK = Protocol(bootstrap=20)


def table(videos: int = 12, frames: int = 4, dataset: str = "data", seed: int = 0, **columns):
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(videos) % 2, frames)
    names = np.repeat([f"v{number:02d}" for number in range(videos)], frames)
    return Scores.from_columns(
        {
            "dataset": np.full(len(label), dataset),
            "video": names,
            "method": np.where(label, "swap", "real"),
            "frame": np.tile(np.arange(frames), videos),
            "label": label,
            "probability": np.clip(rng.normal(0.4 + 0.2 * label, 0.2), 0, 1),
        }
        | columns
    )


def test_a_frame_counts_with_its_highest_face():
    faces = Scores.from_columns(
        {
            "video": ["a", "a", "a", "b"],
            "method": ["real"] * 4,
            "frame": [0, 0, 1, 0],
            "track": [0, 1, 0, 0],
            "label": [0] * 4,
            "probability": [0.2, 0.7, 0.1, 0.6],
        }
    )
    frames = frames_of(faces)
    assert frames.probability.tolist() == [0.7, 0.1, 0.6]


def test_equal_names_in_two_data_sets_are_two_videos():
    both = Scores.concatenate([table(dataset="two"), table(dataset="one", seed=1)])
    assert len(frames_of(both)) == len(both)
    results = evaluate_table(both, QUICK)
    assert list(results) == ["two", "one"]
    for name, seed in (("two", 0), ("one", 1)):
        part = table(seed=seed)
        expected = roc_auc_score(part.label, part.probability)
        assert results[name]["frames"]["auc"] == pytest.approx(expected)


def test_corrupted_rows_do_not_count_as_clean():
    clean = table()
    damaged = table(condition=["jpeg 1"] * 48, probability=np.full(48, 0.5))
    both = Scores.concatenate([clean, damaged])
    assert evaluate_table(both, QUICK) == evaluate_table(clean, QUICK)
    conditions = corruption_table(both, QUICK)["data"]
    assert conditions["jpeg 1"] == {"frame_auc": 0.5, "video_auc": 0.5}
    expected = roc_auc_score(clean.label, clean.probability)
    assert conditions["clean"]["frame_auc"] == pytest.approx(expected)
    assert corruption_table(clean, QUICK) == {}


def test_clean_is_measured_on_the_corrupted_videos():
    clean = table()
    few = np.isin(clean.video.texts(), ["v00", "v01", "v02", "v03"])
    part = clean[few]
    damaged = Scores.concatenate(
        [clean, table(condition=["blur 2"] * 48, probability=clean.probability)[few]]
    )
    conditions = corruption_table(damaged, QUICK)["data"]
    expected = roc_auc_score(part.label, part.probability)
    assert conditions["clean"]["frame_auc"] == pytest.approx(expected)


def test_one_class_beside_a_whole_set():
    fakes = table(dataset="fakes")
    both = Scores.concatenate([table(), fakes[fakes.label == 1]])
    summary = evaluate_table(both, QUICK)["fakes"]["one_class"]
    kept = fakes.probability[fakes.label == 1]
    assert summary["label"] == "fake"
    assert (summary["frames"], summary["videos"]) == (24, 6)
    assert summary["mean_score"] == pytest.approx(kept.mean())
    assert summary["called_fake"] == pytest.approx((kept >= 0.5).mean())


def test_one_class_alone_is_said():
    with pytest.raises(UserError, match=r"one class only \(data: 24 frames, all real\)"):
        evaluate_table(table()[table().label == 0], QUICK)


def test_nothing_is_said():
    with pytest.raises(UserError, match="no scores"):
        evaluate_table(table()[np.zeros(48, bool)], QUICK)


def test_a_video_with_two_labels_is_named():
    label = np.repeat(np.arange(12) % 2, 4)
    label[0] = 1
    with pytest.raises(UserError, match="1 videos have both real and fake rows, such as v00"):
        evaluate_table(table(label=label), QUICK)


def test_rules_in_words():
    assert Protocol(aggregate="top10").describe()["score of a video"] == (
        "mean over the highest 10 % of its frames"
    )
    assert "maximum" in QUICK.describe()["score of a frame"]


def test_no_rows_have_no_frames():
    assert len(frames_of(table().where(split="val"))) == 0


def test_corruptions_are_told_beside_clean_rows_only():
    damaged = table(condition=["jpeg 3"] * 48)
    assert corruption_table(damaged, QUICK) == {}
    other = table(dataset="other", seed=1)
    assert corruption_table(Scores.concatenate([damaged, other]), QUICK) == {}
