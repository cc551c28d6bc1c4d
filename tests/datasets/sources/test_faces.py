import unicodedata

import pytest

from keras_madd.datasets.sources.faces import SHARES, Faces
from keras_madd.datasets.sources.splitting import deal
from keras_madd.support.errors import UserError


def _touch(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root


def test_every_photograph_and_video_is_one(tmp_path):
    root = _touch(tmp_path, "anna/1.jpg", "anna/deep/2.PNG", "ben/film.mp4", "solo.jpeg", "t.txt")
    _touch(root, ".hidden/3.jpg", "anna/.4.jpg", "anna/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg")
    videos = {video.name: video for video in Faces(root).videos()}
    assert set(videos) == {"anna/1.jpg", "anna/deep/2.PNG", "ben/film.mp4", "solo.jpeg"}
    assert videos["anna/1.jpg"].frames == (root / "anna" / "1.jpg",)
    assert videos["ben/film.mp4"].path == root / "ben" / "film.mp4"
    assert videos["ben/film.mp4"].frames == ()
    assert {video.label for video in videos.values()} == {0}
    assert {video.identity for video in videos.values()} == {"anna", "ben", "solo.jpeg"}
    assert all(video.source == name for name, video in videos.items())


def test_people_are_not_split(tmp_path):
    root = _touch(tmp_path, *(f"p{person}/{n}.jpg" for person in range(30) for n in range(3)))
    source = Faces(root)
    splits = {}
    for video in source.videos():
        splits.setdefault(video.identity, set()).add(video.split)
    assert all(len(found) == 1 for found in splits.values())
    validation = sum(found == {"val"} for found in splits.values())
    assert 3 <= validation <= 7
    assert source.notes[0].startswith(
        f"30 people: {30 - validation} for train and {validation} for"
    )
    again = {video.name: video.split for video in Faces(root).videos()}
    assert again == {video.name: video.split for video in source.videos()}


def test_photographs_of_a_kind_that_is_not_read_are_told_of(tmp_path):
    root = _touch(tmp_path, "anna/1.jpg", "ben/1.jpg", "anna/2.heic", "carla/1.HEIC")
    source = Faces(root)
    assert len(source.videos()) == 2
    assert "2 files left out, anna/2.heic for one: HEIC is not read, convert it to JPEG." in (
        source.notes
    )


def test_photographs_of_such_a_kind_alone(tmp_path):
    with pytest.raises(UserError, match=r"2 files left out, a\.heic for one: HEIC is not read"):
        Faces(_touch(tmp_path, "a.heic", "b.heic")).videos()


def test_two_photographs_are_enough(tmp_path):
    videos = Faces(_touch(tmp_path, "a.jpg", "b.jpg")).videos()
    assert {video.split for video in videos} == {"train", "val"}


def test_nothing_to_keep_apart(tmp_path):
    with pytest.raises(UserError, match="only one person, anna"):
        Faces(_touch(tmp_path, "anna/1.jpg", "anna/2.jpg")).videos()


def test_no_faces(tmp_path):
    with pytest.raises(UserError, match="does not look like faces"):
        Faces(_touch(tmp_path, "readme.txt")).videos()


def _table(root, rows):
    path = root.parent / "people.csv"
    path.write_text("person,licence,file\n" + "".join(f"{p},CC0,{f}\n" for f, p in rows))
    return path


def test_a_table_says_who_is_shown(tmp_path):
    names = [f"{number}.jpg" for number in range(120)]
    root = _touch(tmp_path / "photos", *names, "unnamed.jpg")
    table = _table(root, [(name, f"p{n // 2}") for n, name in enumerate(names)] + [("no.jpg", "x")])
    source = Faces(root, people=table)
    splits = {}
    for video in source.videos():
        splits.setdefault(video.identity, set()).add(video.split)
    assert len(splits) == 60
    assert all(len(found) == 1 for found in splits.values())
    counts = [sum(found == {split} for found in splits.values()) for split in ("train", "val")]
    assert counts == [43, 9]
    assert source.missing == ["no.jpg"]
    assert any("1 files left out, unnamed.jpg" in note for note in source.notes)
    same, other = (
        {video.name: video.split for video in Faces(root, people=table, seed=seed).videos()}
        for seed in (0, 1)
    )
    assert same == {video.name: video.split for video in source.videos()} != other


def test_who_is_in_which_split_follows_from_the_whole_table(tmp_path):
    """Whoever trains may have no more than some of the photographs."""
    names = [f"{number:03d}.jpg" for number in range(200)]
    root = _touch(tmp_path / "photos", *names)
    table = _table(root, [(name, f"p{number // 2}") for number, name in enumerate(names)])
    whole = {video.identity: video.split for video in Faces(root, people=table).videos()}
    assert whole == deal(whole, salt="faces/0", shares=SHARES)
    for name in names[::6]:
        (root / name).unlink()
    for name in names:
        if whole[f"p{int(name[:3]) // 2}"] == "val":
            (root / name).unlink(missing_ok=True)
    source = Faces(root, people=table)
    some = {video.identity: video.split for video in source.videos()}
    assert some == {person: whole[person] for person in some}
    assert source.notes[-1] == "85 people: 70 for train and 15 for test, by their names."
    for name in names:
        if whole[f"p{int(name[:3]) // 2}"] == "test":
            (root / name).unlink(missing_ok=True)
    source = Faces(root, people=table)
    assert {video.split for video in source.videos()} == {"train"}
    assert source.notes[-1] == "70 people: 70 for train, by their names."


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file,who\na.jpg,anna\n", "no column person. Received: file, who"),
        ("", "Received: an empty file"),
        ("file,person\na.jpg,\n", "line 2 has no file or no person"),
        ("file,person\na.jpg,anna\na.jpg,ben\n", "a.jpg shows two people, anna and ben"),
        ('file,person\na.jpg,anna\nb.jpg,"ben\nc.jpg,cyd\n', "line 3 is not valid CSV"),
    ],
)
def test_a_table_that_cannot_be_used(tmp_path, text, words):
    root = _touch(tmp_path / "photos", "a.jpg", "b.jpg")
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(UserError, match=words):
        Faces(root, people=tmp_path / "people.csv").videos()


def test_a_table_of_other_paths(tmp_path):
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces/a.jpg").touch()
    (tmp_path / "people.csv").write_text("file,person\nfaces/a.jpg,p\nfaces/b.jpg,q\n")
    source = Faces(tmp_path / "faces", people=tmp_path / "people.csv")
    with pytest.raises(UserError, match=r"none of the 1 files .* first is faces/a.jpg, .* a.jpg\."):
        source.videos()


def test_no_table(tmp_path):
    with pytest.raises(UserError, match=r"people\.csv: there is no such file"):
        Faces(_touch(tmp_path / "photos", "a.jpg"), people=tmp_path / "people.csv").videos()


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85"])
def test_names_with_other_ends_of_lines(tmp_path, sign):
    root = _touch(tmp_path / "photos", f"a{sign}1.jpg", "b.jpg")
    table = _table(root, [(f"a{sign}1.jpg", f"an{sign}na"), ("b.jpg", "ben")])
    source = Faces(root, people=table)
    assert {video.identity for video in source.videos()} == {f"an{sign}na", "ben"}
    assert source.missing == []


def test_names_are_compared_whatever_their_form(tmp_path):
    """A folder unpacked on one system, a table typed on another."""
    decomposed = unicodedata.normalize("NFD", "Zo\u00e9")
    root = _touch(tmp_path / "photos", f"{decomposed}/0.jpg", "anna/1.jpg", "ben/2.jpg")
    table = tmp_path / "people.csv"
    table.write_text("file,person\nZo\u00e9/0.jpg,Zo\u00e9\n./anna/1.jpg,anna\nben\\2.jpg,ben\n")
    source = Faces(root, people=table)
    assert {video.identity for video in source.videos()} == {"Zo\u00e9", "anna", "ben"}
    assert source.missing == []
    assert len(source.notes) == 1
