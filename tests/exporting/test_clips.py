"""Detectors of clips as files."""

import numpy as np
import pytest
from backends import tensorflow_only
from small_clips import FRAMES, clip_detector, exported_clips, moving

from keras_madd.evaluation.opened_model import open_model
from keras_madd.exporting.android import ASSETS, write_android_assets
from keras_madd.exporting.exported_file import export_bundle
from keras_madd.exporting.run_export import ExportSettings, run_export
from keras_madd.exporting.verify import compare_export
from keras_madd.inference.model_description import read_model_json
from keras_madd.support.errors import UserError
from keras_madd.web.folder import write_web_folder

pytestmark = tensorflow_only


@pytest.mark.parametrize(
    ("name", "quantize", "tolerance"), [("sstnet", "none", 1e-4), ("two_branch", "float16", 5e-3)]
)
def test_the_file_computes_the_same_of_clips(name, quantize, tolerance):
    model, path = clip_detector(name), exported_clips(name, quantize)
    pixels = moving()
    scores = model.fake_probability(pixels)
    assert np.ptp(scores) > 10 * tolerance
    assert np.abs(scores - model.fake_probability(pixels[:, ::-1])).max() > 10 * tolerance
    assert compare_export(model, path, pixels)["max_probability_difference"] < tolerance
    description = read_model_json(path)
    assert (description.schema_version, description.pixels_shape) == (4, (FRAMES, 32, 32, 3))
    scorer = open_model(path)
    assert scorer.clip_frames == FRAMES
    np.testing.assert_allclose(scorer.score(pixels), scores, atol=tolerance)


def test_onnx_computes_the_same_of_clips(tmp_path):
    pytest.importorskip("onnxruntime")
    model, path = clip_detector(), tmp_path / "model.onnx"
    export_bundle(model, path)
    assert compare_export(model, path, moving())["max_probability_difference"] < 1e-4


def test_phones_and_pages_refuse_clips(tmp_path):
    path = exported_clips("two_branch", "float16")
    with pytest.raises(UserError, match="The page scores single faces"):
        write_web_folder(path, tmp_path / "page")
    (tmp_path / ASSETS).mkdir(parents=True)
    with pytest.raises(UserError, match="The app scores single faces"):
        write_android_assets(path, tmp_path)
    assert not list((tmp_path / ASSETS).iterdir())


def test_what_clips_cannot_is_said(tmp_path):
    clip_detector().save(tmp_path / "model.keras")
    settings = ExportSettings(
        model=str(tmp_path / "model.keras"),
        output=tmp_path / "model.tflite",
        quantize="int8",
        calibration=str(tmp_path),
    )
    with pytest.raises(UserError, match="this model takes clips: export it with --quantize none"):
        run_export(settings)
    assert not settings.output.exists()
