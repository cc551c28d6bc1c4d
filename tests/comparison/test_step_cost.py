"""What is measured is the step that is trained."""

import numpy as np
import pytest
from backends import tensorflow_only

from keras_madd.comparison import step_cost
from keras_madd.comparison.budget import _OF_A_STEP
from keras_madd.model.face_classifier import FaceClassifier
from keras_madd.support.errors import UserError
from keras_madd.training.settings import TrainSettings

SMALL = {"backbone": "tiny", "residual_filters": 4, "slim_width": 0.03, "slim_blocks": 1}


def settings(**fields):
    return TrainSettings(output="run", data=("shards",), batch_size=2, **fields)


@pytest.fixture
def steps(monkeypatch):
    """Batches that models were trained on, and whether they rematerialised."""
    seen = []

    def train_on_batch(model, images, labels):
        seen.append((model.rematerialize, np.shape(images)))

    monkeypatch.setattr(FaceClassifier, "train_on_batch", train_on_batch)
    return seen


@tensorflow_only
@pytest.mark.parametrize("rematerialize", [False, True])
def test_with_the_memory_that_training_takes(steps, rematerialize):
    step_cost._measure(settings(preset="madd_tiny", rematerialize=rematerialize))
    assert {each for each, _ in steps} == {rematerialize}
    assert {"rematerialize", "freeze_early"} <= set(_OF_A_STEP)


@tensorflow_only
def test_of_clips(steps):
    fields = {**SMALL, "clip_frames": 3, "input_size": 32}
    step_cost._measure(settings(preset="sstnet", fields=fields))
    assert {shape for _, shape in steps} == {(2, 3, 32, 32, 3)}


@tensorflow_only
def test_a_network_that_cannot_be_built_is_no_want_of_memory():
    with pytest.raises(UserError) as raised:
        step_cost.step_cost(
            settings(preset="madd_tiny", fields={"backbone": "xception", "input_size": 64})
        )
    assert str(raised.value).startswith("`input_size` must be at least 71")
    assert "memory" not in str(raised.value)
