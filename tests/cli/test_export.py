"""`keras-madd export` from arguments to files, on pictures of known labels."""

import argparse
import dataclasses
import json

import numpy as np
import pytest
from exported_model import tiny_model
from PIL import Image

from keras_madd import MADD
from keras_madd.cli import export
from keras_madd.exporting import run_export
from keras_madd.exporting.samples import read_samples
from keras_madd.exporting.verify import sample_pictures
from keras_madd.inference.model_description import read_model_json
from keras_madd.support.errors import UserError


def parse(*arguments):
    parser = argparse.ArgumentParser()
    export.add_arguments(parser)
    return parser.parse_args([str(each) for each in arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A saved model, pictures to calibrate on, and labelled ones to verify on."""
    folder = tmp_path_factory.mktemp("export")
    tiny_model().save(folder / "model.keras")
    for name, seed in (("calibration", 1), ("verify/real", 2), ("verify/fake", 3)):
        (folder / name).mkdir(parents=True)
        for index, image in enumerate(sample_pictures((64, 64), 18, seed)):
            Image.fromarray(image).save(folder / name / f"{index}.png")
    return folder


def run(folder, tmp_path, *arguments, output="model.tflite"):
    return export.run(parse(folder / "model.keras", "--output", tmp_path / output, *arguments))


INT8 = ("--quantize", "int8", "--threads", "1")


@pytest.mark.slow
def test_int8_verified_and_reported(folder, tmp_path, capfd):
    arguments = (*INT8, "--calibration", folder / "calibration", "--verify", folder / "verify")
    arguments += ("--input-type", "uint8", "--demonstration", "--temperature", "1.5")
    assert run(folder, tmp_path, *arguments, "--max-auc-drop", "0.5") == 0
    captured = capfd.readouterr()
    assert "AUC " in captured.out
    stages = ["model", "pictures", "conversion", "verification", "speed"]
    # TensorFlow remembers the tests before this one, and says so between the lines.
    said = [line.split(":")[0] for line in captured.err.splitlines()]
    assert list(dict.fromkeys(each for each in said if each in stages)) == stages
    description = read_model_json(tmp_path / "model.tflite")
    assert (description.quantization, description.input_type) == ("int8", "uint8")
    assert (description.demonstration, description.temperature) == (True, 1.5)
    report = json.loads((tmp_path / "model.report.json").read_text())
    assert report["sha256"] == description.sha256
    assert report["figures"] == description.metrics["export"]
    assert report["figures"]["images"] == 36
    assert report["bytes"]["int8"] == (tmp_path / "model.tflite").stat().st_size
    assert report["size_ratio"] < 0.5
    assert report["bounds"][0]["holds"] is True
    assert len(report["delegation"]["partitions"]) == 1
    assert all(0 <= each["relative_error"] < 0.3 for each in report["layers"])
    assert report["settings"]["calibrated on"].startswith("18 face crops")
    page = (tmp_path / "model.report.html").read_text()
    assert f"{report['figures']['auc'][1]:.4f}" in page
    assert "detects nothing in the wild" in page
    assert "://" not in page.replace("http://www.w3.org", "")
    with pytest.raises(UserError, match=r"model\.tflite exists; --overwrite"):
        run(folder, tmp_path, *arguments)


@pytest.mark.slow
def test_a_bound_that_is_missed_fails_and_lists_layers(folder, tmp_path, capfd, monkeypatch):
    """A file whose answers are reversed: its AUC is 1 minus the model's."""
    real = run_export.verify_export

    def reversed_answers(model, path, samples, threads=None):
        scores = model.fake_probability(samples.images)
        labels = (scores > np.median(scores)).astype("int64")
        samples = type(samples)(samples.images, labels, samples.origin)
        found = real(model, path, samples, threads)
        found.figures["auc_drop"] = found.figures["auc"][0]
        return found

    monkeypatch.setattr(run_export, "verify_export", reversed_answers)
    arguments = (*INT8, "--calibration", folder / "calibration", "--verify", folder / "verify")
    assert run(folder, tmp_path, *arguments, "--max-auc-drop", "0.01") == 1
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error:")]
    assert "loss of AUC is 1, more than 0.01: do not use this file." in errors[0]
    assert len(errors) == 6
    assert all("off by" in line for line in errors[1:])
    assert json.loads((tmp_path / "model.report.json").read_text())["bounds"][0]["holds"] is False
    assert "Do not use this file" in (tmp_path / "model.report.html").read_text()


@pytest.mark.slow
def test_onnx_is_verified_without_labels(folder, tmp_path, capfd):
    pytest.importorskip("onnxruntime")
    arguments = ("--verify", folder / "calibration")
    assert run(folder, tmp_path, *arguments, output="model.onnx") == 0
    shown = capfd.readouterr().out
    assert "no AUC" in shown
    assert "opset 17, any batch size" in shown
    report = json.loads((tmp_path / "model.onnx.report.json").read_text())
    assert report["figures"]["auc"] is None
    assert report["bounds"][0] == {
        "what": "largest change of a probability",
        "found": report["figures"]["max_probability_difference"],
        "allowed": 1e-4,
        "holds": True,
    }
    assert "no labels of both classes" in (tmp_path / "model.onnx.report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--quantize", "int8"], r"--quantize int8 needs --calibration: the range of every"),
        (["--quantize", "int8-full"], r"--quantize int8-full needs --calibration"),
        (["--max-auc-drop", "0.1"], "--max-auc-drop needs --verify"),
        (["--calibration", "faces"], r"--calibration is for --quantize int8 and int8-full"),
    ],
)
def test_mistakes_are_told_before_work(tmp_path, arguments, message):
    with pytest.raises(UserError, match=message):
        export.run(parse("none.keras", "--output", tmp_path / "a.tflite", *arguments))
    with pytest.raises(UserError, match="take float32 pixels"):
        export.run(parse("a.keras", "--output", tmp_path / "a.onnx", "--input-type", "uint8"))
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_are_not_there_are_told_before_the_model_is_read(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"")
    for arguments in ((*INT8, "--calibration", "nowhere"), ("--verify", "nowhere")):
        with pytest.raises(UserError, match="There is nothing at nowhere"):
            run(tmp_path, tmp_path, *arguments)


def test_pictures_that_do_not_do(folder, tmp_path):
    same = ("--calibration", folder / "calibration", "--verify", folder / "calibration")
    with pytest.raises(UserError, match="18 pictures are both in"):
        run(folder, tmp_path, *INT8, *same)
    for one_class in ("calibration", "verify/real"):
        with pytest.raises(UserError, match="--max-auc-drop needs labels of both classes"):
            run(folder, tmp_path, "--verify", folder / one_class, "--max-auc-drop", "0.1")
    few = tmp_path / "few"
    few.mkdir()
    Image.fromarray(np.zeros((64, 64, 3), "uint8")).save(few / "a.png")
    with pytest.raises(UserError, match="1 face crops could be used; at least 16"):
        run(folder, tmp_path, *INT8, "--calibration", few)
    assert [path.name for path in tmp_path.iterdir()] == ["few"]


def test_what_model_json_does_not_take_is_told_before_anything_is_written(folder, tmp_path):
    with pytest.raises(UserError, match="`training_data` must be a string"):
        run(folder, tmp_path, "--training-data", "FF++\nCeleb-DF")
    assert list(tmp_path.iterdir()) == []


def test_answers_that_are_no_numbers_are_told(folder, tmp_path, capfd):
    model = tiny_model()
    broken = MADD.from_config(model.get_config())
    broken.set_weights(model.get_weights())
    for weight in broken.network.get_layer("head").weights:
        weight.assign(np.full(weight.shape, np.nan))
    broken.save(tmp_path / "broken.keras")
    output = tmp_path / "model.tflite"
    arguments = (tmp_path / "broken.keras", "--output", output, "--verify", folder / "verify")
    assert export.run(parse(*arguments, "--threads", "1")) == 1
    message = "36 of 36 probabilities are no numbers: do not use this file."
    assert message in capfd.readouterr().err
    assert read_model_json(output).metrics == {}


def test_maps_that_are_no_numbers_are_told(folder, tmp_path, capfd, monkeypatch):
    verify_export = run_export.verify_export

    def broken(*arguments):
        found = verify_export(*arguments)
        figures = found.figures | {"max_attention_difference": float("nan")}
        return dataclasses.replace(found, figures=figures)

    monkeypatch.setattr(run_export, "verify_export", broken)
    assert run(folder, tmp_path, "--verify", folder / "verify", "--threads", "1") == 1
    assert "its maps are no numbers: do not use this file." in capfd.readouterr().err
    assert read_model_json(tmp_path / "model.tflite").metrics == {}


def test_what_is_read_is_never_written_over(folder, tmp_path):
    """A model's description, `config.json` for `config.tflite`, is written as well."""
    preset, shards = tmp_path / "preset", tmp_path / "shards"
    tiny_model().save_to_preset(preset)
    shards.mkdir()
    (shards / "dataset.json").write_text("{}")
    before = (preset / "config.json").read_bytes()
    calibrated = ("--quantize", "int8", "--calibration", shards)
    for output, more in ((preset / "config.tflite", ()), (shards / "dataset.tflite", calibrated)):
        with pytest.raises(UserError, match="read"):
            export.run(parse(preset, "--output", output, "--overwrite", *more))
        assert not output.exists()
    assert (preset / "config.json").read_bytes() == before
    assert (shards / "dataset.json").read_text() == "{}"


@pytest.mark.slow
def test_answers_that_are_no_numbers_are_told_without_pictures_to_verify_on(
    folder, tmp_path, capfd, monkeypatch
):
    difference = {"max_probability_difference": float("nan")}
    monkeypatch.setattr(run_export, "compare_export", lambda *_: difference)
    for arguments in ((), (*INT8, "--calibration", folder / "calibration")):
        assert run(folder, tmp_path, *arguments, "--overwrite") == 1
        shown = capfd.readouterr().err
        assert "its probabilities are no numbers: do not use this file." in shown
        assert "expected at most" not in shown


@pytest.mark.slow
def test_layers_are_told_apart_from_the_file_that_was_quantised(folder, tmp_path, monkeypatch):
    """Not from the equalised one where the recipe leaves channels as they are."""
    from keras_madd.exporting import recipe_choice
    from keras_madd.exporting.layer_errors import layer_errors
    from keras_madd.exporting.litert import float_litert

    monkeypatch.setattr(recipe_choice, "CANDIDATES", recipe_choice.CANDIDATES[1:2])
    pictures = ("--calibration", folder / "calibration", "--verify", folder / "verify")
    assert run(folder, tmp_path, *INT8, *pictures) == 0
    told = json.loads((tmp_path / "model.report.json").read_text())["layers"]
    content = (tmp_path / "model.tflite").read_bytes()
    images = read_samples(folder / "verify", (64, 64), 1000, 0, splits=()).images[:8]
    expected = layer_errors(float_litert(tiny_model()), content, images)
    assert [each["relative_error"] for each in told] == pytest.approx(
        [each.relative_error for each in expected], rel=1e-3
    )


def test_a_folder_for_the_browser(folder, tmp_path, capfd):
    page = tmp_path / "page"
    assert export.run(parse(folder / "model.keras", "--web", page)) == 0
    told = capfd.readouterr().out
    assert f"{page}: python -m http.server" in told
    # The file's own place is gone.
    assert told.startswith("the model: ")
    assert "model.tflite" not in told
    assert read_model_json(page / "model" / "model.tflite").format == "litert"
    with pytest.raises(UserError, match="not empty"):
        export.run(parse("missing.keras", "--web", page))
    with pytest.raises(UserError, match="--verify writes its reports beside the file"):
        export.run(parse("missing.keras", "--web", page, "--verify", folder / "verify"))
    with pytest.raises(UserError, match=r"--web needs --batch 1\. Received: 2"):
        export.run(parse("missing.keras", "--web", page, "--batch", "2"))
    with pytest.raises(UserError, match=r"--web needs an --output that ends in \.tflite"):
        export.run(parse("missing.keras", "--web", page, "--output", "model.onnx"))
    inside = tmp_path / "site" / "model.tflite"
    with pytest.raises(UserError, match="lies in the folder of --web"):
        export.run(parse("missing.keras", "--web", tmp_path / "site", "--output", inside))
