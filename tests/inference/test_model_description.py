import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from keras_madd.inference.model_description import (
    ModelDescription,
    model_json_path,
    read_model_json,
    sha256_of,
    write_model_json,
)
from keras_madd.support.errors import UserError

# The app's and the page's tests read the same list.
GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "model_descriptions.json").read_text("utf-8")
)


@pytest.fixture
def model_file(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"not really a model")
    write_model_json(
        path,
        format="litert",
        quantization="none",
        input_size=(64, 48),
        num_attention_maps=4,
        training_data="Gesichter, künstliche",
        metrics={"frame_auc": 0.5},
    )
    return path


def change(model_file, **values):
    path = model_json_path(model_file)
    content = json.loads(path.read_text()) | values
    path.write_text(json.dumps({key: value for key, value in content.items() if value != "DROP"}))


def test_round_trip(model_file):
    description = read_model_json(model_file)
    assert description == ModelDescription(
        format="litert",
        quantization="none",
        input_size=(64, 48),
        num_attention_maps=4,
        sha256=sha256_of(model_file),
        training_data="Gesichter, künstliche",
        metrics={"frame_auc": 0.5},
    )
    assert description.schema_version == 2


@pytest.mark.parametrize(
    ("outputs", "maps", "full_scale"),
    [
        (("fake_probability", "attention_maps"), "attention_maps", None),
        (("blend_maps", "fake_probability"), "blend_maps", 1.0),
        (("fake_probability",), None, None),
    ],
)
def test_the_name_of_the_maps_tells_their_scale(outputs, maps, full_scale):
    described = ModelDescription(
        format="litert",
        quantization="none",
        input_size=(8, 8),
        num_attention_maps=int(maps is not None),
        sha256="0" * 64,
        output_names=outputs,
    )
    assert (described.maps_output, described.full_scale) == (maps, full_scale)


def test_every_field_is_in_the_file(model_file):
    content = json.loads(model_json_path(model_file).read_text(encoding="utf-8"))
    expected = {field.name for field in dataclasses.fields(ModelDescription)}
    # What older readers do not know is left out where it says nothing.
    assert set(content) == expected - {"clear_threshold", "clip_frames"}
    assert content["color_order"] == "RGB"
    assert (content["temperature"], content["threshold"]) == (1.0, 0.5)
    assert (content["input_type"], content["demonstration"]) == ("float32", False)
    assert content["output_names"] == ["fake_probability", "attention_maps"]


def written_with(path, **changed):
    values = dataclasses.asdict(read_model_json(path)) | changed
    del values["sha256"]
    return write_model_json(path, **values)


def with_words(path):
    return written_with(path, threshold=0.7, clear_threshold=0.2)


def with_clips(path):
    return written_with(path, clip_frames=5)


def test_the_thresholds_of_the_words_make_another_schema(model_file):
    written = with_words(model_file)
    assert (written.schema_version, written.clear_threshold) == (3, 0.2)
    assert read_model_json(model_file) == written
    change(model_file, schema_version=2)
    with pytest.raises(UserError, match="unknown keys: clear_threshold"):
        read_model_json(model_file)
    change(model_file, schema_version=3, clear_threshold=0.8)
    with pytest.raises(UserError, match="`clear_threshold` must not be above `threshold`"):
        read_model_json(model_file)
    change(model_file, clear_threshold=-0.1)
    with pytest.raises(UserError, match="`clear_threshold` must be a number from 0 to 1"):
        read_model_json(model_file)


def test_names_beside_the_file():
    assert model_json_path("a/model.tflite").as_posix() == "a/model.json"
    assert model_json_path("a/model.onnx").as_posix() == "a/model.onnx.json"


def test_another_file_is_refused(model_file):
    model_file.write_bytes(b"another model")
    with pytest.raises(UserError, match=r"describes another file than model\.tflite"):
        read_model_json(model_file)


def test_clips_make_another_schema(model_file):
    assert read_model_json(model_file).pixels_shape == (64, 48, 3)
    written = with_clips(model_file)
    assert (written.schema_version, written.pixels_shape) == (4, (5, 64, 48, 3))
    assert read_model_json(model_file) == written
    change(model_file, clip_frames=0)
    with pytest.raises(UserError, match="`clip_frames` must be a whole number from 1 to 64"):
        read_model_json(model_file)
    change(model_file, clip_frames=5, schema_version=3)
    with pytest.raises(UserError, match="unknown keys: clip_frames"):
        read_model_json(model_file)
    change(model_file, schema_version=2)
    with pytest.raises(UserError, match="unknown keys: clear_threshold, clip_frames"):
        read_model_json(model_file)
    change(model_file, schema_version=4, clear_threshold=0.6)
    with pytest.raises(UserError, match="`clear_threshold` must not be above `threshold`"):
        read_model_json(model_file)
    change(model_file, clear_threshold=None)
    written = with_words(model_file)
    assert (written.schema_version, written.clip_frames, written.clear_threshold) == (4, 5, 0.2)
    assert read_model_json(model_file) == written


@pytest.mark.parametrize("key", [field.name for field in dataclasses.fields(ModelDescription)])
def test_a_missing_key_is_named(model_file, key):
    with_clips(model_file) if key == "clip_frames" else with_words(model_file)
    change(model_file, **{key: "DROP"})
    with pytest.raises(UserError, match="schema version None" if key == "schema_version" else key):
        read_model_json(model_file)


@pytest.mark.parametrize("case", GOLDEN["good"], ids=lambda case: case["name"])
def test_good_descriptions_are_read(model_file, case):
    content = GOLDEN["valid"] | {"sha256": sha256_of(model_file)} | case["changes"]
    model_json_path(model_file).write_text(json.dumps(content))
    description = read_model_json(model_file)
    for key, value in case["changes"].items():
        assert getattr(description, key) == (tuple(value) if isinstance(value, list) else value)


@pytest.mark.parametrize("case", GOLDEN["bad"], ids=lambda case: case["name"])
def test_bad_values_are_refused_and_named(model_file, case):
    content = GOLDEN["valid"] | {"sha256": sha256_of(model_file)} | case["changes"]
    model_json_path(model_file).write_text(json.dumps(content))
    with pytest.raises(UserError, match=case["wrong"].replace("_", ".")) as caught:
        read_model_json(model_file)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 400 + len(str(model_file))


@pytest.mark.parametrize("case", GOLDEN["not_json"], ids=lambda case: case["name"])
def test_texts_that_are_no_description(model_file, case):
    model_json_path(model_file).write_text(case["text"])
    with pytest.raises(UserError, match=r"model\.json") as caught:
        read_model_json(model_file)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a":' * 200_000, " " * (2 << 20)])
def test_what_is_meant_to_exhaust(model_file, text):
    model_json_path(model_file).write_text(text)
    with pytest.raises(UserError, match=r"brackets|JSON|larger than 1048576 bytes"):
        read_model_json(model_file)


def test_what_is_no_number_is_not_written(model_file):
    before = model_json_path(model_file).read_bytes()
    values = dataclasses.asdict(read_model_json(model_file)) | {
        "metrics": {"export": {"off": float("nan")}}
    }
    del values["sha256"]
    with pytest.raises(ValueError, match="JSON"):
        write_model_json(model_file, **values)
    assert model_json_path(model_file).read_bytes() == before


def test_what_could_not_be_read_is_not_written(model_file):
    before = model_json_path(model_file).read_bytes()
    values = {"format": "litert", "quantization": "none", "input_size": (64, 48)}
    with pytest.raises(ValueError, match=r"`temperature`.*Received: temperature=-1"):
        write_model_json(model_file, **values, num_attention_maps=4, temperature=-1)
    assert model_json_path(model_file).read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff"])
def test_what_is_no_json_object(model_file, text):
    model_json_path(model_file).write_text(text, encoding="latin-1")
    with pytest.raises(UserError, match=r"model\.json"):
        read_model_json(model_file)


def test_missing_files(model_file, tmp_path):
    with pytest.raises(UserError, match="no model file"):
        read_model_json(tmp_path / "other.tflite")
    model_json_path(model_file).unlink()
    with pytest.raises(UserError, match=r"model\.json must lie beside it"):
        read_model_json(model_file)


def test_reading_needs_no_framework():
    code = (
        "import sys, keras_madd.inference.model_description;"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("folder", [".", "/"])
def test_a_folder_without_a_name_is_a_folder(folder):
    with pytest.raises(UserError, match=rf"^{re.escape(folder)}: this is a folder, not a file"):
        read_model_json(folder)
    assert model_json_path(folder).name == ".json"
