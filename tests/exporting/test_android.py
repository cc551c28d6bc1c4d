import json
import shutil
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from keras_madd import MADD
from keras_madd.cli.main import main
from keras_madd.exporting import android
from keras_madd.exporting.android import (
    ASSETS,
    DEVICE_ASSETS,
    choose_golden_crop,
    tolerance_of,
    write_android_assets,
)
from keras_madd.exporting.exported_file import export_bundle
from keras_madd.exporting.run_export import ExportResult
from keras_madd.exporting.verify import sample_pictures
from keras_madd.inference.model_description import read_model_json, write_model_json
from keras_madd.inference.runner import LiteRTRunner
from keras_madd.layers import AttentionMaps
from keras_madd.media.images import read_image
from keras_madd.support.errors import UserError
from keras_madd.support.shipped import default_litert

SIZE = 32
REPOSITORY = Path(__file__).parents[2]


def linear_model(path, weights, bias, divide_by_brightness=False):
    """Writes a LiteRT file whose log-odds are a weighted sum of the pixels."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((1, SIZE, SIZE, 3), tf.float32, name="image")])
    def score(image):
        logit = tf.reduce_sum(image * weights, (1, 2, 3)) + bias
        if divide_by_brightness:
            logit = logit / tf.reduce_max(image, (1, 2, 3))
        return {"fake_probability": tf.sigmoid(logit)}

    module = tf.Module()
    module.score = score
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [score.get_concrete_function()], module
    )
    path.write_bytes(converter.convert())


def describe(path, **values):
    defaults = {
        "format": "litert",
        "quantization": "none",
        "input_size": (SIZE, SIZE),
        "num_attention_maps": 0,
        "output_names": ("fake_probability",),
    }
    return write_model_json(path, **defaults | values)


@pytest.fixture(scope="module")
def telling_model(tmp_path_factory):
    """A model that every pixel matters to, most of all on one side and in red."""
    weights = np.random.default_rng(0).normal(0, 4e-4, (SIZE, SIZE, 3)).astype("float32")
    weights += np.linspace(6e-5, 0, SIZE, dtype="float32")[None, :, None] * [1, 0.5, 0]
    path = tmp_path_factory.mktemp("telling") / "any_name.tflite"
    linear_model(path, weights.astype("float32"), -3.0)
    describe(path)
    return path


@pytest.fixture
def project(tmp_path):
    (tmp_path / "android" / ASSETS.parent).mkdir(parents=True)
    return tmp_path / "android"


def copied(model, folder, **changes):
    path = folder / "copy.tflite"
    shutil.copyfile(model, path)
    describe(path, **changes)
    return path


def test_writes_what_the_app_needs(telling_model, project):
    written = write_android_assets(telling_model, project)
    folder = project / ASSETS
    assert written.folder == folder
    assert {path.name for path in folder.iterdir()} == {
        "model.tflite",
        "model.json",
        "golden_crop.png",
        "self_check.json",
    }
    assert (folder / "model.tflite").read_bytes() == telling_model.read_bytes()
    description = read_model_json(folder / "model.tflite")
    check = json.loads((folder / "self_check.json").read_text())
    assert check == {
        "schema_version": 1,
        "sha256": description.sha256,
        "crop": "golden_crop.png",
        "fake_probability": written.probability,
        "tolerance": 0.02,
    }
    crop = read_image(folder / "golden_crop.png")
    assert crop.shape == (SIZE, SIZE, 3)
    found = LiteRTRunner(folder / "model.tflite").run(crop[None])[0][0]
    assert found == pytest.approx(written.probability, abs=1e-6)


def test_the_golden_crop_gives_mistakes_away(telling_model, project):
    written = write_android_assets(telling_model, project)
    runner = LiteRTRunner(project / ASSETS / "model.tflite")
    crop = read_image(project / ASSETS / "golden_crop.png").astype(np.float32)
    wrong = {
        "a black picture": 0 * crop,
        "pixels from 0 to 1": crop / 255,
        "red and blue exchanged": crop[..., ::-1],
        "a mirrored picture": crop[:, ::-1],
    }
    for name, pixels in wrong.items():
        difference = abs(float(runner.run(pixels[None])[0][0]) - written.probability)
        assert (difference > 2 * written.tolerance) == (name in written.told_apart), name
    assert {"a black picture", "pixels from 0 to 1"} <= set(written.told_apart)
    for constant in (0, 0.5, 1):
        assert abs(written.probability - constant) > 2 * written.tolerance


def test_crops_for_a_test_on_a_phone_are_far_apart(telling_model, project):
    write_android_assets(telling_model, project)
    runner = LiteRTRunner(telling_model)
    probabilities = []
    for path in sorted((project / DEVICE_ASSETS).glob("golden_crop_*.json")):
        check = json.loads(path.read_text())
        crop = read_image(path.with_suffix(".png"))
        assert check["crop"] == path.with_suffix(".png").name
        assert check["sha256"] == runner.description.sha256
        assert float(runner.run(crop[None])[0][0]) == pytest.approx(check["fake_probability"])
        probabilities.append(check["fake_probability"])
    assert probabilities == sorted(probabilities)
    assert len(set(probabilities)) == 6
    # Of all pictures between a face and others, none lies outside of them.
    everything = runner.run(android.mixed_pictures(SIZE))[0]
    assert probabilities[0] == pytest.approx(everything.min())
    assert probabilities[-1] == pytest.approx(everything.max())


def test_the_candidates_are_made_and_run_once(telling_model, project, monkeypatch):
    made, many = [], []
    mixed_pictures, run = android.mixed_pictures, LiteRTRunner.run

    def counted(size):
        made.append(size)
        return mixed_pictures(size)

    def noted(runner, pixels):
        many.append(len(pixels))
        return run(runner, pixels)

    monkeypatch.setattr(android, "mixed_pictures", counted)
    monkeypatch.setattr(LiteRTRunner, "run", noted)
    write_android_assets(telling_model, project)
    assert made == [SIZE]
    assert many.count(198) == 1
    assert max(many[1:]) < 10


def test_no_more_than_the_candidates_is_held_while_they_are_made():
    tracemalloc.start()
    candidates = android.mixed_pictures(128)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert candidates.shape == (198, 128, 128, 3)
    assert candidates.dtype == np.uint8
    # The list and the stack of it.
    assert most < 3 * candidates.nbytes


def test_other_assets_stay_and_old_ones_are_replaced(telling_model, project):
    folder = project / ASSETS
    folder.mkdir()
    (folder / "face.tflite").write_bytes(b"detector")
    (folder / "model.tflite").write_bytes(b"old")
    write_android_assets(telling_model, project)
    assert (folder / "face.tflite").read_bytes() == b"detector"
    assert (folder / "model.tflite").read_bytes() == telling_model.read_bytes()


def test_tolerance_follows_the_quantisation(telling_model, project, tmp_path):
    for kind, tolerance in (("float16", 0.02), ("dynamic", 0.05), ("int8", 0.05)):
        written = write_android_assets(copied(telling_model, tmp_path, quantization=kind), project)
        assert written.tolerance == tolerance


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": 4}, "export with --batch 1. Received: batch=4"),
        ({"input_size": (SIZE, 48)}, "cut out square. Received: input_size=32x48"),
        ({"format": "onnx"}, "The app runs .tflite files"),
    ],
)
def test_refuses_what_the_app_cannot_run(telling_model, project, tmp_path, changes, message):
    model = copied(telling_model, tmp_path, **changes)
    with pytest.raises(UserError, match=message):
        write_android_assets(model, project)
    assert not (project / ASSETS).exists()


def test_refuses_a_folder_that_is_no_project(telling_model, tmp_path):
    with pytest.raises(UserError, match="is not the Android project: it has no folder app/"):
        write_android_assets(telling_model, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_model_whose_answer_says_nothing(project, tmp_path):
    path = tmp_path / "constant.tflite"
    linear_model(path, np.zeros((SIZE, SIZE, 3), "float32"), -0.4)
    describe(path)
    with pytest.raises(UserError, match="nearly the same probability"):
        write_android_assets(path, project)


def test_refuses_a_model_that_gives_no_number_for_a_black_picture(project, tmp_path):
    path = tmp_path / "divides.tflite"
    weights = np.random.default_rng(0).normal(0, 0.02, (SIZE, SIZE, 3)).astype("float32")
    linear_model(path, weights, 0.0, divide_by_brightness=True)
    describe(path)
    with pytest.raises(UserError, match="NaN for a black picture"):
        write_android_assets(path, project)


def test_a_failure_on_the_way_leaves_the_assets_as_they_were(telling_model, project, monkeypatch):
    folder = project / ASSETS
    write_android_assets(telling_model, project)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(android, "_write_check", fail)
    with pytest.raises(OSError, match="disk full"):
        write_android_assets(telling_model, project)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_half_precision_gives_a_number_where_nothing_attends(tmp_path):
    """A pooled vector then has length 0, and a small constant that guards it is 0 in halves."""
    model = MADD.from_preset("madd_tiny", seed=0)
    (attention,) = (each for each in model.network.layers if isinstance(each, AttentionMaps))
    attention.batch_normalization.beta.assign(np.full(attention.num_attentions, -1e3))
    export_bundle(model, tmp_path / "model.tflite", quantize="float16")
    pictures = sample_pictures(model.config.input_size, 2)
    found, maps = LiteRTRunner(tmp_path / "model.tflite").run(pictures)
    assert not maps.any()
    np.testing.assert_allclose(found, model.fake_probability(pictures), atol=0.01)


def test_the_app_comes_with_the_trained_detector_and_its_golden_probabilities():
    folder, device = (REPOSITORY / "android_demo" / each for each in (ASSETS, DEVICE_ASSETS))
    description = read_model_json(folder / "model.tflite")
    again = "keras-madd export --android android_demo --overwrite"
    assert description.sha256 == read_model_json(default_litert()).sha256, f"Run {again}"
    assert not description.demonstration
    runner = LiteRTRunner(folder / "model.tflite")
    files = [folder / "self_check.json", *sorted(device.glob("golden_crop_*.json"))]
    assert len(files) == 7
    for path in files:
        check = json.loads(path.read_text())
        assert check["sha256"] == description.sha256, f"Run {again}"
        assert check["tolerance"] == tolerance_of(description)
        crop = read_image(path.with_name(check["crop"]))
        found = float(runner.run(crop[None])[0][0])
        assert found == pytest.approx(check["fake_probability"], abs=0.01), path.name


def run_command(capsys, *arguments):
    status = main(["export", *map(str, arguments)])
    return status, capsys.readouterr()


def test_the_command_checks_its_arguments_before_it_works(project, tmp_path, capsys):
    missing = tmp_path / "none.keras"
    for arguments, message in (
        ([], "Say where to write"),
        (["--android", tmp_path], "is not the Android project"),
        (["--android", project, "--batch", 2], "--android needs --batch 1. Received: 2"),
        (
            ["--android", project, "--output", tmp_path / "a.onnx"],
            "an --output that ends in .tflite",
        ),
        (["--android", project], f"There is no model {missing}"),
    ):
        status, shown = run_command(capsys, missing, *arguments)
        assert (status, shown.out) == (2, "")
        assert message in shown.err
    assert not (project / ASSETS).exists()


def test_the_command_fills_the_app(telling_model, project, tmp_path, capsys, monkeypatch):
    """The conversion itself has its own tests; here a ready file takes its place."""

    def export(settings):
        shutil.copyfile(telling_model, settings.output)
        description = describe(settings.output)
        return ExportResult(description, ("exported",), problems)

    monkeypatch.setattr("keras_madd.exporting.run_export.run_export", export)
    problems = ("it computes something else",)
    status, shown = run_command(capsys, "a.keras", "--android", project)
    assert (status, shown.err) == (1, "error: it computes something else\n")
    assert not (project / ASSETS).exists()
    problems = ()
    status, shown = run_command(capsys, "a.keras", "--android", project)
    assert (status, shown.err) == (0, "")
    assert "told apart: a black picture" in shown.out
    assert (project / ASSETS / "model.tflite").read_bytes() == telling_model.read_bytes()
    status, _ = run_command(
        capsys, "a.keras", "--android", project, "--output", tmp_path / "b.tflite"
    )
    assert status == 0
    assert (tmp_path / "b.tflite").is_file()


def test_the_script_is_the_command_with_the_project_beside_it():
    script = Path(__file__).parents[2] / "export" / "to_android.py"
    command = [sys.executable, str(script), "none.keras"]
    wrong = subprocess.run(command, capture_output=True, text=True)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "error: There is no model none.keras.\n"
    elsewhere = subprocess.run([*command, "--android", "no"], capture_output=True, text=True)
    assert "no is not the Android project" in elsewhere.stderr


def test_the_choice_is_the_same_every_time(telling_model):
    runner = LiteRTRunner(telling_model)
    candidates = android.mixed_pictures(SIZE)
    probabilities, _ = runner.run(candidates)
    first, second = (choose_golden_crop(runner, 0.02, candidates, probabilities) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1] == second[1]
