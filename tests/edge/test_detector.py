import json
import subprocess
import sys

import numpy as np
import pytest
from exported_model import exported, tiny_model

from keras_madd.data import sample_photo_path
from keras_madd.edge import Detector, read_image
from keras_madd.edge.runner import LiteRTRunner
from keras_madd.errors import UserError
from keras_madd.exporting.model_json import model_json_path
from keras_madd.exporting.verify import sample_pictures
from keras_madd.faces import crop_face, crop_square


@pytest.fixture
def model_file(tmp_path):
    return exported(tmp_path)


@pytest.fixture(scope="module")
def portrait():
    return read_image(sample_photo_path())


def test_crops_are_scored_as_keras_scores_them(model_file):
    model = tiny_model()
    crops = sample_pictures(model.config.input_size, 3)
    with Detector(model_file) as detector:
        probabilities, maps = detector.score_crops(crops)
    assert probabilities.shape == (3,)
    np.testing.assert_allclose(probabilities, model.fake_probability(crops), atol=1e-5)
    np.testing.assert_allclose(maps, model.attention_maps(crops), atol=1e-4)


def test_the_photograph_goes_through_the_one_crop(model_file, portrait):
    with Detector(model_file) as detector:
        (face,) = detector.score_image(portrait)
    x, y, width, height = face.box
    assert x < 224 < x + width
    assert y < 127 < y + height
    assert face.crop_box[:2] == crop_square(face.box, 1.3)[:2]
    crop = crop_face(portrait, face.box, 64, 1.3)
    expected = tiny_model().fake_probability(crop[None])[0]
    assert face.probability == pytest.approx(expected, abs=1e-5)
    assert 0.5 <= face.detection_score <= 1
    assert face.attention_maps.shape[-1] == 4
    assert json.loads(json.dumps(face.to_json()))["box"] == list(face.box)


def test_the_margin_is_the_models(model_file, portrait):
    path = model_json_path(model_file)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"crop_margin": 2.0}))
    with Detector(model_file) as detector:
        (face,) = detector.score_image(portrait)
    assert face.crop_box[2] == 2 * max(face.box[2:])


def test_two_faces_and_none(model_file, portrait):
    pair = np.concatenate([portrait, portrait[:, ::-1]], axis=1)
    with Detector(model_file) as detector:
        faces = detector.score_image(pair)
        assert detector.score_image(np.full((300, 300, 3), 128, np.uint8)) == []
        assert detector.score_image(np.zeros((1, 1, 3), np.uint8)) == []
    assert len(faces) == 2
    assert sorted(face.box[0] // 512 for face in faces) == [0, 1]


@pytest.mark.parametrize(
    ("crops", "message"),
    [
        (np.zeros((1, 64, 64, 3), np.float32), "`crops`.*Received: crops=float32"),
        (np.zeros((64, 64, 3), np.uint8), r"shape \(N, 64, 64, 3\)"),
        (np.zeros((1, 32, 32, 3), np.uint8), r"Received: pixels.shape=\(1, 32, 32, 3\)"),
    ],
)
def test_other_crops_are_refused(model_file, crops, message):
    with Detector(model_file) as detector, pytest.raises(ValueError, match=message):
        detector.score_crops(crops)


def test_no_crops_give_no_scores(model_file):
    with Detector(model_file) as detector:
        probabilities, maps = detector.score_crops(np.zeros((0, 64, 64, 3), np.uint8))
    assert probabilities.shape == (0,)
    assert maps.shape[0] == 0


def test_the_number_of_threads_does_not_change_the_score(model_file):
    crops = sample_pictures((64, 64), 2)
    one, two = (LiteRTRunner(model_file, threads).run(crops)[0] for threads in (1, 2))
    np.testing.assert_allclose(one, two, atol=1e-6)
    with pytest.raises(ValueError, match="`threads`"):
        LiteRTRunner(model_file, 0)


def rewrite(model_file, content=None, **values):
    """Replaces the model file or values of its description, with a sha256 that fits."""
    from keras_madd.exporting.model_json import sha256_of

    if content is not None:
        model_file.write_bytes(content)
    path = model_json_path(model_file)
    values["sha256"] = sha256_of(model_file)
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"content": b"no model"}, "not a model that LiteRT can run"),
        ({"content": b""}, "not a model that LiteRT can run"),
        ({"input_size": [32, 32]}, r"does not fit its description.*\(1, 32, 32, 3\)"),
        ({"batch": 2}, "does not fit its description"),
        ({"input_name": "pixels"}, "does not fit its description"),
        ({"output_names": ["fake_probability"]}, "does not fit its description"),
        ({"format": "onnx"}, "not a LiteRT model but onnx"),
    ],
)
def test_a_file_that_is_no_such_model(model_file, values, message):
    rewrite(model_file, **values)
    with pytest.raises(UserError, match=message):
        Detector(model_file)


def test_a_truncated_model(model_file):
    rewrite(model_file, content=model_file.read_bytes()[: model_file.stat().st_size // 2])
    with pytest.raises(UserError, match="not a model that LiteRT can run"):
        Detector(model_file)


def test_scoring_needs_neither_keras_nor_tensorflow(model_file):
    code = (
        "import sys\n"
        "from keras_madd.edge import Detector, read_image\n"
        "with Detector(sys.argv[1]) as detector:\n"
        "    faces = detector.score_image(read_image(sys.argv[2]))\n"
        "assert len(faces) == 1\n"
        "found = {'keras', 'tensorflow', 'jax', 'torch', 'sklearn'} & set(sys.modules)\n"
        "assert not found, found\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(model_file), str(sample_photo_path())],
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stderr) == (0, "")
