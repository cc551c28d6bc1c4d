import os

import dataset_trees as trees
import pytest

from keras_madd.datasets.sources.listing import (
    child,
    descend,
    entries,
    natural,
    pictures_in,
    read_json,
    read_table,
    read_text,
    videos_in,
    what_is_in,
)
from keras_madd.support.errors import UserError


def make(root, *names):
    for name in names:
        trees.touch(root / name)
    return root


def test_entries_are_sorted_without_hidden_ones_and_dead_links(tmp_path):
    make(tmp_path, "b", "a", ".hidden", "._a", "@eaDir/a", "__MACOSX/a", "$Recycle.Bin/a")
    (tmp_path / "dead").symlink_to(tmp_path / "nowhere")
    (tmp_path / "alive").symlink_to(tmp_path / "a")
    assert [path.name for path in entries(tmp_path)] == ["a", "alive", "b"]


def test_child_prefers_the_exact_name_and_the_first_asked_for(tmp_path):
    make(tmp_path, "Videos/x", "videos/x", "FRAMES/x")
    assert child(tmp_path, "videos").name == "videos"
    assert child(tmp_path, "frames").name == "FRAMES"
    assert child(tmp_path, "images", "frames", "videos").name == "FRAMES"
    assert child(tmp_path, "images") is None


def test_descend(tmp_path):
    make(tmp_path, "Original_Sequences/YouTube/c23/file")
    folder = descend(tmp_path, "original_sequences", "youtube", "C23")
    assert folder == tmp_path / "Original_Sequences" / "YouTube" / "c23"
    assert descend(tmp_path, "original_sequences", "actors", "c23") is None
    assert descend(folder, "file") is None


@pytest.mark.parametrize("level", ["", "videos/", "Videos/"])
def test_videos_in_a_folder(tmp_path, level):
    make(tmp_path, f"{level}b.MP4", f"{level}a.avi", f"{level}a.txt", "frames/c/1.png")
    assert list(videos_in(tmp_path)) == ["a", "b"]


def test_a_stray_video_hides_no_folder_of_videos(tmp_path):
    make(tmp_path, "sample.mp4", "videos/a.mp4", "videos/b.mp4")
    assert list(videos_in(tmp_path)) == ["a", "b"]


def test_frames_where_there_are_no_videos(tmp_path):
    make(tmp_path, "frames/b/1.png", "frames/a/1.png", "videos/readme.txt")
    assert videos_in(tmp_path) == {name: tmp_path / "frames" / name for name in "ab"}


def test_pictures_are_in_the_order_of_their_numbers(tmp_path):
    make(tmp_path, "10.png", "9.jpg", "011.PNG", "x2y10.png", "x2y9.png", "notes.txt")
    names = [path.name for path in pictures_in(tmp_path)]
    assert names == ["9.jpg", "10.png", "011.PNG", "x2y9.png", "x2y10.png"]


def test_natural_order_is_total(tmp_path):
    names = ["1.png", "01.png", "1.jpg", "a1.png", "1a.png"]
    keys = [natural(tmp_path / name) for name in names]
    assert len({tuple(key) for key in keys}) == len(names)
    assert sorted(keys) == sorted(reversed(keys))


def test_messages(tmp_path):
    assert what_is_in(tmp_path) == "nothing"
    make(tmp_path, "a/b", *(f"f{number}" for number in range(10)))
    assert what_is_in(tmp_path, most=3) == "a/, f0, f1 and 8 more"
    with pytest.raises(UserError, match="cannot be read"):
        entries(tmp_path / "none")
    with pytest.raises(UserError, match="none: there is no such file"):
        read_text(tmp_path / "none")
    (tmp_path / "binary").write_bytes(bytes(range(128, 256)))
    with pytest.raises(UserError, match="not a text file"):
        read_text(tmp_path / "binary")
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbf[1]")
    assert read_json(tmp_path / "list", list) == [1]
    with pytest.raises(UserError, match="expected a JSON dict"):
        read_json(tmp_path / "list", dict)


def test_a_table(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text(
        'b,"a",c\n\n1 ,"two, and\nmore",\n"with \u2028 and \x85 ""so""",3\n', encoding="utf-8-sig"
    )
    assert list(read_table(table, "a", "b")) == [
        (4, ["two, and\nmore", "1"]),
        (5, ["3", 'with \u2028 and \x85 "so"']),
    ]


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param("3,d\n", id="short"),
        pytest.param("3,d\n" * 50_000, id="longer than a cell may be"),
        pytest.param('3,"d"\n', id="closed by the next quote"),
    ],
)
def test_a_table_with_an_open_quote_names_its_line(tmp_path, rest):
    table = tmp_path / "table.csv"
    table.write_text(f'a,b\n1,c\n2,"c\n{rest}')
    with pytest.raises(UserError, match=r"table\.csv: line 3 is not valid CSV: "):
        list(read_table(table, "a", "b"))


def test_a_folder_that_may_not_be_read(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UserError, match="cannot be read: Permission denied"):
        videos_in(tmp_path)
