import importlib

import pytest

import keras_madd.data
import keras_madd.edge
import keras_madd.inference
import keras_madd.media
import keras_madd.video


def test_an_old_name_is_the_new_one_and_warns():
    with pytest.warns(DeprecationWarning, match=r"keras_madd\.inference\.Detector"):
        assert keras_madd.edge.Detector is keras_madd.inference.Detector
    with pytest.warns(DeprecationWarning, match=r"keras_madd\.media\.VideoReader"):
        assert keras_madd.video.VideoReader is keras_madd.media.VideoReader
    with pytest.warns(DeprecationWarning, match=r"keras_madd\.demo\.sample_photo_path"):
        assert keras_madd.data.sample_photo_path().is_file()


@pytest.mark.parametrize(
    ("old", "name", "new"),
    [
        ("evaluation.calibration", "fit_calibration", "evaluation.calibration_fit"),
        ("evaluation.run", "run_evaluation", "evaluation.run_evaluation"),
        ("exporting.bundle", "export_bundle", "exporting.exported_file"),
        ("exporting.run", "run_export", "exporting.run_export"),
        ("training.run", "train", "training"),
        ("datasets.prepare.run", "prepare", "datasets.prepare"),
    ],
)
def test_a_renamed_module_gives_its_names_and_warns(old, name, new):
    before = importlib.import_module(f"keras_madd.{old}")
    with pytest.warns(DeprecationWarning, match=rf"{old}\.{name} is keras_madd\.{new}\.{name} now"):
        found = getattr(before, name)
    assert found is getattr(importlib.import_module(f"keras_madd.{new}"), name)


def test_a_name_that_will_go_still_works_and_says_what_to_use():
    with pytest.warns(DeprecationWarning, match=r"build_crops goes with .* use .*prepare"):
        build_crops = keras_madd.data.build_crops
    crops = build_crops(16, identities=8, videos_per_identity=1, frames_per_video=1)
    assert crops.images.shape[1:] == (16, 16, 3)
    assert crops.faces_not_found == crops.real_frames - (crops.methods == "real").sum()
    assert set(crops.splits) == {"train", "val", "test"}


def test_what_never_was_is_not_found():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = keras_madd.edge.nothing
