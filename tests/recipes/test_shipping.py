"""The release step, on a small model and made shards: what it writes, and what it refuses."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import shipping
from exported_model import shaken
from shipping import ShipSettings, ship
from synthetic_shards import write_shards

from keras_madd import MADD
from keras_madd.inference import Detector
from keras_madd.inference.model_description import read_model_json
from keras_madd.support.errors import UserError

CARD = "# $name\n$results\n$methods\n$words\n$export, $megabytes MB, from $threshold\n"


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """What a release is made of."""
    folder = tmp_path_factory.mktemp("release")
    model = shaken(backbone="tiny", input_size=64, batch_reduction="mean", seed=0)
    model.save(folder / "best.keras")
    (folder / "card.md").write_text(CARD)
    return ShipSettings(
        model=folder / "best.keras",
        calibration=write_shards(folder / "train", {"train": 12}),
        data=[write_shards(folder / "unseen", {"val": 24, "test": 12})],
        card=folder / "card.md",
        max_auc_drop=1.0,
        bootstrap=20,
    )


@pytest.fixture(scope="module")
def shipped(release, tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights") / "made"
    # An untrained network's log-odds lie close together, so that 8 bits turn their order about.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shipping, "LEAST_CORRELATION", 0.5)
        lines = ship(folder, release)
    return folder, lines


def test_everything_a_preset_needs_is_there(shipped, release):
    folder, lines = shipped
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "config.json",
        "model.json",
        "model.tflite",
        "model.weights.h5",
    ]
    assert any("half precision: log-odds correlate" in line for line in lines)
    assert not any("model.tflite" in line or "report:" in line for line in lines)
    description = read_model_json(folder / "model.tflite")
    assert description.quantization == "int8"
    assert description.clear_threshold <= description.threshold
    assert description.temperature != 1.0
    crops = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3)).astype("uint8")
    model = MADD.from_preset(folder)
    assert model.config == MADD.from_preset(release.model).config
    with Detector(folder / "model.tflite") as detector:
        detector.score_crops(crops)
        assert detector.model_card == folder / "README.md"


def test_the_card_has_the_figures(shipped):
    folder, _ = shipped
    text = (folder / "README.md").read_text()
    assert text.startswith("# made\n")
    assert "$" not in text
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| synthetic")]
    results, *rest = rows
    assert results[1:3] == ["12", "12"]
    assert " to " in results[3]
    words = [row for row in rest if row[2] == "12"]
    assert len(words) == 2
    for row in words:
        assert sum(float(each.strip(" |%")) for each in row[3:]) == pytest.approx(100, abs=0.2)


def test_the_words_keep_their_promise_on_the_people_they_were_fitted_on(shipped, release):
    from keras_madd.evaluation.crops import open_splits
    from keras_madd.evaluation.metrics import video_scores
    from keras_madd.evaluation.opened_model import open_model
    from keras_madd.evaluation.score_shards import score_split
    from keras_madd.inference.calibration import calibrate

    folder, _ = shipped
    description = read_model_json(folder / "model.tflite")
    scores = score_split(open_model(folder / "model.tflite"), open_splits(release.data, "val")[0])
    real = scores.where(method="real")
    _, means = video_scores(
        real.video.texts(), calibrate(real.probability, description.temperature)
    )
    assert np.mean(means >= description.threshold) <= 0.05


@pytest.mark.parametrize(
    ("constant", "value", "message"),
    [
        ("LEAST_CORRELATION", 1.1, "8-bit file is not good enough: log-odds correlate"),
        ("LEAST_HALF_CORRELATION", 1.1, "Half precision costs too much"),
    ],
)
def test_what_is_not_good_enough_is_not_written(
    release, tmp_path, monkeypatch, constant, value, message
):
    monkeypatch.setattr(shipping, "LEAST_CORRELATION", 0.5)
    monkeypatch.setattr(shipping, constant, value)
    with pytest.raises(UserError, match=message):
        ship(tmp_path / "weights" / "made", release)
    assert not (tmp_path / "weights" / "made").exists()


def test_a_template_that_asks_for_more_is_refused(release, tmp_path):
    settings = dataclasses.replace(release, card=tmp_path / "none.md")
    with pytest.raises(UserError, match="no template of a card"):
        ship(tmp_path / "made", settings)


def test_a_file_that_gives_no_numbers_is_refused(release, tmp_path, monkeypatch):
    """Nothing more was measured of it then."""
    found = SimpleNamespace(
        problems=("3 of 9 probabilities are no numbers",),
        description=SimpleNamespace(metrics={}),
        lines=(),
    )
    monkeypatch.setattr(shipping, "run_export", lambda *_: found)
    with pytest.raises(UserError, match=r"not good enough: 3 of 9 probabilities are no numbers"):
        ship(tmp_path / "out", release)
    assert not (tmp_path / "out").exists()
