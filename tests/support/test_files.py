import errno
import json
import os
import shutil
import socket

import pytest

from keras_madd.support.errors import UserError
from keras_madd.support.files import (
    check_folder,
    check_input,
    check_output,
    check_outputs,
    json_bytes,
    replace_file,
    replacing,
)
from keras_madd.support.staging import staging


def test_content_replaces_the_old_file_where_that_is_told(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("old")
    with pytest.raises(UserError, match=r"a\.json exists; --overwrite replaces it"):
        replace_file(path, b"new")
    assert path.read_text() == "old"
    assert replace_file(path, b"new", overwrite=True) == path
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["a.json"]


def write(path, meanwhile):
    with replacing(path) as temporary:
        meanwhile()
        temporary.write_text("ours")


def test_a_file_that_comes_in_between_stays(tmp_path):
    path = tmp_path / "a.json"
    with pytest.raises(UserError, match="exists"):
        write(path, lambda: path.write_text("theirs"))
    assert path.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["a.json"]


def fail_half_way(path):
    with replacing(path, overwrite=True) as temporary:
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


def odd_files(folder):
    """One of each kind that is no plain file, by what it is called."""
    (folder / "folder").mkdir()
    (folder / "target").write_text("precious")
    (folder / "link").symlink_to(folder / "target")
    (folder / "dead link").symlink_to(folder / "nowhere")
    os.mkfifo(folder / "FIFO")
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.getcwd()
        os.chdir(folder)  # The name of a socket is short.
        try:
            bound.bind("socket")
        finally:
            os.chdir(here)
    return {"folder": "a folder", "link": "a link", "dead link": "a link"} | {
        name: f"a {name}" for name in ("FIFO", "socket")
    }


def test_only_files_are_replaced(tmp_path):
    for name, kind in odd_files(tmp_path).items():
        with pytest.raises(UserError, match=f"is {kind}; only files are written"):
            replace_file(tmp_path / name, b"new", overwrite=True)
    with pytest.raises(UserError, match="is a device"):
        check_output("/dev/null", overwrite=True)
    assert (tmp_path / "target").read_text() == "precious"
    assert (tmp_path / "link").is_symlink()


def test_what_is_read_is_not_replaced_under_any_name(tmp_path):
    photo = tmp_path / "a.png"
    photo.write_text("precious")
    (tmp_path / "other name.png").hardlink_to(photo)
    (tmp_path / "link").symlink_to(photo)
    for name, given in (("a.png", "a.png"), ("other name.png", "a.png"), ("a.png", "link")):
        with pytest.raises(UserError, match="is read by this command"):
            check_output(tmp_path / name, overwrite=True, inputs=["gone", tmp_path / given])


def test_a_folder_that_is_missing_or_locked(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="There is no folder"):
        check_output(tmp_path / "none" / "a")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(UserError, match="cannot be written to"):
        check_output(tmp_path / "a")


def test_a_name_that_is_too_long_is_an_error(tmp_path):
    with pytest.raises(UserError, match="cannot be written: File name too long"):
        check_output(tmp_path / (300 * "a"))


def test_a_folder_that_is_removed_meanwhile_is_told(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(UserError, match="its folder was removed meanwhile"):
        write(folder / "a.json", lambda: shutil.rmtree(folder))


def test_a_command_cleans_up_after_one_that_was_killed(tmp_path):
    left = tmp_path / ".keras-madd-0123abcd.partial"
    (left / "content").mkdir(parents=True)
    (left / "content" / "a.json").write_text("half")
    (left / "lock").write_text("")
    with staging(tmp_path) as at_work:
        check_outputs([tmp_path / "a.json"])
        assert not left.exists()
        assert at_work.is_dir()
    assert os.listdir(tmp_path) == []


def test_only_files_are_read(tmp_path):
    kinds = odd_files(tmp_path)
    for name in ("folder", "FIFO", "socket"):
        with pytest.raises(UserError, match=f"this is {kinds[name]}, not a file"):
            check_input(tmp_path / name)
    with pytest.raises(UserError, match="this is a device"):
        check_input("/dev/zero")
    for name in ("nothing", "dead link", "target/below"):
        with pytest.raises(UserError, match="there is no such file"):
            check_input(tmp_path / name)
    with pytest.raises(UserError, match="not the name of a file"):
        check_input("a\0b")
    check_input(tmp_path / "link")


def test_json_holds_names_that_are_not_utf_8():
    name = os.fsdecode(b"caf\xe9.png")
    content = json_bytes({"path": name, "other": "Ä"})
    content.decode("utf-8")
    assert json.loads(content) == {"path": name, "other": "Ä"}
    assert "Ä".encode() in content


def test_a_full_disk_is_told_by_the_name_that_was_asked_for(tmp_path):
    path = tmp_path / "scores.json"
    told = r"No space left on device: '.*scores\.json'"
    with pytest.raises(OSError, match=told) as found, replacing(path):
        raise OSError(errno.ENOSPC, "whatever", "/hidden/.partial/scores.json")
    assert found.value.filename == str(path)
    with pytest.raises(FileNotFoundError, match="other"), replacing(path):
        raise FileNotFoundError(errno.ENOENT, "No such file", "other")
    assert list(tmp_path.iterdir()) == []


def test_folders_that_can_be_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in (tmp_path, tmp_path / "a" / "b", "a/b", "."):
        check_folder(folder)
    assert list(tmp_path.iterdir()) == []


def test_folders_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below" / "it"):
        with pytest.raises(UserError, match=r"/file is a file, not a folder\.$"):
            check_folder(folder)
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    with pytest.raises(UserError, match=r"/a/b cannot be written: permission denied\.$"):
        check_folder(tmp_path / "a" / "b")
