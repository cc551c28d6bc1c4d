"""What holds for every data set, whole and with parts of it lost."""

import os
import random
import shutil
from pathlib import Path

import dataset_trees as trees
import pytest

from keras_madd.datasets.sources import SOURCES, SPLITS, open_source
from keras_madd.support.errors import UserError

# name: (source, builder)
TREES = {
    "faceforensics": ("faceforensics", trees.faceforensics),
    "faceforensics without lists": ("faceforensics", lambda r: trees.faceforensics(r, lists=None)),
    "dfd": ("dfd", trees.dfd),
    "celebdf_v1": ("celebdf_v1", lambda r: trees.celebdf(r, level="videos")),
    "celebdf_v2": ("celebdf_v2", trees.celebdf),
    "celebdf_v2 without list": ("celebdf_v2", lambda r: trees.celebdf(r, list_name=False)),
    "dfdc": ("dfdc", lambda root: trees.dfdc_test(trees.dfdc(root))),
    "dfdc_preview": ("dfdc_preview", trees.dfdc_preview),
    "deeperforensics": ("deeperforensics", trees.deeperforensics),
    "bench FF++": ("deepfakebench", lambda r: trees.deepfakebench(r, write=trees.touch)),
    "bench Celeb": (
        "deepfakebench",
        lambda r: trees.deepfakebench(r, "Celeb-DF-v2", write=trees.touch),
    ),
    "bench DFD": (
        "deepfakebench",
        lambda r: trees.deepfakebench(r, "DeepFakeDetection", write=trees.touch),
    ),
    "folder": ("folder", trees.folder),
    "folder of frames": ("folder", lambda r: trees.folder(r, kind="frames")),
    "folder with splits": ("folder", lambda r: trees.folder(r, kind="images", splits=True)),
}
# Their folders are named by the user, or by the list.
OWN_NAMES = ("folder", "bench")


def media(root):
    return sorted(p for p in Path(root).rglob("*") if p.suffix in (".mp4", ".png"))


def check(source):
    """What must hold of any list of videos."""
    videos = source.videos()
    assert len({video.name for video in videos}) == len(videos)
    assert [video.name for video in videos] == sorted(video.name for video in videos)
    for video in videos:
        assert video.split in SPLITS
        assert video.label in (0, 1)
        assert (video.method == "real") == (video.label == 0)
        assert video.source
        assert "\\" not in video.name
        for path in video.frames or (video.path,):
            assert path.exists()
    splits = {}
    for video in videos:
        assert splits.setdefault(video.source, video.split) == video.split
    return videos


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return {
        name: build(tmp_path_factory.mktemp("tree") / "root") for name, (_, build) in TREES.items()
    }


@pytest.mark.parametrize("name", TREES)
class TestEveryTree:
    def test_whole(self, built, name):
        source = open_source(TREES[name][0], built[name])
        videos = check(source)
        assert source.missing == []
        assert {(video.split, video.label) for video in videos} == {
            (split, label) for split in SPLITS for label in (0, 1)
        }
        used = {path for video in videos for path in (video.frames or [video.path])}
        folders = {path for path in used if path.is_dir()}
        files = [path for path in media(built[name]) if path.parent not in folders]
        # Nothing is forgotten without a word.
        assert set(files) <= used or any("left out" in note for note in source.notes)
        assert source.videos() == videos == open_source(TREES[name][0], built[name]).videos()
        for split in SPLITS:
            part = open_source(TREES[name][0], built[name], split=split).videos()
            assert part == [video for video in videos if video.split == split]

    def test_a_real_video_and_its_fakes_share_a_source(self, built, name):
        videos = open_source(TREES[name][0], built[name]).videos()
        reals = {video.source: video for video in videos if not video.label}
        fakes = [video for video in videos if video.label]
        paired = [video for video in fakes if video.source in reals]
        # The test set of DFDC does not tell what its fakes were made of.
        assert len(paired) == len([v for v in fakes if not v.name.startswith("test/test")])
        for video in paired:
            assert video.identity == reals[video.source].identity

    @pytest.mark.parametrize("seed", range(3))
    def test_parts_lost(self, built, name, seed, tmp_path):
        root = tmp_path / "root"
        shutil.copytree(built[name], root)
        random.seed(seed)
        files = media(root)
        for path in random.sample(files, len(files) // 3):
            path.unlink()
        source = open_source(TREES[name][0], root)
        check(source)
        listed = not ("folder" in name or "without" in name or name == "dfd")
        assert bool(source.missing) == listed

    def test_hidden_files_dead_links_and_links(self, built, name, tmp_path):
        root = tmp_path / "root"
        shutil.copytree(built[name], root)
        before = [video.name for video in open_source(TREES[name][0], root).videos()]
        for path in media(root):
            (path.parent / f"._{path.name}").touch()
            if path.suffix == ".mp4":
                (path.parent / f"zz_{path.name}").symlink_to(tmp_path / "gone.mp4")
        moved = tmp_path / "elsewhere"
        moved.mkdir()
        for number, path in enumerate(media(root)):
            if path.is_file() and not path.is_symlink() and not path.name.startswith("."):
                shutil.move(path, moved / str(number))
                path.symlink_to(moved / str(number))
        link = tmp_path / "link"
        link.symlink_to(root)
        assert [video.name for video in open_source(TREES[name][0], link).videos()] == before


@pytest.mark.parametrize("name", [name for name in TREES if name.split()[0] not in OWN_NAMES])
class TestNames:
    def test_in_another_case(self, built, name, tmp_path):
        root = tmp_path / "root"
        shutil.copytree(built[name], root)
        before = open_source(TREES[name][0], root).videos()
        for path in sorted(root.rglob("*"), key=lambda p: -len(p.parts)):
            if path.is_dir():
                path.rename(path.with_name(path.name.swapcase()))
        after = open_source(TREES[name][0], root)
        assert {(v.name.casefold(), v.split, v.label) for v in after.videos()} == {
            (v.name.casefold(), v.split, v.label) for v in before
        }
        assert after.missing == []


@pytest.mark.parametrize("name", SOURCES)
class TestWrongRoots:
    def test_says_what_was_looked_for_and_found(self, name, tmp_path):
        (tmp_path / "holiday.txt").touch()
        (tmp_path / "photos").mkdir()
        with pytest.raises(UserError) as caught:
            open_source(name, tmp_path).videos()
        message = str(caught.value)
        assert f"does not look like {name}" in message
        assert "looked for" in message
        assert "found holiday.txt, photos/" in message
        assert "\n" not in message

    def test_missing_and_file(self, name, tmp_path):
        with pytest.raises(UserError, match="does not exist"):
            open_source(name, tmp_path / "none")
        (tmp_path / "file").touch()
        with pytest.raises(UserError, match="is not a folder"):
            open_source(name, tmp_path / "file")
        with pytest.raises(UserError, match="split files do not exist"):
            open_source(name, tmp_path, split_files=tmp_path / "none")
        if not SOURCES[name].has_lists:
            with pytest.raises(UserError, match="has no lists of splits: leave --split-files out"):
                open_source(name, tmp_path, split_files=tmp_path)

    def test_unreadable_folder(self, name, tmp_path, monkeypatch):
        def refuse(path):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(os, "scandir", refuse)
        with pytest.raises(UserError, match="cannot be read: Permission denied"):
            open_source(name, tmp_path).videos()

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"compression": "c30"}, "Received: compression='c30'"),
            ({"split": "valid"}, "Received: split='valid'"),
            ({"methods": "Deepfakes"}, "Received: methods='Deepfakes'"),
        ],
    )
    def test_arguments(self, name, tmp_path, arguments, message):
        with pytest.raises(ValueError, match=message):
            open_source(name, tmp_path, **arguments)

    def test_unknown_method(self, name, built, tmp_path):
        trees_of = [built[tree] for tree, (source, _) in TREES.items() if source == name]
        # Any pictures are a folder of faces.
        root = trees_of[0] if trees_of else built["folder"]
        with pytest.raises(UserError, match="there is no method Photoshop"):
            open_source(name, root, methods=["Photoshop"]).videos()


def test_unknown_source(tmp_path):
    with pytest.raises(ValueError, match="Received: name='imagenet'"):
        open_source("imagenet", tmp_path)


def test_a_root_that_is_one_too_high_is_pointed_at(tmp_path):
    trees.faceforensics(tmp_path / "FaceForensics++")
    with pytest.raises(UserError, match=r"Did you mean .*FaceForensics\+\+\?"):
        open_source("faceforensics", tmp_path).videos()
