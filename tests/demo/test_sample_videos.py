"""The data set on disk: what it holds, and that preparing it keeps its promises."""

import collections

import cv2
import numpy as np
import pytest

from keras_madd.data.shards import read_records
from keras_madd.datasets.prepare import PrepareSettings, prepare
from keras_madd.demo import SEEN, UNSEEN, sample_photo_path, write_sample_videos

PEOPLE, FRAMES = 12, 2


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder, calls = tmp_path_factory.mktemp("videos") / "new", []
    paths = write_sample_videos(folder, 5, PEOPLE, FRAMES, lambda *of: calls.append(of))
    assert calls == [(done, PEOPLE) for done in range(1, PEOPLE + 1)]
    return folder, paths


@pytest.fixture(scope="module")
def records(written, tmp_path_factory):
    shards = tmp_path_factory.mktemp("shards")
    settings = PrepareSettings("folder", frames_per_video=FRAMES, size=64, real_boxes=True)
    result = prepare(written[0], shards, settings)
    assert result.description.failures == {}
    return [record for split in ("train", "val", "test") for record in read_records(shards, split)]


def test_videos_and_pictures_can_be_read(written):
    folder, paths = written
    assert len(paths) == len(set(paths)) >= 2 * PEOPLE + 2
    for path in paths:
        video = cv2.VideoCapture(str(path))
        count = 0
        while video.read()[0]:
            count += 1
        video.release()
        assert count == FRAMES
    pictures = list((folder / "pictures").iterdir())
    assert {cv2.imread(str(picture)).shape for picture in pictures} == {(256, 256, 3)}
    kinds = {path.parent.name for path in paths}
    assert kinds == {"real", *SEEN, UNSEEN}


def test_no_person_is_in_two_splits(records):
    splits = collections.defaultdict(set)
    for record in records:
        splits[record.source].add(record.split)
    assert len(splits) == PEOPLE
    assert all(len(found) == 1 for found in splits.values())
    people = collections.Counter(found.copy().pop() for found in splits.values())
    assert min(people[split] for split in ("train", "val", "test")) >= 2


def test_training_never_sees_the_unseen_manipulation(records):
    methods = {split: set() for split in ("train", "val", "test")}
    for record in records:
        methods[record.split].add(record.method)
    assert methods["train"] == {"real", *SEEN}
    assert UNSEEN not in methods["val"]
    assert UNSEEN in methods["test"]


def test_the_generator_deals_people_as_prepare_does(written, records):
    """Face swaps then take their donors from people of the same split."""
    from keras_madd.demo.sample_videos import _videos

    source = _videos(5, PEOPLE, FRAMES)
    dealt = {record.source: record.split for record in records}
    for identity in range(PEOPLE):
        assert dealt[f"person{identity:03d}_take00"] == source.split(identity)


def test_crops_of_a_fake_have_the_geometry_of_its_original(records):
    """At the rim of the crop, where no manipulation reaches, real and fake look alike."""

    def pixels(record):
        return cv2.imdecode(np.frombuffer(record.image, np.uint8), cv2.IMREAD_COLOR).astype(int)

    reals = {(r.source, r.frame): pixels(r) for r in records if not r.label}
    fakes = [record for record in records if record.label]
    assert fakes
    for record in fakes:
        difference = np.abs(pixels(record) - reals[record.source, record.frame])
        rim = np.ones(difference.shape[:2], bool)
        rim[4:-4, 4:-4] = False
        assert difference[rim].mean() < 6


def test_needs_two_people_in_each_split(tmp_path):
    with pytest.raises(ValueError, match="Received: people=11"):
        write_sample_videos(tmp_path, people=11)


def test_assets_are_small_and_credited():
    folder = sample_photo_path().parent
    assert sum(path.stat().st_size for path in folder.iterdir()) < 400_000
    notice = (folder / "NOTICE").read_text()
    assert all(path.name in notice for path in folder.iterdir() if path.name != "NOTICE")
