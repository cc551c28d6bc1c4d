"""The detector that comes with the package is used where no model is named."""

import argparse
import dataclasses
import json

import numpy as np
import pytest
from edge_videos import write_video
from exported_model import tiny_model

from keras_madd import MADD
from keras_madd.cli import camera, export, score
from keras_madd.demo import sample_photo_path
from keras_madd.exporting.verify import sample_pictures
from keras_madd.inference import Detector
from keras_madd.inference.calibration import calibrate, verdict_of
from keras_madd.inference.model_description import (
    read_model_json,
    sha256_of,
    write_model_json,
)
from keras_madd.support import shipped
from keras_madd.support.errors import UserError


def run(command, *arguments):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(each) for each in arguments]))


def test_score_says_which_model_and_links_its_card(shipped_preset, tmp_path, capfd):
    out = tmp_path / "scores.json"
    assert run(score, sample_photo_path(), "--json", out) == 0
    printed = capfd.readouterr()
    assert "fake score" in printed.out
    card = shipped_preset / shipped.CARD
    assert printed.err.splitlines() == [
        f"note: scored with {shipped.DEFAULT}; what it can and cannot do: {card}"
    ]
    content = json.loads(out.read_text())
    assert content["model"] == shipped.DEFAULT
    assert content["model_card"] == str(card)
    assert content["sha256"] == sha256_of(shipped_preset / shipped.LITERT)


def test_a_named_model_goes_by_its_path_and_has_no_card(shipped_preset, tmp_path, capfd):
    model = tmp_path / "mine.tflite"
    run(export, "--output", model)
    (tmp_path / shipped.CARD).write_text("of something else")
    out = tmp_path / "scores.json"
    assert run(score, sample_photo_path(), "--model", model, "--json", out) == 0
    assert capfd.readouterr().err == ""
    content = json.loads(out.read_text())
    assert (content["model"], content["model_card"]) == (str(model), None)


def test_camera_takes_it_too(shipped_preset, tmp_path, capfd):
    video = write_video(tmp_path / "video.mp4", frames=3)
    assert run(camera, "--source", video, "--headless", "--fast") == 0
    assert shipped.DEFAULT in capfd.readouterr().err


def test_the_preset_loads_by_name_in_float32(shipped_preset):
    model = MADD.from_preset(shipped.DEFAULT)
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    pictures = sample_pictures(model.config.input_size, 4)
    expected = tiny_model().fake_probability(pictures)
    np.testing.assert_allclose(model.fake_probability(pictures), expected, atol=2e-3)


def test_a_plain_name_only_is_looked_for_in_the_package(shipped_preset):
    assert shipped.shipped_folder(shipped.DEFAULT) == shipped_preset
    for other in ("", ".", "..", f"x/../{shipped.DEFAULT}", shipped_preset.parent, "nothing"):
        assert shipped.shipped_folder(other) is None


def test_export_without_a_model_writes_the_shipped_file(shipped_preset, tmp_path, capfd):
    out = tmp_path / "phone.tflite"
    assert run(export, "--output", out) == 0
    assert out.read_bytes() == (shipped_preset / shipped.LITERT).read_bytes()
    assert read_model_json(out) == read_model_json(shipped_preset / shipped.LITERT)
    assert shipped.DEFAULT in capfd.readouterr().out
    with pytest.raises(UserError, match="--overwrite"):
        run(export, "--output", out)
    with pytest.raises(UserError, match="--threshold, --batch needs --quantize"):
        run(export, "--output", out, "--overwrite", "--batch", "2", "--threshold", "0.7")
    with pytest.raises(UserError, match="--max-auc-drop, --demonstration needs --quantize"):
        run(export, "--output", out, "--overwrite", "--demonstration", "--max-auc-drop", "0")
    with pytest.raises(UserError, match="--samples, --threads needs --quantize"):
        run(export, "--output", out, "--overwrite", "--samples", "20", "--threads", "3")


def test_the_page_of_the_shipped_detector_has_its_card(shipped_preset, tmp_path):
    page = tmp_path / "page"
    assert run(export, "--web", page) == 0
    words = (shipped_preset / shipped.CARD).read_text().splitlines()[0].lstrip("# ")
    assert words in (page / "model" / "card.html").read_text()


def test_export_without_a_model_converts_to_other_formats(shipped_preset, tmp_path):
    twin = shipped_preset / shipped.LITERT
    values = dataclasses.asdict(read_model_json(twin)) | {"temperature": 1.7, "threshold": 0.6}
    values["demonstration"] = True
    del values["sha256"]
    write_model_json(twin, **values)
    out = tmp_path / "half.tflite"
    assert run(export, "--output", out, "--quantize", "float16") == 0
    found = read_model_json(out)
    assert found.demonstration
    assert (found.quantization, found.temperature, found.threshold) == ("float16", 1.7, 0.6)
    arguments = ("--quantize", "none", "--threshold", "0.4", "--overwrite")
    assert run(export, "--output", out, *arguments) == 0
    assert read_model_json(out).threshold == 0.4
    assert read_model_json(out).clear_threshold is None


def test_another_temperature_leaves_every_face_its_word(shipped_preset, tmp_path):
    twin = shipped_preset / shipped.LITERT
    values = dataclasses.asdict(read_model_json(twin)) | {"temperature": 1.7}
    values |= {"threshold": 0.6, "clear_threshold": 0.3}
    del values["sha256"]
    write_model_json(twin, **values)
    out = tmp_path / "model.tflite"
    assert run(export, "--output", out, "--quantize", "none", "--temperature", "0.8") == 0
    found = read_model_json(out)
    assert found.temperature == 0.8
    raw = np.linspace(0.001, 0.999, 999)
    words = [
        [verdict_of(p, each["threshold"], each["clear_threshold"]) for p in shown]
        for each in (values, dataclasses.asdict(found))
        for shown in [calibrate(raw, each["temperature"])]
    ]
    assert words[0] == words[1]
    assert len(set(words[0])) == 3


def test_without_trained_weights_the_error_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "WEIGHTS", tmp_path)
    for command, arguments in ((score, ["x.jpg"]), (export, ["--output", tmp_path / "x.tflite"])):
        (tmp_path / "x.jpg").touch()
        with pytest.raises(UserError, match="without trained weights: name a model"):
            run(command, *(tmp_path / each if each == "x.jpg" else each for each in arguments))
    with pytest.raises(UserError, match="without trained weights"):
        Detector()
