"""Small data sets to prepare, made once."""

import subprocess
import sys
from pathlib import Path

import dataset_trees
import pytest

from keras_madd.datasets.prepare import PrepareSettings
from keras_madd.datasets.sources import SourceVideo

PAIRS = {
    "train": (("071", "054"), ("087", "081")),
    "val": (("720", "672"),),
    "test": (("953", "974"),),
}


@pytest.fixture(scope="session")
def odd_tree(tmp_path_factory):
    """FaceForensics++ in small, with all that happens to videos.

    071 is rotated, 054 cut off, 087 has a tiny face, 081 none and so have its fakes, 720 is empty,
    672's fake by NeuralTextures is a text, 953 is larger.
    """
    root = tmp_path_factory.mktemp("odd")
    odd = {
        "071": dataset_trees.ROTATED,
        "054": dataset_trees.CUT | {"frames": 40},
        "087": dataset_trees.TINY_FACE,
        "081": dataset_trees.NO_FACE,
        "081_087": dataset_trees.NO_FACE,
        "953": dataset_trees.LARGE,
    }
    write = dataset_trees.FaceVideos(odd=odd)
    dataset_trees.faceforensics(
        root, write, methods=("Deepfakes", "NeuralTextures"), pairs=PAIRS, lists="splits"
    )
    (root / "original_sequences/youtube/c23/videos/720.mp4").write_bytes(b"")
    text = root / "manipulated_sequences/NeuralTextures/c23/videos/672_720.mp4"
    text.write_text("This is not a video.\n" * 40)
    return root


@pytest.fixture(scope="session")
def plain_tree(tmp_path_factory):
    """A folder of ten real videos with a fake each, split by hand; nothing is wrong with it."""
    root = tmp_path_factory.mktemp("plain")
    return dataset_trees.folder(root, dataset_trees.FaceVideos(sizes=((320, 240),)), splits=True)


@pytest.fixture(scope="session")
def command():
    """Builds the words of a command that does what `small` does."""

    def build(root, output, *more):
        places = ["--dataset", "folder", "--root", str(root), "--output", str(output)]
        small = ["--frames-per-video", "3", "--size", "48", "--videos-per-shard", "4"]
        words = [sys.executable, "-m", "keras_madd.cli.main", "prepare", *places, *small]
        return [*words, *map(str, more)]

    return build


@pytest.fixture(scope="session")
def finished(command, plain_tree, tmp_path_factory):
    """The plain tree, prepared by the command in one go with one worker."""
    folder = tmp_path_factory.mktemp("finished") / "shards"
    words = command(plain_tree, folder, "--workers", 1)
    subprocess.run(words, check=True, capture_output=True)
    return folder


@pytest.fixture
def small():
    """Settings under which a video takes a moment."""

    def build(dataset="folder", **changes):
        values = {"frames_per_video": 3, "size": 48, "videos_per_shard": 4}
        return PrepareSettings(dataset, **(values | changes))

    return build


@pytest.fixture
def source_video():
    """Builds a `SourceVideo` from its path."""

    def build(path, **changes):
        path = Path(path)
        values = {
            "name": path.stem,
            "path": path,
            "label": 0,
            "method": "real",
            "source": path.stem,
            "identity": "",
            "split": "test",
            "dataset": "folder",
        }
        return SourceVideo(**(values | changes))

    return build


@pytest.fixture
def content():
    """Reads a folder's files: name -> bytes, without the lock."""

    def read(folder):
        files = (path for path in Path(folder).rglob("*") if path.is_file())
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in files
            if path.name != "lock"
        }

    return read
