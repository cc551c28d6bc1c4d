import cv2
import pytest

from keras_madd.datasets.sources import open_source
from keras_madd.demo import SEEN, UNSEEN, sample_photo_path, write_sample_videos


def test_writes_readable_videos_and_frames(tmp_path, capfd):
    paths = write_sample_videos(tmp_path / "new", people=1, frames=3)
    assert len(paths) == 3
    assert paths[0].stem in paths[1].stem
    assert paths[1].stem.endswith(SEEN)
    assert paths[2].stem.endswith(UNSEEN)
    for path in paths:
        video = cv2.VideoCapture(str(path))
        count = 0
        while video.read()[0]:
            count += 1
        video.release()
        assert count == 3
        picture = tmp_path / "new/pictures" / f"{path.stem}.png"
        assert cv2.imread(str(picture)).shape == (256, 256, 3)
    assert [path.parent.name for path in paths[:2]] == ["real", paths[1].stem.split("_", 2)[2]]
    assert capfd.readouterr().err == ""


def test_videos_lie_as_prepare_takes_them(tmp_path):
    paths = write_sample_videos(tmp_path, people=2, frames=2)
    found = {video.path: video for video in open_source("folder", tmp_path).videos()}
    assert set(found) == set(paths)
    for real, *fakes in (paths[:3], paths[3:]):
        assert found[real].label == 0
        for fake in fakes:
            assert found[fake].label == 1
            assert found[fake].source == found[real].source
            assert found[fake].method == fake.parent.name


def test_needs_somebody(tmp_path):
    with pytest.raises(ValueError, match="Received: people=0"):
        write_sample_videos(tmp_path, people=0)


def test_assets_are_small_and_credited():
    folder = sample_photo_path().parent
    assert sum(path.stat().st_size for path in folder.iterdir()) < 400_000
    notice = (folder / "NOTICE").read_text()
    assert all(path.name in notice for path in folder.iterdir() if path.name != "NOTICE")
