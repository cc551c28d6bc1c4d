import io

import numpy as np
import pytest
from PIL import Image

from keras_madd.data.shards import CropRecord, write_shard
from keras_madd.data.shards_description import ShardsDescription, save_dataset_json
from keras_madd.demo import sample_photo_path
from keras_madd.exporting.samples import check_disjoint, read_samples
from keras_madd.faces import FaceDetector, crop_face
from keras_madd.inference import read_image
from keras_madd.support.errors import UserError

SIZE = (64, 64)


def pictures(folder, names, seed=0):
    random = np.random.default_rng(seed)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        image = random.integers(0, 256, (*SIZE, 3), "uint8")
        Image.fromarray(image).save(folder / name)


def test_crops_are_taken_as_they_are_and_labelled_by_their_folders(tmp_path):
    names = [f"{kind}/{index}.png" for kind in ("real", "fake") for index in range(10)]
    pictures(tmp_path, names)
    found = read_samples(tmp_path, SIZE, 100)
    assert found.images.shape == (20, *SIZE, 3)
    assert found.images.dtype == np.uint8
    assert sorted(found.labels) == [0] * 10 + [1] * 10
    assert found.skipped == ()
    for image, label in zip(found.images, found.labels, strict=True):
        folder = tmp_path / ("fake" if label else "real")
        assert any(np.array_equal(image, read_image(path)) for path in folder.iterdir())


def test_drawing_follows_the_seed(tmp_path):
    pictures(tmp_path, [f"{index}.png" for index in range(30)])
    one, same, other = (read_samples(tmp_path, SIZE, 16, seed) for seed in (0, 0, 1))
    assert one.labels is None
    np.testing.assert_array_equal(one.images, same.images)
    assert not np.array_equal(one.images, other.images)


def test_faces_are_cut_out_of_photographs(tmp_path):
    pictures(tmp_path, [f"{index}.png" for index in range(15)])
    photo = read_image(sample_photo_path())
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.new("RGB", (200, 150), "grey").save(tmp_path / "wall.png")
    (tmp_path / "broken.png").write_bytes(b"nothing")
    found = read_samples(tmp_path, SIZE, 100, margin=1.5)
    with FaceDetector() as detector:
        expected = crop_face(photo, detector.detect(photo)[0].box, SIZE[0], 1.5)
    assert len(found.images) == 16
    assert any(np.array_equal(image, expected) for image in found.images)
    assert sorted(line.split(": ", 1)[0].rsplit("/", 1)[1] for line in found.skipped) == [
        "broken.png",
        "wall.png",
    ]


def shards(folder, margin=1.3, splits=("train", "test")):
    folder.mkdir()
    random = np.random.default_rng(0)
    infos, drawn = [], {}
    for split in splits:
        side = 74 if split == "train" else 64
        records = []
        for index in range(20):
            image = random.integers(0, 256, (side, side, 3), "uint8")
            drawn.setdefault(split, []).append(image)
            file = io.BytesIO()
            Image.fromarray(image).save(file, "png")
            values = {"image": file.getvalue(), "label": index % 2, "method": "real"}
            values |= {"dataset": "d", "video": f"v{index:02}", "source": f"s{index:02}"}
            values |= {"identity": "", "split": split, "frame": 0, "position": 0, "track": 0}
            values |= {
                "box": (0, 0, 50, 50),
                "margin": margin * side / 64,
                "landmarks": np.zeros((0, 2)),
            }
            records.append(CropRecord(**values))
        infos.append(write_shard(folder / f"{split}-00000.tfrecord", records))
    return infos, drawn


@pytest.fixture
def shards_folder(tmp_path):
    folder = tmp_path / "shards"
    infos, drawn = shards(folder)
    values = {"dataset": "d", "size": 64, "margin": 1.3, "context": 1.15, "detector": "auto"}
    values |= {"frames_per_video": 1, "image_format": "png", "compression": "", "methods": ()}
    values |= {"counts": {}, "failures": {}, "seed": 0, "versions": {}, "shards": tuple(infos)}
    save_dataset_json(folder, ShardsDescription(**values))
    return folder, drawn


def test_shards_give_the_split_and_the_phones_crop(shards_folder):
    folder, drawn = shards_folder
    train = read_samples(folder, SIZE, 100)
    test = read_samples(folder, SIZE, 100, splits=("test", "val"))
    assert (len(train.images), len(test.images)) == (20, 20)
    assert sorted(train.labels) == [0] * 10 + [1] * 10
    assert "train split" in train.origin
    centres = [image[5:69, 5:69] for image in drawn["train"]]
    assert all(any(np.array_equal(each, c) for c in centres) for each in train.images)
    assert all(any(np.array_equal(each, c) for c in drawn["test"]) for each in test.images)
    check_disjoint(train, test)
    with pytest.raises(UserError, match="20 pictures are both in"):
        check_disjoint(train, train)
    with pytest.raises(UserError, match=r"margin 1\.3, the model expects 1\.5"):
        read_samples(folder, SIZE, 100, margin=1.5)
    smaller = read_samples(folder, (32, 32), 100)
    assert smaller.images.shape == (20, 32, 32, 3)


def test_what_is_missing_is_told(tmp_path):
    with pytest.raises(UserError, match="There is nothing at"):
        read_samples(tmp_path / "none", SIZE, 10)
    Image.new("RGB", (200, 150), "grey").save(tmp_path / "wall.png")
    with pytest.raises(UserError, match=r"0 face crops could be used; .*wall\.png: no face"):
        read_samples(tmp_path, SIZE, 10)


def test_faces_are_not_cut_out_for_inputs_that_are_not_square(tmp_path, shards_folder):
    pictures(tmp_path, [f"{index}.png" for index in range(16)])
    message = "Faces are cut out square. Received: input_size=64x48"
    for path in (tmp_path, shards_folder[0]):
        with pytest.raises(UserError, match=message):
            read_samples(path, (64, 48), 16)
    for index in range(16):
        Image.new("RGB", (48, 64), (index, 0, 0)).save(tmp_path / f"{index}.png")
    assert read_samples(tmp_path, (64, 48), 16).images.shape == (16, 64, 48, 3)
