import errno
import fcntl
import os
import shutil

import pytest

from keras_madd.data.shards import verify_shards
from keras_madd.datasets.prepare import prepare
from keras_madd.datasets.prepare.folder import PrepareFolder
from keras_madd.support.errors import UserError


def test_other_settings_are_refused(plain_tree, finished, tmp_path, small):
    copy = shutil.copytree(finished, tmp_path / "copy")
    with pytest.raises(UserError, match="`size` was 48 and is 64"):
        prepare(plain_tree, copy, small(size=64))
    assert verify_shards(copy) == 60


def test_other_videos_are_refused(plain_tree, finished, tmp_path, small):
    copy = shutil.copytree(finished, tmp_path / "copy")
    root = shutil.copytree(plain_tree, tmp_path / "root")
    next(root.rglob("*.mp4")).unlink()
    with pytest.raises(UserError, match="1 videos are gone"):
        prepare(root, copy, small())


def test_two_runs_at_once_are_refused(plain_tree, tmp_path, small):
    with (
        PrepareFolder(tmp_path / "shards"),
        pytest.raises(UserError, match="Another run is at work"),
    ):
        prepare(plain_tree, tmp_path / "shards", small())


@pytest.fixture
def without_locks(monkeypatch):
    """A file system that knows none."""

    def flock(file, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.usefixtures("without_locks")
def test_a_file_system_without_locks(plain_tree, finished, tmp_path, small):
    copy = shutil.copytree(finished, tmp_path / "copy")
    assert prepare(plain_tree, copy, small()).complete_before


def test_a_folder_of_something_else_is_refused(plain_tree, tmp_path, small):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UserError, match="is not empty"):
        prepare(plain_tree, tmp_path, small())
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_rests_of_a_killed_run_are_removed(plain_tree, finished, tmp_path, small, content):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "dataset.json").unlink()
    (copy / ".prepare/shards/val-00000.json").unlink()
    for name in (
        ".keras-madd-0123abcd.partial/content/train-00000.tfrecord",
        ".keras-madd-4567abcd.partial/content/dataset.json",
        ".prepare/pieces/.keras-madd-0123abcd.partial/content/val-00000.000000.tfrecord",
        ".prepare/pieces/val-00000.000000.tfrecord",
        ".prepare/pieces/train-00000.000000.json",
    ):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("half")
    prepare(plain_tree, copy, small())
    assert content(copy) == content(finished)


@pytest.mark.usefixtures("without_locks")
def test_without_locks_a_killed_run_is_gone_on_with(plain_tree, finished, tmp_path, small, content):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "dataset.json").unlink()
    (copy / ".prepare/shards/val-00000.json").unlink()
    left = copy / ".prepare/pieces/.keras-madd-0123abcd.partial/content"
    left.mkdir(parents=True)
    (left / "val-00000.000000.tfrecord").write_text("half")
    prepare(plain_tree, copy, small())
    shutil.rmtree(left.parent)
    assert content(copy) == content(finished)


def test_files_emptied_by_a_loss_of_power(plain_tree, finished, tmp_path, small, content):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / ".prepare/shards/val-00000.json").write_bytes(b"")
    (copy / ".prepare/pieces/val-00000.000000.json").write_bytes(b"")
    prepare(plain_tree, copy, small())
    assert content(copy) == content(finished)
    (copy / ".prepare/plan.json").write_bytes(b"")
    with pytest.raises(UserError, match=r"plan\.json is damaged"):
        prepare(plain_tree, copy, small())


def test_a_shard_that_was_deleted_is_made_again(plain_tree, finished, tmp_path, small, content):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "test-00000.tfrecord").unlink()
    prepare(plain_tree, copy, small())
    assert content(copy) == content(finished)


def test_a_folder_that_is_removed_meanwhile_is_told(plain_tree, tmp_path, small):
    folder = tmp_path / "shards"

    def remove(done, total, note):
        shutil.rmtree(folder, ignore_errors=True)

    with pytest.raises(UserError, match="cannot be written") as told:
        prepare(plain_tree, folder, small(), progress=remove)
    assert "\n" not in str(told.value)
