from people_photos import write_photos
from synthetic_shards import write_shards

from keras_madd.data.shards import read_records
from keras_madd.datasets import faces_folder
from keras_madd.datasets.sources.faces import Faces
from keras_madd.datasets.unseen_fakes import METHODS
from keras_madd.training.run_record import record_before
from keras_madd.training.settings import TrainSettings
from keras_madd.training.shards_data import ShardsData
from keras_madd.training.shards_of_faces import settings_with_shards


def test_real_faces_become_shards_in_the_runs_own_folder(tmp_path, monkeypatch):
    made = []

    def faces_from_folder(folder, output, **options):
        made.append((folder, output, options["size"], options["seed"]))
        write_shards(output, {"train": 5, "val": 4}, size=24)

    monkeypatch.setattr(faces_folder, "faces_from_folder", faces_from_folder)
    settings = TrainSettings(output=tmp_path / "run", faces=tmp_path / "photos", seed=3)
    fed = settings_with_shards(settings, 24, progress=print)
    assert made == [(str(tmp_path / "photos"), tmp_path / "run" / "faces", 24, 3)]
    assert (fed.data, fed.faces, fed.self_blend) == ((str(tmp_path / "run" / "faces"),), "", 1.0)
    assert ShardsData.open(fed).count("train", "real") == 10
    # A run that was stopped while it made them can begin.
    assert record_before(tmp_path / "run", resume=True) is None
    assert settings_with_shards(fed, 24, progress=print) is fed


def test_a_table_of_people_gives_fakes_that_training_never_makes(tmp_path):
    photos, table = write_photos(tmp_path / "photos")
    settings = TrainSettings(
        output=tmp_path / "run", faces=photos, people=table, sampling="paired", batch_size=4, seed=5
    )
    ready = settings_with_shards(settings, 64, lambda *_: None)
    data = ShardsData.open(ready)
    assert [folder.name for folder in data.folders] == ["train", "c23", "c40"]
    assert data.descriptions[0].size == round(1.7 * 64)
    assert data.count("train", "real") == 10
    assert not data.count("train", "fake")
    assert data.count("val", "real", "videos") == 4
    assert data.count("val", "fake", "videos") == 4 * len(METHODS)
    people = {
        split: {record.identity for f in data._having(split) for record in read_records(f, split)}
        for split in ("train", "val")
    }
    assert not people["train"] & people["val"]
    # Runs of all seeds hold out the people whom `make-fakes` holds out.
    dealt = {video.identity: video.split for video in Faces(photos, people=table).videos()}
    assert people == {
        split: {person for person, own in dealt.items() if own == split} for split in people
    }
    images, labels = next(data.training_batches(64).as_numpy_iterator())
    assert images.shape[1:] == (64, 64, 3)
    assert labels[:2].tolist() == [0, 1]
    # A run that goes on finds them made.
    assert settings_with_shards(settings, 64, lambda *_: None) == ready
