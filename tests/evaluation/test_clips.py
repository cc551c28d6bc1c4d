"""A detector of clips over shards."""

import numpy as np
import pytest
from backends import tensorflow_only
from shards_on_disk import MARGIN, SIZE, make_record, png, write_shards
from small_clips import clip_detector

from keras_madd.data import load_dataset
from keras_madd.data.model_window import model_pixels
from keras_madd.evaluation.crops import open_splits, scored_together
from keras_madd.evaluation.explanation import explain
from keras_madd.evaluation.opened_model import open_model
from keras_madd.evaluation.score_shards import score_corruptions, score_split
from keras_madd.evaluation.scores import Names


def clips(count=2, positions=4):
    """Frames that run against the positions that the shards are ordered by, each its own."""
    random = np.random.default_rng(0)
    side = SIZE // 4

    def picture():
        return png(
            random.uniform(0, 255, (4, 4, 3)).repeat(side, 0).repeat(side, 1).astype("uint8")
        )

    return [
        make_record("test", f"t{number}", position, label, frame=100 - position, image=picture())
        for number in range(count)
        for position in range(positions)
        for label in (0, 1)
    ]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    write_shards(folder / "shards", clips())
    model = clip_detector(side=SIZE)
    model.save(folder / "model.keras")
    (split,) = open_splits([folder / "shards"], "test")
    return model, open_model(folder / "model.keras"), split, folder / "shards"


def test_what_is_scored_together():
    records = sorted(clips(1), key=lambda record: record.order)
    assert scored_together(records, None) == [[index] for index in range(8)]
    found = scored_together(records, 3)
    frames = [[records[index].frame for index in clip] for clip in found]
    assert frames == [[97, 98, 99], [98, 99, 100]] * 2
    assert [{records[index].label for index in clip} for clip in found] == [{0}, {0}, {1}, {1}]


@tensorflow_only
def test_evaluation_sees_the_clips_of_the_data_set_in_their_order(evaluated):
    model, scorer, split, folder = evaluated
    done = []
    scores = score_split(scorer, split, lambda *progress: done.append(progress))
    assert done[-1] == (16, 16)
    expected = {}
    for images, _, described in load_dataset(
        folder, "test", 4, clip_frames=3, metadata=True
    ).as_numpy_iterator():
        keys = zip(described["video"].tolist(), described["frame"][:, 0].tolist(), strict=True)
        expected |= dict(zip(keys, model.fake_probability(images).tolist(), strict=True))
    assert np.ptp(list(expected.values())) > 1e-3
    assert len(scores) == len(expected) == 8
    for video, frame, found in zip(
        scores.video.texts(), scores.frame.tolist(), scores.probability, strict=True
    ):
        assert found == pytest.approx(expected[video.encode(), frame], abs=1e-5)


@tensorflow_only
def test_reasons_show_first_frames_and_corruptions_keep_clips(evaluated, monkeypatch):
    _, scorer, split, _ = evaluated
    scores = score_split(scorer, split)
    with monkeypatch.context() as context:
        # Of millions of rows a few are shown.
        context.setattr(Names, "texts", None)
        found = explain(scorer, split, scores, 0.5, sample=4, gallery=2)
    (row, *_) = found.uncertain.rows
    texts = scores.method.texts()[row], scores.video.texts()[row]
    score = f"{scores.probability[row]:.0%}"
    assert found.uncertain.captions[0] == f"{texts[0]} {score}\n{texts[1]} #{scores.frame[row]}"
    assert found.example_maps is None
    first = {(r.video, r.frame): model_pixels(r, MARGIN, SIZE) for r in clips()}
    for crop, row in zip(found.uncertain.crops, found.uncertain.rows, strict=True):
        key = scores.video.texts()[row], int(scores.frame[row])
        np.testing.assert_array_equal(crop, first[key])
    damaged = score_corruptions(scorer, split, ["jpeg"], sources=1)
    assert len(damaged) == 4 * 5
