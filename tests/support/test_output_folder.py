import errno
import os
import shutil

import pytest

from keras_madd.support.errors import UserError
from keras_madd.support.output_folder import check_output_folder, output_folder


def write(path, overwrite=False, name="a.txt", meanwhile=lambda: None, **options):
    with output_folder(path, overwrite, **options) as work:
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text("new")
        meanwhile()


def test_results_appear_at_the_end(tmp_path):
    target = tmp_path / "new" / "results"
    with output_folder(target) as work:
        (work / "inner").mkdir()
        (work / "inner" / "a.txt").write_text("a")
        assert not target.exists()
    assert (target / "inner" / "a.txt").read_text() == "a"
    assert [path.name for path in target.parent.iterdir()] == ["results"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_nothing_is_left_after_an_error(tmp_path, error):
    def fail():
        with output_folder(tmp_path / "results") as work:
            (work / "half.txt").write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_needs_overwrite(tmp_path):
    target = tmp_path / "results"
    target.mkdir()
    (target / "a.txt").write_text("old")
    (target / "kept.txt").write_text("kept")
    with pytest.raises(UserError, match="is not empty; --overwrite"):
        write(target)
    write(target, overwrite=True)
    assert (target / "a.txt").read_text() == "new"
    assert (target / "kept.txt").read_text() == "kept"


def test_what_a_killed_run_has_left_is_nothing(tmp_path):
    (tmp_path / ".keras-madd-site.partial").mkdir()
    check_output_folder(tmp_path, overwrite=False)
    (tmp_path / "index.html").touch()
    with pytest.raises(UserError, match="is not empty"):
        check_output_folder(tmp_path, overwrite=False)
    check_output_folder(tmp_path, overwrite=True)


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    for below in (path, path / "results"):
        with pytest.raises(UserError, match="/file is a file, not a folder"):
            write(below)


def test_two_at_once_are_refused(tmp_path):
    target = tmp_path / "results"
    (tmp_path / "link").symlink_to(tmp_path)
    with output_folder(target) as work:
        (work / "a.txt").write_text("first")
        for way in (target, tmp_path / "link" / "results"):
            with pytest.raises(UserError, match="Another run is writing to"):
                write(way)
    assert (target / "a.txt").read_text() == "first"


def test_a_folder_that_is_there_may_be_a_file_system_of_its_own(tmp_path):
    """Such as a volume of a container: nothing can be moved there from beside it."""
    target = tmp_path / "results"
    target.mkdir()
    with output_folder(target) as work:
        assert work.is_relative_to(target)
        (work / "a.txt").write_text("first")
        with pytest.raises(UserError, match="Another run is writing to"):
            write(target)
    assert os.listdir(target) == ["a.txt"]
    assert os.listdir(tmp_path) == ["results"]


def test_what_was_put_there_meanwhile_stays(tmp_path):
    target = tmp_path / "results"

    def put():
        target.mkdir()
        (target / "a.txt").write_text("theirs")

    with pytest.raises(UserError, match="exists"):
        write(target, meanwhile=put)
    assert (target / "a.txt").read_text() == "theirs"


def test_what_a_killed_run_left_is_removed(tmp_path):
    for place in (".keras-madd-results.partial", ".keras-madd-other.partial"):
        (tmp_path / place / "content").mkdir(parents=True)
        (tmp_path / place / "content" / "old.txt").write_text("half")
    write(tmp_path / "results")
    assert os.listdir(tmp_path) == ["results"]
    assert os.listdir(tmp_path / "results") == ["a.txt"]


def test_inputs_and_what_links_point_to_stay(tmp_path):
    target, outside = tmp_path / "results", tmp_path / "outside"
    target.mkdir()
    outside.mkdir()
    (outside / "precious.txt").write_text("precious")
    (target / "scores.csv").write_text("precious")
    (target / "link.txt").symlink_to(outside / "precious.txt")
    (target / "folder").symlink_to(outside)
    options = {"inputs": [target / "scores.csv"], "names": ["scores.csv"]}
    with (
        pytest.raises(UserError, match="is read by this command"),
        output_folder(target, overwrite=True, **options),
    ):
        pytest.fail("It must be said before the work.")
    with pytest.raises(UserError, match="is read by this command"):
        write(target, overwrite=True, name="scores.csv", inputs=[target / "scores.csv"])
    with pytest.raises(UserError, match="is a link"):
        write(target, overwrite=True, name="link.txt")
    with pytest.raises(UserError, match="is in the way"):
        write(target, overwrite=True, name="folder/precious.txt")
    assert (outside / "precious.txt").read_text() == "precious"
    assert (target / "scores.csv").read_text() == "precious"


def test_a_place_that_is_removed_meanwhile_is_told(tmp_path):
    place = tmp_path / "place"
    with pytest.raises(UserError, match="was removed meanwhile"), output_folder(place / "results"):
        shutil.rmtree(place)


def test_a_full_disk_is_told_by_the_folders_name(tmp_path):
    folder = tmp_path / "results"
    with pytest.raises(OSError, match="No space left") as found, output_folder(folder) as work:
        raise OSError(errno.ENOSPC, "whatever", str(work / "b.txt"))
    assert found.value.filename == str(tmp_path / "results")
    assert list(tmp_path.iterdir()) == []
