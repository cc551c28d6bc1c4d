"""Fakes between people of train."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import training_fakes
from people_photos import write_photos

from keras_madd.data.shards import load_dataset_json, read_records
from keras_madd.datasets.sources.faces import Faces
from keras_madd.datasets.unseen_fakes import METHODS
from keras_madd.media.images import read_image
from keras_madd.support.held_folder import held_folder


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    photos, people = write_photos(folder / "photos")
    arguments = ["--faces", str(photos), "--people", str(people), "--output", str(folder / "made")]
    arguments += ["--takes", "2", "--size", "64", "--workers", "1", "--seed", "3"]
    arguments += ["--methods", "face_swap", "resynthesis"]
    assert training_fakes.main(arguments) == 0
    return folder / "made", arguments


def test_real_faces_and_their_fakes_of_train_alone(made):
    output, _ = made
    description = load_dataset_json(output / "shards")
    assert set(description.counts) == {"train"}
    assert set(description.methods) == {"face_swap", "resynthesis"}
    records = list(read_records(output / "shards", "train"))
    reals = [each for each in records if not each.label]
    assert len(records) == 3 * len(reals)
    assert all(each.landmarks is not None for each in reals)
    # Each size of a photograph is a source of its own, with a fake of each method.
    for real in reals:
        methods = sorted(each.method for each in records if each.source == real.source)
        assert methods == ["face_swap", "real", "resynthesis"]


def test_the_fake_is_changed_and_what_is_around_it_is_not(made):
    output, _ = made
    for still in (output / "stills" / "face_swap").iterdir():
        fake, real = (
            read_image(output / "stills" / kind / still.name) for kind in ("face_swap", "real")
        )
        assert fake.shape == real.shape
        changed = (fake != real).any(axis=2)
        assert 0.03 < changed.mean() < 0.5
        assert not changed[:3].any()


def test_goes_on_where_it_was_stopped(made, capsys):
    output, arguments = made
    still = sorted((output / "stills" / "resynthesis").iterdir())[0]
    before = read_image(still)
    still.unlink()
    assert training_fakes.main(arguments) == 0
    assert "real faces" in capsys.readouterr().out
    np.testing.assert_array_equal(read_image(still), before)


def test_shards_follow_from_the_seed(made):
    assert load_dataset_json(made[0] / "shards").seed == 3


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (["--seed", "1"], "seed: 3, now 1."),
        (["--takes", "1"], "takes: 2, now 1."),
        (["--methods", "face_swap"], "methods: ['face_swap', 'resynthesis'], now ['face_swap']."),
    ],
)
def test_stills_of_other_arguments_are_refused(made, capsys, changed, told):
    assert training_fakes.main([*made[1], *changed]) == 2
    assert f"stills holds fakes that were made with other {told}" in capsys.readouterr().err


def test_stills_of_other_photographs_are_refused(made, tmp_path, capsys):
    photos, people = write_photos(tmp_path / "photos", people=13)
    assert training_fakes.main([*made[1], "--faces", str(photos), "--people", str(people)]) == 2
    assert "fakes that were made with other photographs." in capsys.readouterr().err


def test_two_runs_at_once_are_refused(made, capsys):
    with held_folder(made[0] / "stills"):
        assert training_fakes.main(made[1]) == 2
    assert "Another run is at work in" in capsys.readouterr().err


def test_people_are_dealt_as_make_fakes_deals_them_by_the_same_seed(made):
    """Who is held out of one is not in the other."""
    photos, people = made[1][1], made[1][3]
    videos = Faces(photos, people=people, seed=3).videos()
    train = {video.identity for video in videos if video.split == "train"}
    others = {v.identity for v in Faces(photos, people=people).videos() if v.split == "train"}
    found = {record.identity for record in read_records(made[0] / "shards", "train")}
    assert found == train != others


def test_two_photographs_of_one_name_are_refused_before_any_is_made(made, tmp_path, capsys):
    photos = shutil.copytree(made[1][1], tmp_path / "photos")
    videos = Faces(photos, people=made[1][3], seed=3).videos()
    name = next(Path(video.name) for video in videos if video.split == "train")
    shutil.copy(photos / name, (photos / name).with_suffix(".jpg"))
    person = f"person{name.stem[1:]}"
    table = tmp_path / "people.csv"
    table.write_text(f"{Path(made[1][3]).read_text()}{name.stem}.jpg,{person}\n")
    files = ["--faces", str(photos), "--people", str(table), "--output", str(tmp_path / "out")]
    assert training_fakes.main([*made[1], *files]) == 2
    assert f"2 photographs are called {name.stem}," in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_appearance_is_learnt_only_for_what_is_rebuilt(made, tmp_path, monkeypatch):
    monkeypatch.setattr(training_fakes, "learn_appearance", None)
    more = ["--output", str(tmp_path / "made"), "--methods", "face_swap"]
    assert training_fakes.main([*made[1], *more]) == 0
    assert training_fakes.main(made[1]) == 0  # All is there.


def test_one_kind_is_left_for_tests(made, tmp_path, monkeypatch):
    monkeypatch.setattr(training_fakes, "learn_appearance", lambda faces: None)
    monkeypatch.setattr(training_fakes, "manipulate", lambda photo, *_: photo.image)
    assert training_fakes.main([*made[1][:10], "--output", str(tmp_path / "made")]) == 0
    kinds = {each.name for each in (tmp_path / "made" / "stills").iterdir() if each.is_dir()}
    assert kinds == {"real", *METHODS} - {"morph"}


def test_one_person_is_too_few(made, tmp_path, capsys, monkeypatch):
    find_faces = training_fakes.find_faces

    def of_one(*arguments):
        faces, left_out = find_faces(*arguments)
        train = [face for face in faces if face.split == "train"]
        return [face for face in train if face.person == train[0].person], left_out

    monkeypatch.setattr(training_fakes, "find_faces", of_one)
    assert training_fakes.main([*made[1], "--output", str(tmp_path / "made")]) == 2
    assert "two people in train." in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_mistakes_are_told_in_one_line(made, capsys):
    arguments = [*made[1][:5], f"{__file__}/below"]
    assert training_fakes.main(arguments) == 2
    assert capsys.readouterr().err == f"error: {__file__} is a file, not a folder.\n"
