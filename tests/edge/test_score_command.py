import argparse
import json
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from exported_model import exported
from PIL import Image

from keras_madd.cli import score
from keras_madd.data import sample_photo_path
from keras_madd.errors import UserError


@pytest.fixture
def model_file(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    return exported(folder)


@pytest.fixture
def photos(tmp_path):
    """A folder with a portrait, a wall, and a broken file."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    shutil.copy(sample_photo_path(), folder / "portrait.jpg")
    Image.new("RGB", (200, 150), "grey").save(folder / "wall.png")
    (folder / "more" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing")
    return folder


def run(*arguments):
    parser = argparse.ArgumentParser()
    score.add_arguments(parser)
    return score.run(parser.parse_args([str(each) for each in arguments]))


def test_a_line_per_face_and_the_rest_still_scored(model_file, photos, capfd):
    assert run(photos, "--model", model_file) == 1
    captured = capfd.readouterr()
    lines = captured.out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith(f"{photos / 'portrait.jpg'}: fake score ")
    assert re.search(r"\d+\.\d% \((real|fake)\), face \d+x\d+ at ", lines[0])
    assert lines[1] == f"{photos / 'wall.png'}: no face found"
    errors = captured.err.splitlines()
    assert len(errors) == 2
    assert errors[0].startswith(f"error: {photos / 'more' / 'broken.jpg'}: ")
    assert errors[1] == "1 of 3 files failed"


def test_status_0_without_failures_whatever_the_verdict(model_file, photos, capfd):
    assert run(photos / "portrait.jpg", photos / "wall.png", "--model", model_file) == 0
    assert capfd.readouterr().err == ""


def test_json(model_file, photos, tmp_path):
    out = tmp_path / "scores.json"
    assert run(photos, "missing.jpg", "--model", model_file, "--json", out) == 1
    content = json.loads(out.read_text())
    assert content["training_data"] == "none: random"
    assert len(content["sha256"]) == 64
    broken, portrait, wall, missing = content["files"]
    assert "error" in broken
    assert "faces" not in broken
    (face,) = portrait["faces"]
    assert 0 <= face["fake_probability"] <= 1
    assert len(face["box"]) == 4
    assert wall["faces"] == []
    assert "no such file" in missing["error"]


def test_overlay(model_file, photos, tmp_path):
    folder = tmp_path / "drawn" / "here"
    again = tmp_path / "again"
    again.mkdir()
    shutil.copy(photos / "portrait.jpg", again)
    assert run(photos, again, "--model", model_file, "--overlay", folder) == 1
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["portrait.jpg.2.scored.png", "portrait.jpg.scored.png", "wall.png.scored.png"]
    with Image.open(photos / "portrait.jpg") as original:
        before = np.asarray(original)
    with Image.open(folder / "portrait.jpg.scored.png") as drawn:
        assert (np.asarray(drawn) != before).any(axis=2).mean() > 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "none.tflite"], "There is no model file none.tflite"),
        (["--json", "no/such/folder/a.json"], "There is no folder"),
        (["--json", "."], "is a folder"),
    ],
)
def test_mistakes_in_the_command(model_file, photos, arguments, message):
    with pytest.raises(UserError, match=message):
        run(photos, "--model", model_file, *arguments)


def test_an_overlay_folder_that_is_a_file(model_file, photos):
    with pytest.raises(UserError, match="--overlay"):
        run(photos, "--model", model_file, "--overlay", photos / "wall.png")


def test_a_folder_without_images(model_file, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UserError, match=f"No images and no videos in {empty}"):
        run(empty, "--model", model_file)


def test_a_fresh_process_is_quiet_and_needs_no_framework(model_file, photos):
    code = (
        "import argparse, sys\n"
        "from keras_madd.cli import score\n"
        "parser = argparse.ArgumentParser()\n"
        "score.add_arguments(parser)\n"
        "status = score.run(parser.parse_args(sys.argv[1:]))\n"
        "assert not {'keras', 'tensorflow'} & set(sys.modules)\n"
        "sys.exit(status)\n"
    )
    arguments = [photos / "portrait.jpg", "--model", model_file, "--overlay", photos.parent]
    result = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == 1
