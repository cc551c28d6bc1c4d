import os

import pytest

from keras_madd.support.files import replace_file, replacing


def test_content_replaces_the_old_file(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    assert replace_file(path, b"new") == path
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.json"]


def fail_half_way(path):
    with replacing(path) as temporary:
        assert temporary.suffix == ".tflite"
        temporary.write_text("half")
        raise RuntimeError


def test_a_failure_keeps_the_old_file_and_no_rest(tmp_path):
    path = tmp_path / "a.tflite"
    path.write_text("old")
    with pytest.raises(RuntimeError):
        fail_half_way(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.tflite"]


def test_a_new_file_has_ordinary_rights(tmp_path):
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    written = replace_file(tmp_path / "written", b"")
    assert written.stat().st_mode == plain.stat().st_mode
