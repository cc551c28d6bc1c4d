import numpy as np
import pytest
from backends import tensorflow_only
from exported_model import tiny_model
from shards_on_disk import MARGIN, SIZE, make_record, png, write_shards

from keras_madd.data import load_dataset
from keras_madd.data.model_window import model_pixels
from keras_madd.demo import sample_photo_path
from keras_madd.evaluation.crops import open_splits
from keras_madd.evaluation.opened_model import open_model
from keras_madd.evaluation.score_shards import score_split
from keras_madd.exporting.samples import read_samples
from keras_madd.faces import crop_face
from keras_madd.media.images import read_image
from keras_madd.support.errors import UserError


def test_the_context_of_a_train_picture_is_cut_off_as_a_runtime_would_cut_it():
    photo, box = read_image(sample_photo_path()), (180, 160, 150, 150)
    seen = crop_face(photo, box, SIZE, MARGIN).astype(int)
    for context, side in ((1.15, 74), (2.0, 2 * SIZE)):
        stored = crop_face(photo, box, side, MARGIN * context)
        fields = {"image": png(stored), "margin": MARGIN * context}
        found = model_pixels(make_record("train", "a", 0, 0, **fields), MARGIN, SIZE)
        whole = crop_face(stored, (0, 0, side, side), SIZE, margin=1.0)
        off, off_whole = (np.abs(each - seen).mean() for each in (found, whole))
        # What is left is the rounding to whole pixels of the stored picture.
        assert off < 3.5
        assert off_whole > 4 * off


def test_of_faces_without_a_margin_of_their_own_all_is_seen():
    record = make_record("train", "a", 0, 0, context=1.0, margin=MARGIN)
    assert png(model_pixels(record, MARGIN, SIZE)) == record.image


def test_a_broken_picture_is_named():
    with pytest.raises(UserError, match="picture of a, frame 0, is broken"):
        model_pixels(make_record("train", "a", 0, 0, image=b"nothing"), MARGIN, SIZE)


@tensorflow_only
def test_training_evaluation_and_export_see_the_same_window(tmp_path):
    names = [f"s{number}" for number in range(5)]
    records = [
        make_record("train", name, position, label)
        for name in names
        for position in range(2)
        for label in (0, 1)
    ]
    folder = write_shards(tmp_path / "shards", records)
    expected = np.stack([model_pixels(record, MARGIN, SIZE) for record in records])

    batches = load_dataset(folder, "train", 20, image_size=SIZE, repeat=False)
    ((trained_on, _),) = batches.as_numpy_iterator()
    calibrated_on = read_samples(folder, (SIZE, SIZE), len(records)).images
    for found in (trained_on.astype("uint8"), calibrated_on):
        assert sorted(map(bytes, found)) == sorted(map(bytes, expected))

    tiny_model().save(tmp_path / "model.keras")
    (split,) = open_splits([folder], "train")
    scores = score_split(open_model(tmp_path / "model.keras"), split)
    order = sorted(range(len(records)), key=lambda index: records[index].order)
    np.testing.assert_allclose(
        scores.probability, tiny_model().fake_probability(expected[order]), atol=1e-5
    )
