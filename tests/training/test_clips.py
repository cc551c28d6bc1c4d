"""A detector of clips through the whole of a run."""

import json

import numpy as np
import pytest
from synthetic_shards import write_shards

from keras_madd.model.loading import load_face_classifier
from keras_madd.support.errors import UserError
from keras_madd.training import TrainSettings, train

FIELDS = {
    "input_size": 16,
    "clip_frames": 2,
    "recurrent_units": 4,
    "width": 4,
    "growth": 2,
    "dense_layers": [1, 1],
    "embedding_width": 4,
}


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "shards"
    return write_shards(folder, {"train": 4, "val": 2}, size=16, frames=4)


def settings(folder, **values):
    return TrainSettings(
        **{"output": folder, "preset": "two_branch", "fields": FIELDS, "batch_size": 4, **values}
    )


def test_a_run_on_clips_goes_on(shards, tmp_path):
    chosen = settings(tmp_path / "run", data=shards, epochs=1, sampling="paired", augment="light")
    result = train(chosen, echo=lambda line: None)
    # Four sources, two clips of each, real and fake.
    assert json.loads((tmp_path / "run/run.json").read_text())["batches_per_epoch"] == 4
    assert 0 <= result.best["val_video_auc"] <= 1
    assert result.history[0]["centre_loss"] > 0
    model = load_face_classifier(result.best_model)
    assert model.config.clip_frames == 2
    scores = model.fake_probability(np.zeros((3, 2, 16, 16, 3), "float32"))
    assert scores.shape == (3,)
    again = train(chosen, resume=True, echo=lambda line: None)
    assert again.history == result.history


def test_what_has_no_clips_is_refused_before_any_work(shards, tmp_path):
    long = {**FIELDS, "clip_frames": 5}
    with pytest.raises(UserError, match=r"most has one with 4\. Prepare the data"):
        train(settings(tmp_path / "run", data=shards, fields=long))
    with pytest.raises(UserError, match="needs videos: photographs have one frame"):
        train(settings(tmp_path / "run", faces=str(tmp_path)))
    assert not (tmp_path / "run/run.json").exists()
