import pytest

from keras_madd.support.errors import UserError
from keras_madd.support.output_folder import output_folder


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
    (tmp_path / "old.txt").write_text("old")
    (tmp_path / "kept.txt").write_text("kept")
    with (
        pytest.raises(UserError, match="is not empty; --overwrite"),
        output_folder(tmp_path),
    ):
        pass
    with output_folder(tmp_path, overwrite=True) as work:
        (work / "old.txt").write_text("new")
    assert (tmp_path / "old.txt").read_text() == "new"
    assert (tmp_path / "kept.txt").read_text() == "kept"


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(UserError, match="is a file"), output_folder(path):
        pass


def test_a_folder_below_a_file_cannot_be_made(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(UserError, match="cannot be written"), output_folder(path / "results"):
        pass
