"""Presets on the Hugging Face hub, against a stand-in server on this machine."""

import sys

import hub_server
import numpy as np
import pytest
from exported_model import exported, tiny_model
from huggingface_hub import constants

from keras_madd import MADD
from keras_madd.model import hub as madd_hub
from keras_madd.model.hub import fetch_preset, upload_preset
from keras_madd.support.errors import UserError

URI = "hf://someone/detector"


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub") / "preset"
    tiny_model().save_to_preset(folder)
    exported(folder)
    (folder / "README.md").write_text("# A card\n")
    (folder / "notes.txt").write_text("mine")
    return folder


@pytest.fixture
def hub(tmp_path, monkeypatch, preset):
    """The server, which holds the preset and a file that is none of its."""
    hub = hub_server.Hub()
    hub.files = {path.name: path.read_bytes() for path in preset.iterdir()}
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with hub_server.serving(hub) as address:
        point_to(address, monkeypatch)
        yield hub


def point_to(address, monkeypatch):
    """What `HF_ENDPOINT` does in a new process."""
    monkeypatch.setattr(constants, "ENDPOINT", address)
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


def test_a_preset_is_fetched_once_and_nothing_else_with_it(hub, monkeypatch):
    model = MADD.from_preset(URI)
    for found, expected in zip(model.get_weights(), tiny_model().get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    # The library asks the hub other things too, which are no files of a repository.
    files = [path for method, path in hub.requests if method == "GET" and "/resolve/" in path]
    fetched = {path.rsplit("/", 1)[1] for path in files}
    assert fetched == set(madd_hub.FILES)
    hub.requests.clear()
    fetch_preset(URI)
    assert not [path for method, path in hub.requests if method == "GET" and "/resolve/" in path]
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert (fetch_preset(URI) / "model.tflite").is_file()


def test_only_config_and_weights_are_needed(hub):
    for name in ("model.tflite", "model.json", "README.md"):
        del hub.files[name]
    assert sorted(path.name for path in fetch_preset(f"{URI}@v1").iterdir()) == [
        "config.json",
        "model.weights.h5",
    ]


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("hf://someone/nothing", "no such repository, or it is private"),
        (f"{URI}@v9", "no such revision"),
        ("hf://detector", r"is hf://user/name\[@revision\]. Received: hf://detector"),
        ("hf://../../etc/passwd", "is hf://user/name"),
        ("hf://someone/na--me", "cannot be fetched"),
    ],
)
def test_what_is_not_there_is_said(hub, uri, message):
    with pytest.raises(UserError, match=message):
        MADD.from_preset(uri)


def test_a_repository_of_something_else(hub):
    del hub.files["model.weights.h5"]
    with pytest.raises(UserError, match=f"{URI} is no preset: it has no model.weights.h5"):
        fetch_preset(URI)


def test_a_file_too_large_is_not_fetched(hub):
    hub.sizes["config.json"] = 10**9
    with pytest.raises(UserError, match=r"config\.json may have 16,777,216 bytes"):
        fetch_preset(URI)
    assert not [path for method, path in hub.requests if method == "GET" and "/resolve/" in path]


def test_without_a_network_the_error_says_what_to_do(hub, monkeypatch):
    point_to("http://127.0.0.1:9", monkeypatch)
    with pytest.raises(UserError, match="not in the cache and the hub cannot be reached"):
        fetch_preset(URI)


def test_an_uploaded_preset_comes_back(hub, preset):
    hub.files.clear()
    assert upload_preset(URI, preset, token="hf_right").endswith(hub_server.COMMIT)
    assert hub.files == {name: (preset / name).read_bytes() for name in madd_hub.FILES}
    assert MADD.from_preset(URI).config == tiny_model().config


def test_an_older_networks_exported_twin_does_not_stay(hub, tmp_path):
    """Beside newer weights it would be another detector."""
    folder = tmp_path / "newer"
    tiny_model().save_to_preset(folder)
    (folder / "README.md").write_text("# Newer\n")
    upload_preset(URI, folder, token="hf_right")
    assert sorted(hub.files) == ["README.md", "config.json", "model.weights.h5", "notes.txt"]
    assert hub.files["README.md"] == b"# Newer\n"


def test_an_upload_that_is_refused(hub, preset, tmp_path):
    with pytest.raises(UserError, match="cannot be uploaded"):
        upload_preset(URI, preset, token="hf_wrong")
    tiny_model().save_to_preset(tmp_path / "bare")
    with pytest.raises(UserError, match=r"must hold README\.md"):
        upload_preset(URI, tmp_path / "bare", token="hf_right")


def test_without_the_library_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(UserError, match=r"pip install 'keras-madd\[hub\]'"):
        fetch_preset(URI)
