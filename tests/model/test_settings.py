"""docs/settings.md says what the presets do, and alpha does what it says."""

import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from keras_madd import MADD, MADDConfig
from keras_madd.backbones import default_taps
from keras_madd.model.presets import preset_config

DOCUMENT = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()
COLUMNS = ("note", "paper", "experiment", "defaults")


def table(title):
    """Rows of the table whose first line holds `title`, as lists of cells."""
    lines = DOCUMENT[DOCUMENT.index(title) :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def selected(column):
    """The configuration that the line of a column selects."""
    (row,) = [row for row in table("column | from Python") if row[0] == column]
    seen = []

    class Recorder:
        @staticmethod
        def from_preset(name, **fields):
            seen.append(MADDConfig.from_dict({**preset_config(name), **fields}))

    eval(row[1].strip("`"), {"MADD": Recorder})
    words = row[2].strip("`")
    flags = dict(
        pair.split("=", 1)
        for pair in re.findall(r'--set (?:"([^"]+)"|(\S+))', words)
        for pair in pair
        if pair
    )
    fields = {
        name: value if name.endswith("tap") else json.loads(value) for name, value in flags.items()
    }
    preset = re.search(r"--preset (\S+)", words)[1]
    assert MADDConfig.from_dict({**preset_config(preset), **fields}) == seen[0]
    return seen[0]


@pytest.mark.parametrize("column", COLUMNS)
def test_the_table_is_what_its_lines_select(column):
    config = selected(column)
    texture, attention = default_taps(config.backbone)
    config = config.replace(
        texture_tap=config.texture_tap or texture, attention_tap=config.attention_tap or attention
    ).to_dict()
    rows = table("setting | note | paper")
    assert len(rows) > 20
    for row in rows:
        value = row[1 + COLUMNS.index(column)]
        if value != "-":
            assert config[row[-1].strip("`")] == json.loads(value), row[0]


@pytest.mark.parametrize("alpha", [0.5, 0.05])
@pytest.mark.parametrize("variant", ["paper", "official"])
def test_centres_move_by_the_closed_form(variant, alpha):
    model = MADD.from_preset(
        "madd_tiny",
        input_size=32,
        seed=0,
        variant=variant,
        centre_step=alpha,
        augmented_classification_weight=0.0,
    )
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.BatchNormalization):
            # The same V in every step.
            layer.trainable = False
    model.compile(keras.optimizers.SGD(0.0), metrics=None, run_eagerly=True)
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), "uint8")
    labels = np.array([0, 1, 0, 1])
    history = model.fit(
        *(np.tile(images, (3, 1, 1, 1)), np.tile(labels, 3)),
        batch_size=4,
        epochs=2,
        shuffle=False,
        verbose=0,
    ).history
    assert np.isfinite(history["loss"]).all()
    regional = ops.convert_to_numpy(
        model.network(images, training=False)["regional_features"]
    ).astype("float64")
    # In the released code fakes count as zeros in the mean: half of this batch.
    mean, share = (regional.mean(0), 1.0) if variant == "paper" else (regional[::2].mean(0), 0.5)
    expected = mean * (1 - (1 - share * alpha) ** 3 * (1 - share * 0.9 * alpha) ** 3)
    centres = ops.convert_to_numpy(model.region_independence.feature_centres)
    np.testing.assert_allclose(centres, expected, atol=1e-6)
    assert np.abs(expected).max() > 0.01
    assert float(model.region_independence.alpha) == pytest.approx(0.81 * alpha)
