import numpy as np
import pytest

from keras_madd.evaluation.scores import Names, Scores, read_scores, write_scores
from keras_madd.support.errors import UserError


def table(**changes) -> Scores:
    columns = {
        "dataset": ["b", "a", "a", "b"],
        "split": ["test", "test", "val", "val"],
        "video": ["v, 1", "v2", "v2", "ü"],
        "method": ["real", "swap", "swap", "real"],
        "source": ["1", "", "", "1"],
        "identity": ["", "Ü", "Ü", "person 1"],
        "condition": ["clean"] * 4,
        "frame": [0, 3, 3, 9],
        "track": [0, 0, 1, 0],
        "label": [0, 1, 1, 0],
        "probability": [0.1, 1 / 3, 1.0, 0.0],
    }
    return Scores.from_columns(columns | changes)


def same(one: Scores, other: Scores) -> bool:
    texts = ("dataset", "split", "video", "method", "source", "identity", "condition")
    numbers = ("frame", "track", "label", "probability")
    return all(
        (getattr(one, name).texts() == getattr(other, name).texts()).all() for name in texts
    ) and all((getattr(one, name) == getattr(other, name)).all() for name in numbers)


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_files_give_back_every_bit(tmp_path, ending):
    path = write_scores(tmp_path / f"scores{ending}", table())
    assert same(read_scores(path), table())
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_table_of_another_program(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("video,frame,label,method,probability\n007,0,1,swap,0.5\n008,0,0,real,0.25\n")
    scores = read_scores(path)
    assert scores.video.texts().tolist() == ["007", "008"]
    assert scores.dataset.names.tolist() == ["data"]
    assert scores.split.names.tolist() == ["test"]
    assert scores.identity.names.tolist() == [""]
    assert scores.probability.tolist() == [0.5, 0.25]


def test_whole_numbers_may_be_written_as_fractions(tmp_path):
    # As pandas does with a column that once had a gap.
    path = tmp_path / "scores.csv"
    path.write_text("video,frame,label,method,probability\na,0.0,0.0,real,1\nb,12.0,1.0,swap,0\n")
    scores = read_scores(path)
    assert scores.frame.tolist() == [0, 12]
    assert scores.label.tolist() == [0, 1]
    assert scores.frame.dtype == np.int64


def test_rows_and_names_in_use():
    picked = table().where(split="val")
    assert picked.video.names.tolist() == ["v2", "ü"]
    assert picked.probability.tolist() == [1.0, 0.0]
    assert len(table().where(dataset="absent")) == 0
    assert table()[np.array([3, 0])].frame.tolist() == [9, 0]


def test_concatenation_keeps_the_order():
    parts = [table()[np.array([0, 1])], table()[np.array([2, 3])]]
    assert same(Scores.concatenate(parts), table())


def test_concatenation_never_has_a_text_for_every_row(monkeypatch):
    parts = [table(video=["x", "b", "x", "a"]), table(video=["c", "c", "b", "y"])]
    monkeypatch.setattr(Names, "texts", None)
    joined = Scores.concatenate(parts)
    monkeypatch.undo()
    assert joined.video.names.tolist() == ["a", "b", "c", "x", "y"]
    assert joined.video.texts().tolist() == ["x", "b", "x", "a", "c", "c", "b", "y"]


def test_names_are_held_once():
    names = Names.of(["b", "a", "b"])
    assert names.names.tolist() == ["a", "b"]
    assert names.codes.tolist() == [1, 0, 1]
    assert len(Names.of([])) == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read as csv"),
        ("video,frame,label,method,probability\n", "holds no scores"),
        ("video,frame,label,method\na,0,1,x\n", "no probability"),
        ("video,frame,label,method,probability\na,0,1,x,nan\n", "1 empty or NaN entries"),
        ("video,frame,label,method,probability\na,0,1,x,\n", "1 empty or NaN entries"),
        ("video,frame,label,method,probability\na,0,1,x,1.5\n", "from 0 to 1"),
        ("video,frame,label,method,probability\na,0,2,x,0.5\n", "0 .real. and 1 .fake. only"),
        ("video,frame,label,method,probability\na,zero,1,x,0.5\n", "frame must hold numbers"),
        ("video,frame,label,method,probability\na,0.5,1,x,0.5\n", "frame must hold whole numbers"),
    ],
)
def test_bad_tables_are_refused(tmp_path, content, message):
    path = tmp_path / "scores.csv"
    path.write_text(content)
    with pytest.raises(UserError, match=message):
        read_scores(path)


def test_files_that_are_none(tmp_path):
    with pytest.raises(UserError, match="no file"):
        read_scores(tmp_path / "none.csv")
    text = tmp_path / "scores.txt"
    text.write_text("x")
    with pytest.raises(UserError, match=r"\.parquet or \.csv"):
        read_scores(text)
    broken = tmp_path / "scores.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(UserError, match="cannot be read as parquet"):
        read_scores(broken)


def test_columns_of_two_lengths():
    with pytest.raises(ValueError, match=r"of one length. Received: .*'frame': 3"):
        table(frame=[0, 1, 2])


def test_whom_a_row_shows():
    scores = Scores.from_columns(
        {
            "dataset": ["a", "a", "a", "a", "a", "b", "b"],
            "video": ["v1", "v2", "v3", "v4", "v5", "v5", "v6"],
            "source": ["s1", "s1", "", "p1", "", "", "s1"],
            "identity": ["p1", "p1", "p1", "", "", "", ""],
            "method": ["real"] * 7,
            "frame": [0] * 7,
            "label": [0] * 7,
            "probability": [0.5] * 7,
        }
    )
    people = scores.people()
    assert len(set(people[:3])) == 1
    # Somebody of a source that is named like a person, and of two data sets the videos of one name.
    assert len(set(people)) == 5
