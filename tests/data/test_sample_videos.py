import cv2
import pytest

from keras_madd.data import SEEN, UNSEEN, sample_photo_path, write_sample_videos


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
        assert cv2.imread(str(path.with_suffix(".png"))).shape == (256, 256, 3)
    assert capfd.readouterr().err == ""


def test_needs_somebody(tmp_path):
    with pytest.raises(ValueError, match="Received: people=0"):
        write_sample_videos(tmp_path, people=0)


def test_assets_are_small_and_credited():
    folder = sample_photo_path().parent
    assert sum(path.stat().st_size for path in folder.iterdir()) < 400_000
    notice = (folder / "NOTICE").read_text()
    assert all(path.name in notice for path in folder.iterdir() if path.name != "NOTICE")
