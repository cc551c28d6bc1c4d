"""The folder that a browser gets: whole, listed, and nothing of a model that cannot run."""

import hashlib
import json
import re
import tarfile
import time
from html import unescape

import pytest
from exported_model import exported

from keras_madd.inference.model_description import read_model_json
from keras_madd.support.errors import UserError
from keras_madd.web import write_web_folder
from keras_madd.web.folder import PAGE, RUNTIMES
from keras_madd.web.model_card import model_card


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    return exported(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def folder(model_file, tmp_path_factory):
    return write_web_folder(model_file, tmp_path_factory.mktemp("web") / "page")


def test_every_file_is_listed_with_its_sum(folder):
    listed = json.loads((folder / "files.json").read_text())
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "files.json"
    }
    assert listed.keys() == found.keys()
    for name, content in found.items():
        assert listed[name] == {
            "bytes": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }


def test_the_model_is_the_exported_one(folder, model_file):
    copied = folder / "model" / "model.tflite"
    assert copied.read_bytes() == model_file.read_bytes()
    assert read_model_json(copied) == read_model_json(model_file)


def test_what_the_page_names_is_there(folder):
    page = (folder / "index.html").read_text()
    for name in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert (folder / name).is_file(), name
    script = (folder / "app.js").read_text()
    assert '"worker.js"' in script
    assert (folder / "worker.js").is_file()
    for name in re.findall(r"(?:model|faces)/\w+\.(?:tflite|json)", script):
        assert (folder / name).is_file(), name


def test_nothing_names_another_server(folder):
    """But for the namespace of SVG and what the libraries' messages point to."""
    for name in ("index.html", "style.css", "model/card.html"):
        assert "//" not in (folder / name).read_text().replace("/*", "").replace("*/", "")


def test_the_runtimes_are_whole_and_come_with_their_loaders(folder):
    with tarfile.open(RUNTIMES) as archive:
        names = archive.getnames()
    assert sorted(names) == sorted(path.name for path in (folder / "wasm").iterdir())
    for name in names:
        if name.endswith(".wasm"):
            assert (folder / "wasm" / name).read_bytes()[:4] == b"\0asm"
            assert name.replace(".wasm", ".js") in names


def test_every_file_is_as_new_as_the_folder(model_file, tmp_path):
    """Else browsers keep an old one for years, and a server says that it has not changed."""
    started = int(time.time())  # Some file systems know whole seconds only.
    folder = write_web_folder(model_file, tmp_path / "page")
    old = [path for path in folder.rglob("*") if path.stat().st_mtime < started]
    assert old == []


def test_the_download_stays_small():
    assert RUNTIMES.stat().st_size < 4.5e6
    assert sum(path.stat().st_size for path in PAGE.iterdir()) < 300_000


def test_a_folder_that_is_not_empty_stays(model_file, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        write_web_folder(model_file, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    write_web_folder(model_file, tmp_path, overwrite=True)
    assert (tmp_path / "mine.txt").read_text() == "mine"
    assert (tmp_path / "index.html").is_file()


def test_models_that_the_page_cannot_run_are_refused(tmp_path):
    with pytest.raises(UserError, match="no model file"):
        write_web_folder(tmp_path / "missing.tflite", tmp_path / "web")
    with pytest.raises(UserError, match=r"--batch 1\. Received: batch=2"):
        write_web_folder(exported(tmp_path, batch=2), tmp_path / "web")
    assert not (tmp_path / "web").exists()


def test_the_card_says_what_is_known_and_escapes_it(model_file):
    from dataclasses import replace

    described = replace(
        read_model_json(model_file),
        training_data="<script>alert(1)</script>",
        metrics={"frame AUC": 0.9},
        demonstration=True,
    )
    card = model_card(described, "# Limits\n\nmakes <mistakes>")
    assert "<script" not in card
    text = unescape(re.sub(r"<[^>]+>", "", card))
    for words in ("<script>alert(1)</script>", "frame AUC", "makes <mistakes>", described.sha256):
        assert words in text
    assert "demonstration" in text
    assert "demonstration" not in model_card(replace(described, demonstration=False))
