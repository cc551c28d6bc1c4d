import json
import shutil
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from shards_on_disk import make_record

from keras_madd.data import SelfBlend
from keras_madd.data.shard_index import index_shards
from keras_madd.data.shards import load_dataset_json, read_records, verify_shards
from keras_madd.datasets.faces_folder import _pair, faces_from_folder
from keras_madd.demo import sample_photo_path
from keras_madd.media import VideoWriter
from keras_madd.support.errors import UserError

SIZE = 96
SETTINGS = {"size": SIZE, "frames_per_video": 3, "image_format": "png"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Photographs of "people" who differ by their colours, one film, one picture of nobody."""
    root = tmp_path_factory.mktemp("photos")
    portrait = cv2.imread(str(sample_photo_path()))[:352, 48:400]
    for person in range(7):
        folder = root / f"person{person}"
        folder.mkdir()
        for number in range(2):
            picture = np.roll(portrait, person + 9 * number, axis=1 - number)
            picture = cv2.convertScaleAbs(picture, alpha=0.6 + 0.05 * person)
            cv2.imwrite(str(folder / f"{number}.jpg"), picture)
    with VideoWriter(root / "film.mp4", 352, 352, 10) as writer:
        for shift in range(6):
            writer.write(np.ascontiguousarray(np.roll(portrait, shift, axis=1)[..., ::-1]))
    cv2.imwrite(str(root / "person0" / "nobody.png"), np.full((90, 90, 3), 99, np.uint8))
    return root


@pytest.fixture(scope="module")
def shards(photos, tmp_path_factory):
    output = tmp_path_factory.mktemp("faces") / "shards"
    description = faces_from_folder(photos, output, **SETTINGS)
    return output, description


def test_description(shards, photos):
    output, description = shards
    assert load_dataset_json(output) == description
    assert verify_shards(output) == sum(info.records for info in description.shards)
    assert description.dataset == "faces"
    assert description.failures == {"faceless": 1}
    assert description.methods == ("self_blend",)
    val = description.counts["val"]
    assert val["real"] == val["fake"]
    crops = description.counts["train"]["real"]["crops"] + val["real"]["crops"]
    assert crops == 14 + 3


def test_training_is_real_faces_with_landmarks_and_context(shards):
    records = list(read_records(shards[0], "train"))
    assert {record.label for record in records} == {0}
    for record in records:
        side = round(SIZE * 1.15)
        image = cv2.imdecode(np.frombuffer(record.image, np.uint8), cv2.IMREAD_COLOR)
        assert image.shape == (side, side, 3)
        assert record.landmarks.shape == (468, 2)
        assert (record.landmarks.mean(0) > 0.3 * side).all()
        assert (record.landmarks.mean(0) < 0.7 * side).all()


def test_validation_is_pairs_of_other_people(shards):
    output, _ = shards
    records = list(read_records(output, "val"))
    people = {record.identity for record in records}
    assert not people & {record.identity for record in read_records(output, "train")}
    reals, fakes = records[::2], records[1::2]
    for real, fake in zip(reals, fakes, strict=True):
        assert (real.label, fake.label) == (0, 1)
        assert fake.video == f"{real.video}+self_blend"
        assert (fake.source, fake.position, fake.box) == (real.source, real.position, real.box)
        images = [
            cv2.imdecode(np.frombuffer(record.image, np.uint8), cv2.IMREAD_COLOR)
            for record in (real, fake)
        ]
        assert images[0].shape == images[1].shape == (SIZE, SIZE, 3)
        # Beyond any mask, at the rim.
        np.testing.assert_array_equal(images[0][:, :4], images[1][:, :4])
    assert any(real.image != fake.image for real, fake in zip(reals, fakes, strict=True))


def test_pairs_are_encoded_alike():
    """Both once, from the same picture: else the file would tell real from fake."""
    record = make_record("val", "v", 0, 0)
    description = SimpleNamespace(seed=0, image_format="jpeg")
    real, fake = _pair(record, SelfBlend(), description)
    assert real.image != fake.image
    assert (
        real.image[: real.image.index(b"\xff\xda")] == fake.image[: fake.image.index(b"\xff\xda")]
    )


def test_manifest_has_the_fakes(shards):
    output, description = shards
    lines = [json.loads(line) for line in (output / "manifest.jsonl").open()]
    made = [line for line in lines if line["label"] == 1]
    assert len(made) == description.counts["val"]["fake"]["videos"]
    assert sum(line["crops"] for line in made) == description.counts["val"]["fake"]["crops"]
    assert len(lines) == 16 + len(made)


def test_can_be_trained_on(shards):
    index = index_shards([shards[0]], "train")
    assert index.has_landmarks.all()
    assert (index.label == 0).all()


def test_goes_on_and_gives_the_same(shards, photos, tmp_path):
    output, description = shards
    before = {path.name: path.read_bytes() for path in output.glob("*.*") if path.is_file()}
    assert faces_from_folder(photos, output, **SETTINGS) == description
    (output / "dataset.json").unlink()
    next(output.glob("val-*")).unlink()
    faces_from_folder(photos, output, **SETTINGS)
    assert {path.name: path.read_bytes() for path in output.glob("*.*") if path.is_file()} == before
    with pytest.raises(UserError, match="`size` was 96 and is 80"):
        faces_from_folder(photos, output, **SETTINGS | {"size": 80})


def test_a_name_with_another_end_of_line(photos, tmp_path):
    folder = tmp_path / "photos"
    for person in range(3):
        shutil.copytree(photos / f"person{person}", folder / f"person\u2028{person}\x85")
    description = faces_from_folder(folder, tmp_path / "shards", **SETTINGS)
    assert set(description.counts) == {"train", "val"}
    lines = [json.loads(line) for line in (tmp_path / "shards" / "manifest.jsonl").open()]
    assert {line["identity"] for line in lines} == {f"person\u2028{n}\x85" for n in range(3)}


def test_what_cannot_be_used(photos, tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        faces_from_folder(tmp_path / "none", tmp_path / "shards")
    assert not (tmp_path / "shards" / "dataset.json").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match="is not empty"):
        faces_from_folder(photos, tmp_path / "full")
    nobody = tmp_path / "nobody"
    nobody.mkdir()
    for number in range(3):
        cv2.imwrite(str(nobody / f"{number}.png"), np.full((90, 90, 3), 99, np.uint8))
    with pytest.raises(UserError, match="faceless"):
        faces_from_folder(nobody, tmp_path / "empty")
