import dataset_trees as trees
import pytest

from keras_madd.datasets.sources import open_source
from keras_madd.datasets.sources.celebdf import LIST, read_name
from keras_madd.support.errors import UserError


def names(source, **wanted):
    return {
        video.name
        for video in source.videos()
        if all(getattr(video, key) == value for key, value in wanted.items())
    }


@pytest.mark.parametrize("version", ["celebdf_v1", "celebdf_v2"])
@pytest.mark.parametrize("level", ["", "videos"])
@pytest.mark.parametrize("youtube", ["YouTube-real", "Youtube-real"])
def test_test_list_and_its_inverted_flag(tmp_path, version, level, youtube):
    source = open_source(version, trees.celebdf(tmp_path, level=level, youtube=youtube))
    assert names(source, split="test", label=0) == {
        *(f"Celeb-real/id{person}_{video:04d}" for person in (0, 1) for video in (0, 1)),
        "YouTube-real/00003",
    }
    assert names(source, split="test", label=1) == {
        f"Celeb-synthesis/id{person}_id{person + 1}_{video:04d}"
        for person in (0, 1)
        for video in (0, 1)
    }
    assert source.missing == []


def test_what_shares_its_real_video_with_the_test_list_is_left_out(tmp_path):
    source = open_source("celebdf_v2", trees.celebdf(tmp_path))
    left_out = {f"Celeb-synthesis/id{p}_id{p + 3}_000{v}" for p in (0, 1) for v in (0, 1)}
    everything = names(source)
    assert not left_out & everything
    assert len(everything) == 16 + 32 + 6 - 4
    assert "4 videos left out" in " ".join(source.notes)


def test_validation_is_dealt_out_by_the_person_filmed(tmp_path):
    videos = open_source("celebdf_v2", trees.celebdf(tmp_path, people=20)).videos()
    train = {video.identity for video in videos if video.split == "train"} - {""}
    val = {video.identity for video in videos if video.split == "val"} - {""}
    assert train
    assert val
    assert not train & val
    assert all(v.identity == read_name(v.path.stem)[1] for v in videos)


def test_names():
    assert read_name("id1_id0_0007") == ("id1_0007", "id1")
    assert read_name("id1_0007") == ("id1_0007", "id1")
    assert read_name("00170") == ("00170", "")


def test_missing_by_name(tmp_path):
    trees.celebdf(tmp_path)
    (tmp_path / "Celeb-real" / "id0_0000.mp4").unlink()
    with (tmp_path / LIST).open("a") as file:
        file.write("\n1 YouTube-real/00170.mp4\n")
    source = open_source("celebdf_v2", tmp_path)
    assert source.missing == ["Celeb-real/id0_0000.mp4", "YouTube-real/00170.mp4"]


def test_a_folder_missing(tmp_path):
    trees.celebdf(tmp_path)
    (tmp_path / "YouTube-real").rename(tmp_path / "elsewhere")
    source = open_source("celebdf_v2", tmp_path)
    assert source.missing == ["YouTube-real", "YouTube-real/00003.mp4"]
    assert len(source.videos()) == 16 + 28


def test_list_given_as_a_file(tmp_path):
    root = trees.celebdf(tmp_path / "data")
    given = (root / LIST).rename(tmp_path / "tests.txt")
    source = open_source("celebdf_v2", root, split_files=given)
    assert len(names(source, split="test")) == 9
    assert "not found" in open_source("celebdf_v2", root).notes[0]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2 Celeb-real/id0_0000.mp4", "line 1: expected a line such as"),
        ("Celeb-real/id0_0000.mp4", "expected a line such as"),
        ("1 Holiday/a.mp4", "expected a line such as"),
        ("0 Celeb-real/id0_0000.mp4", "1 means real and 0 fake"),
        ("1 Celeb-synthesis/id0_id1_0000.mp4", "1 means real and 0 fake"),
    ],
)
def test_malformed_list(tmp_path, line, message):
    trees.celebdf(tmp_path)
    (tmp_path / LIST).write_text(line + "\n")
    with pytest.raises(UserError, match=message):
        open_source("celebdf_v2", tmp_path).videos()


def test_list_with_windows_lines_and_backslashes(tmp_path):
    trees.celebdf(tmp_path)
    content = (tmp_path / LIST).read_text()
    before = names(open_source("celebdf_v2", tmp_path), split="test")
    (tmp_path / LIST).write_bytes(content.replace("/", "\\").replace("\n", "\r\n").encode())
    assert names(open_source("celebdf_v2", tmp_path), split="test") == before
