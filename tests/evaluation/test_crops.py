"""What data sets are called where several folders have a name in common."""

import pytest
from synthetic_shards import write_shards

from keras_madd.evaluation.crops import open_splits
from keras_madd.support.errors import UserError


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for name in ("c23/shards", "c40/shards", "c40/others"):
        write_shards(folder / name, {"test": 1})
    write_shards(folder / "else/shards", {"test": 1}, dataset="else")
    return folder


def names(root, *folders):
    return [split.name for split in open_splits([root / each for each in folders], "test")]


def test_one_name_is_left_as_it_is(root):
    assert names(root, "c23/shards", "else/shards") == ["synthetic", "else"]


def test_folders_tell_equal_names_apart(root):
    assert names(root, "c40/shards", "c40/others") == ["synthetic (shards)", "synthetic (others)"]


def test_as_much_of_the_path_as_is_needed(root):
    found = names(root, "c23/shards", "c40/shards", "else/shards", "c40/others")
    assert found == [
        "synthetic (c23/shards)",
        "synthetic (c40/shards)",
        "else",
        "synthetic (others)",
    ]


def test_one_folder_twice_is_refused(root):
    with pytest.raises(UserError, match="c23/shards is given twice"):
        names(root, "c23/shards", "c40/../c23/shards")
