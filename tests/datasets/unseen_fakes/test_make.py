import argparse
import shutil
import weakref

import cv2
import numpy as np
import pytest
from people_photos import write_photos

from keras_madd.cli import main as cli
from keras_madd.cli import make_fakes
from keras_madd.data.shards import load_dataset_json, read_records
from keras_madd.datasets.sources.faces import Faces
from keras_madd.datasets.unseen_fakes import METHODS, make, make_unseen_fakes, photo
from keras_madd.media.images import read_image
from keras_madd.support.errors import UserError
from keras_madd.support.held_folder import held_folder

SMALL = {"crfs": (23, 40), "splits": ("val",), "frames": 2, "frames_per_video": 1, "size": 64}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return write_photos(tmp_path_factory.mktemp("people") / "photos")


@pytest.fixture(scope="module")
def made(photos, tmp_path_factory):
    output = tmp_path_factory.mktemp("unseen") / "made"
    return output, make_unseen_fakes(*photos, output, **SMALL)


def test_a_real_clip_and_a_fake_of_each_method_at_each_rate(made):
    output, descriptions = made
    assert set(descriptions) == {23, 40}
    for crf, description in descriptions.items():
        assert load_dataset_json(output / f"c{crf}").shards == description.shards
        assert description.dataset == f"unseen_fakes_c{crf}"
        assert set(description.counts) == {"val"}
        assert description.counts["val"]["real"]["videos"] == 2
        assert description.counts["val"]["fake"]["videos"] == 2 * len(METHODS)
        assert set(description.methods) == set(METHODS)
        assert len(list((output / "clips" / f"c{crf}" / "val").rglob("*.mp4"))) == 10


def test_two_runs_at_once_are_refused(made, photos):
    with (
        held_folder(made[0] / "clips"),
        pytest.raises(UserError, match="Another run is at work in"),
    ):
        make_unseen_fakes(*photos, made[0], **SMALL)


def test_fakes_are_cut_where_their_real_clip_is(made):
    for crf in (23, 40):
        boxes = {}
        for record in read_records(made[0] / f"c{crf}", "val"):
            boxes.setdefault(record.source, set()).add((record.frame, record.box))
        assert len(boxes) == 2
        assert all(len(found) == 1 for found in boxes.values())


def test_nobody_in_it_is_trained_on(made, photos):
    people = {record.identity for record in read_records(made[0] / "c23", "val")}
    training = {
        v.identity for v in Faces(photos[0], people=photos[1]).videos() if v.split == "train"
    }
    assert len(people) == 2
    assert not people & training


def test_goes_on_with_the_clips_that_are_there(made, photos, monkeypatch):
    """An appearance, which takes long to learn, is not asked for where nothing is rebuilt."""
    monkeypatch.setattr(make, "learn_appearance", None)
    output, descriptions = made
    clips = sorted((output / "clips").rglob("*.mp4"))
    assert "resynthesis" not in clips[0].parts
    times = [path.stat().st_mtime_ns for path in clips[1:]]
    clips[0].unlink()
    again = make_unseen_fakes(*photos, output, **SMALL)
    assert {crf: each.shards for crf, each in again.items()} == {
        crf: each.shards for crf, each in descriptions.items()
    }
    assert clips[0].is_file()
    assert [path.stat().st_mtime_ns for path in clips[1:]] == times


def test_few_photographs_are_held_at_a_time(photos, tmp_path, monkeypatch):
    """A folder may hold tens of thousands."""
    images, most = [], 0

    def read(path):
        nonlocal most
        image = read_image(path)
        images.append(weakref.ref(image))
        most = max(most, sum(each() is not None for each in images))
        return image

    monkeypatch.setattr(photo, "read_image", read)
    made = make_unseen_fakes(*photos, tmp_path / "made", **SMALL | {"crfs": (23,)})
    assert made[23].counts["val"]["fake"]["videos"] == 2 * len(METHODS)
    assert len(images) > 14
    assert most <= 4


def test_of_very_many_photographs_the_model_learns_from_some(photos, tmp_path, monkeypatch):
    learnt = []
    monkeypatch.setattr(make, "_LEARNT", 3)
    monkeypatch.setattr(make, "AppearanceModel", lambda points, images: learnt.extend(images))
    monkeypatch.setattr(make, "_film", lambda *arguments: [arguments[3]()][1:])
    monkeypatch.setattr(make, "prepare", lambda *_, **__: argparse.Namespace(description=None))
    make_unseen_fakes(*photos, tmp_path / "made", **SMALL)
    assert len(learnt) == 3


@pytest.mark.parametrize(("name", "value"), [("frames", 3), ("seed", 1)])
def test_clips_of_other_settings_are_refused(made, photos, name, value):
    with pytest.raises(UserError, match=f"fakes that were made with other {name}"):
        make_unseen_fakes(*photos, made[0], **SMALL | {name: value})


def test_finished_shards_with_fewer_kinds_stay_as_they_are(made, photos, monkeypatch):
    """Those of versions that made fewer: a run that has them goes on."""
    monkeypatch.setattr(make, "METHODS", METHODS | {"new": METHODS["morph"]})
    again = make_unseen_fakes(*photos, made[0], **SMALL)
    assert {crf: each.shards for crf, each in again.items()} == {
        crf: each.shards for crf, each in made[1].items()
    }
    assert not (made[0] / "clips" / "c23" / "val" / "new").exists()


@pytest.mark.parametrize(
    ("name", "value"), [("splits", ("val", "test")), ("size", 80), ("frames_per_video", 2)]
)
def test_shards_of_other_settings_are_refused_before_anything_is_filmed(
    made, photos, monkeypatch, name, value
):
    monkeypatch.setattr(make, "find_faces", None)
    with pytest.raises(UserError, match=f"c23 holds shards that were made with other {name}: "):
        make_unseen_fakes(*photos, made[0], **SMALL | {name: value})


def test_two_photographs_of_one_name_are_refused_before_any_is_filmed(photos, tmp_path):
    folder = shutil.copytree(photos[0], tmp_path / "photos")
    shutil.copy(folder / "p00.png", folder / "p00.jpg")
    table = tmp_path / "people.csv"
    table.write_text(photos[1].read_text() + "p00.jpg,person00\n")
    with pytest.raises(UserError, match="2 photographs are called p00"):
        make_unseen_fakes(folder, table, tmp_path / "out", **SMALL)
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_made(photos, tmp_path):
    with pytest.raises(ValueError, match="`splits` must be some of"):
        make_unseen_fakes(*photos, tmp_path / "out", splits=("train",))
    few = write_photos(tmp_path / "few" / "photos", people=3)
    with pytest.raises(UserError, match="a swap needs faces of two people in val"):
        make_unseen_fakes(*few, tmp_path / "out", splits=("val",))
    assert not (tmp_path / "out").exists()


def test_photographs_that_give_nothing_are_told_of(photos, tmp_path, capsys):
    folder = shutil.copytree(photos[0], tmp_path / "photos")
    splits = {video.name: video.split for video in Faces(folder, people=photos[1]).videos()}
    broken, empty = [name for name, split in sorted(splits.items()) if split == "train"][:2]
    (folder / broken).write_bytes((folder / broken).read_bytes()[:300])
    cv2.imwrite(str(folder / empty), np.full((224, 224, 3), 90, np.uint8))
    table = tmp_path / "people.csv"
    table.write_text(photos[1].read_text() + "absent.jpg,person00\n")
    command = ["make-fakes", "--faces", folder, "--people", table, "--output", tmp_path / "made"]
    small = ["--split", "val", "--frames", "2", "--frames-per-video", "1", "--size", "64"]
    assert cli.main([*map(str, command), *small, "--crf", "23", "--workers", "1"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert f"missing on disk: 1, listed in {tmp_path}/made/*/dataset.json" in told
    one = "note: 1 photographs left out, {} for one: {}."
    assert one.format(broken, "the file cannot be read") in told
    assert one.format(empty, "no face was found") in told
    assert load_dataset_json(tmp_path / "made" / "c23").missing == ("absent.jpg",)


def test_defaults_of_the_command_are_those_of_the_function():
    parser = argparse.ArgumentParser()
    make_fakes.add_arguments(parser)
    args = vars(parser.parse_args(["--faces", "a", "--people", "b", "--output", "c"]))
    defaults = make_unseen_fakes.__kwdefaults__
    assert (tuple(args["crf"]), tuple(args["split"])) == (defaults["crfs"], defaults["splits"])
    for name in ("size", "frames", "frames_per_video", "seed"):
        assert args[name] == defaults[name]


def test_mistakes_are_told_in_one_line(photos, tmp_path, capsys):
    files = ["--faces", str(photos[0]), "--people", str(tmp_path / "none.csv")]
    status = cli.main(["make-fakes", *files, "--output", str(tmp_path / "out")])
    assert status == 2
    assert capsys.readouterr().err == f"error: {tmp_path}/none.csv: there is no such file.\n"
    # Before the photographs are looked for: that takes minutes.
    files = ["--faces", "nowhere", "--people", "none.csv", "--output", f"{__file__}/out"]
    assert cli.main(["make-fakes", *files]) == 2
    assert capsys.readouterr().err == f"error: {__file__} is a file, not a folder.\n"
