import csv
import hashlib
import importlib.util
import shutil
from pathlib import Path

import cv2
import pytest

from keras_madd.demo.portrait import sample_photo_path
from keras_madd.faces import FaceDetector

RECIPES = Path(__file__).parents[2] / "recipes"
COLUMNS = ("file", "person", "licence", "repository", "commit", "path", "sha256", "cut_out")


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("rebuild_faces", RECIPES / "rebuild_faces.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def downloads(tmp_path):
    """One photograph, taken as published and enlarged and cut out; `table.csv` beside."""
    folder = tmp_path / "downloads" / "nasa" / "portraits"
    folder.mkdir(parents=True)
    shutil.copy(sample_photo_path(), folder / "small.jpg")
    large = cv2.resize(cv2.imread(str(sample_photo_path())), None, fx=5, fy=5)
    cv2.imwrite(str(folder / "large.png"), large)
    with (tmp_path / "table.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for name, path, cut_out in (("a.jpg", "small.jpg", "no"), ("b.jpg", "large.png", "yes")):
            digest = hashlib.sha256((folder / path).read_bytes()).hexdigest()
            rows.writerow((name, "anna", "CC0-1.0", "nasa/portraits", "0", path, digest, cut_out))
    return tmp_path


def _run(script, root):
    arguments = [str(root / "downloads"), str(root / "photos"), "--table", str(root / "table.csv")]
    return script.main(arguments)


def test_as_published_and_cut_out(script, downloads, capsys):
    assert _run(script, downloads) == 0
    assert capsys.readouterr().out.endswith("photos: 2 photographs\n")
    assert (downloads / "photos" / "a.jpg").read_bytes() == sample_photo_path().read_bytes()
    image = cv2.imread(str(downloads / "photos" / "b.jpg"))[..., ::-1]
    with FaceDetector() as detector:
        face = detector.detect(image.copy())[0]
    assert abs(max(face.box[2:]) - 400) < 30
    assert max(image.shape) <= 2.6 * 400 + 2


def test_a_wrong_hash_is_refused_before_anything_is_written(script, downloads, capsys):
    with (downloads / "downloads/nasa/portraits/large.png").open("ab") as file:
        file.write(b"x")
    assert _run(script, downloads) == 2
    assert "large.png for one: check out the commit" in capsys.readouterr().err
    assert not (downloads / "photos").exists()


def test_what_is_missing_is_told(script, downloads, capsys):
    (downloads / "downloads/nasa/portraits/large.png").unlink()
    assert _run(script, downloads) == 1
    assert "missing: 1 files" in capsys.readouterr().err
    assert (downloads / "photos" / "a.jpg").is_file()


def test_the_table_names_every_source():
    with (RECIPES / "real_faces.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert (len(rows), len({row["person"] for row in rows})) == (847, 642)
    assert len({row["file"] for row in rows}) == 847
    for row in rows:
        assert row["licence"] in ("CC0-1.0", "CC-BY-4.0")
        assert len(row["commit"]) == 40
        assert len(row["sha256"]) == 64
        assert all(row.values())


def test_a_table_that_is_none(script, downloads, capsys):
    (downloads / "table.csv").write_text("file,person\na.jpg,anna\n")
    assert _run(script, downloads) == 2
    assert "lacks the columns cut_out, path, repository, sha256." in capsys.readouterr().err
    (downloads / "table.csv").write_bytes(sample_photo_path().read_bytes())
    assert _run(script, downloads) == 2
    assert "cannot be read as a CSV file" in capsys.readouterr().err
    assert not (downloads / "photos").exists()
