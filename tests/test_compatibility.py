"""What version 0.1.0 wrote, every later version reads: `tests/golden/0.1.0`."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FILES = Path(__file__).parent / "golden" / "0.1.0"
EXPECTED = json.loads((FILES / "expected.json").read_text())


@pytest.fixture(scope="module")
def face():
    from keras_madd.media.images import read_image

    return read_image(FILES / "face.png")


def test_a_saved_model(face):
    import keras

    from keras_madd import MADD  # noqa: F401

    model = keras.saving.load_model(FILES / "model.keras")
    probability = model.fake_probability(face[None])
    assert probability == pytest.approx([EXPECTED["fake_probability"]], abs=1e-5)
    assert model.attention_maps(face[None]).mean() == pytest.approx(EXPECTED["maps_mean"], rel=1e-4)
    assert int(model.optimizer.iterations) == EXPECTED["optimizer_iterations"]


def test_a_saved_model_needs_no_more_than_the_package():
    code = (
        "import keras, keras_madd\n"
        f"print(keras.saving.load_model({str(FILES / 'model.keras')!r}).name)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout == "madd\n", answer.stderr


def test_an_exported_file(face):
    from keras_madd.inference.runner import LiteRTRunner

    probability, _ = LiteRTRunner(FILES / "model.tflite").run(face[None])
    assert probability == pytest.approx([EXPECTED["fake_probability"]], abs=1e-4)


def test_shards():
    from keras_madd.data.shards import load_dataset_json, read_records

    description = load_dataset_json(FILES / "shards")
    assert (description.size, description.margin, description.context) == (64, 1.3, 1.15)
    for split, crops in (("train", 6), ("val", 4), ("test", 4)):
        records = list(read_records(FILES / "shards", split))
        assert len(records) == crops
        assert sum(record.label for record in records) == crops // 2


def test_scores():
    from keras_madd.evaluation.scores import read_scores

    scores = read_scores(FILES / "scores.parquet")
    assert np.array_equal(np.sort(scores.label), [0, 0, 1, 1])
