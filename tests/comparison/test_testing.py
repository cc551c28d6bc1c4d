from dataclasses import replace

import numpy as np
import pytest
from exported_model import tiny_model
from synthetic_shards import write_shards

from keras_madd.comparison.testing import folders_to_test, measure_maps, measure_on_test
from keras_madd.data.model_window import model_pixels
from keras_madd.data.shards import load_dataset_json, save_dataset_json
from keras_madd.evaluation import frame_metrics
from keras_madd.evaluation.attention import mean_attention_overlap
from keras_madd.evaluation.crops import open_splits, source_groups
from keras_madd.evaluation.opened_model import open_model
from keras_madd.support.errors import UserError


def test_the_test_split_is_measured(tmp_path):
    shards = write_shards(tmp_path / "shards", {"train": 1, "test": 3})
    tiny_model().save(tmp_path / "model.keras")
    train_only = write_shards(tmp_path / "train", {"train": 1})
    result, scores = measure_on_test(tmp_path / "model.keras", (train_only, shards))
    split = open_splits((shards,), "test")[0]
    records = [record for group in source_groups(split) for record in group]
    expected = tiny_model().fake_probability(
        np.stack([model_pixels(record, split.margin, 64) for record in records])
    )
    labels = [record.label for record in records]
    assert result["frame_auc"] == pytest.approx(frame_metrics(labels, expected)["auc"])
    np.testing.assert_allclose(scores.probability, expected, atol=1e-6)


def test_the_maps_are_measured(tmp_path):
    shards = write_shards(tmp_path / "shards", {"test": 3})
    tiny_model().save(tmp_path / "model.keras")
    result = measure_maps(tmp_path / "model.keras", (shards,), 0)
    split = open_splits((shards,), "test")[0]
    records = [record for group in source_groups(split) for record in group]
    faces = np.stack([model_pixels(record, split.margin, 64) for record in records])
    _, maps = open_model(tmp_path / "model.keras").score_with_maps(faces)
    assert result["attention_overlap"] == pytest.approx(mean_attention_overlap(maps))
    assert result["attention_deletion"] > 0


def test_a_test_split_of_both_classes_is_needed(tmp_path):
    train_only = write_shards(tmp_path / "train", {"train": 1})
    with pytest.raises(UserError, match="train has no test split, on which"):
        folders_to_test([train_only])
    both = write_shards(tmp_path / "both", {"test": 1})
    assert folders_to_test([train_only, both]) == [both]
    described = load_dataset_json(both)
    counts = {"real": {"videos": 2, "crops": 4}, "fake": {"videos": 0, "crops": 0}}
    save_dataset_json(both, replace(described, counts={"test": counts}))
    with pytest.raises(UserError, match="has one class only"):
        folders_to_test([both])
