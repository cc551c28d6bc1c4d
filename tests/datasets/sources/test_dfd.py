import dataset_trees as trees
import pytest

from keras_madd.datasets.sources import open_source
from keras_madd.datasets.sources.dfd import read_name
from keras_madd.support.errors import UserError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("01__walking_outside_cafe", ("01__walking_outside_cafe", ("01",))),
        ("01_02__exit_phone_room__YVGY8LOK", ("01__exit_phone_room", ("01", "02"))),
        ("28_13__hugging_happy__0A1B2C3D", ("28__hugging_happy", ("28", "13"))),
        ("notes", None),
    ],
)
def test_names(name, expected):
    assert read_name(name) == expected


def test_nobody_is_in_two_splits(tmp_path):
    source = open_source("dfd", trees.dfd(tmp_path))
    videos = source.videos()
    seen = {}
    for video in videos:
        for person in read_name(video.path.stem)[1]:
            assert seen.setdefault(person, video.split) == video.split
    assert {(v.split, v.label) for v in videos} == {
        (split, label) for split in ("train", "val", "test") for label in (0, 1)
    }
    reals = [video for video in videos if not video.label]
    assert len(reals) == 14 * 2
    # Every fake is used or told of.
    left_out = int(next(n for n in source.notes if "different splits" in n).split()[0])
    assert len(videos) - len(reals) + left_out == 14 * 2 * 2


def test_only_real_videos(tmp_path):
    trees.dfd(tmp_path)
    (tmp_path / "manipulated_sequences").rename(tmp_path / "other")
    source = open_source("dfd", tmp_path)
    assert {video.label for video in source.videos()} == {0}
    assert source.missing == ["manipulated_sequences/DeepFakeDetection/c23/videos"]


def test_compression_that_is_not_there(tmp_path):
    with pytest.raises(UserError, match="found c23/"):
        open_source("dfd", trees.dfd(tmp_path), compression="raw").videos()
