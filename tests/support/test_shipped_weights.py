"""The detector that comes with the package: whole, small, the same on both runtimes, and honest."""

import numpy as np
import pytest

from keras_madd.demo import sample_photo_path
from keras_madd.faces import crop_face
from keras_madd.inference import Detector, read_image
from keras_madd.inference.model_description import read_model_json
from keras_madd.support.shipped import CARD, DEFAULT, LITERT, default_folder


@pytest.fixture(scope="module")
def portrait():
    return read_image(sample_photo_path())


def test_the_folder_is_whole_and_small():
    folder = default_folder()
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(sizes) == {CARD, "config.json", "model.json", LITERT, "model.weights.h5"}
    assert sum(sizes.values()) <= 16_000_000
    description = read_model_json(folder / LITERT)
    assert description.quantization == "int8"
    assert not description.demonstration
    assert 0 < description.clear_threshold <= description.threshold < 1


def test_the_card_says_what_it_cannot_find_and_whose_photographs_taught_it():
    card = (default_folder() / CARD).read_text(encoding="utf-8")
    assert card.startswith("---\nlicense: apache-2.0\n")
    for words in (
        "What it cannot find",
        "DeBruine",
        "CC BY 4.0",
        "| video AUC |",
        "no trace found",
    ):
        assert words in card
    assert "$" not in card


def test_the_embedded_portrait_is_no_false_alarm(portrait):
    with Detector() as detector:
        (face,) = detector.score_image(portrait)
    assert face.verdict in ("uncertain", "no trace found")


def test_both_runtimes_say_the_same(portrait):
    from keras_madd import MADD
    from keras_madd.inference.calibration import calibrate

    model = MADD.from_preset(DEFAULT)
    with Detector() as detector:
        size, margin = detector.description.input_size[0], detector.description.crop_margin
        boxes = [face.box for face in detector.find_faces(portrait)]
        crop = crop_face(portrait, boxes[0], size, margin)
        crops = np.stack([crop, crop[:, ::-1], crop // 2, 255 - crop])
        found, _ = detector.score_crops(crops)
        expected = calibrate(model.fake_probability(crops), detector.description.temperature)
    np.testing.assert_allclose(found, expected, atol=0.1)
