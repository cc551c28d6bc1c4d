import errno
from pathlib import Path

import numpy as np
import pytest
from backends import tensorflow_only

from keras_madd import MADD
from keras_madd.model.frozen import freeze

pytestmark = tensorflow_only


def test_mistakes_are_told_before_anything_is_trained(tmp_path, capsys):
    from blend_maps import main

    (tmp_path / "there.keras").touch()
    data = ["--data", str(tmp_path / "none")]
    for model, output, message in (
        ("madd_tiny", "there.keras", "there.keras"),
        ("madd_tiny", "none/model.keras", "none"),
        ("madd_tiny", "model.h5", "must end in .keras"),
        ("nothing", "model.keras", "nothing"),
        ("madd_tiny", "model.keras", "none"),
    ):
        assert main([model, *data, "--output", str(tmp_path / output)]) == 2
        assert message in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["there.keras"]


@pytest.mark.parametrize("num_attentions", [0, 2])
def test_maps_are_learnt_and_scores_stay(num_attentions):
    import tensorflow as tf
    from blend_maps import learn_maps

    trained = MADD.from_preset("madd_tiny", num_attentions=num_attentions, seed=0)
    fields = {"blend_mask_weight": 1.0, "augmented_classification_weight": 0.0}
    model = MADD.from_preset("madd_tiny", num_attentions=num_attentions, seed=0, **fields)
    for layer in trained.network.layers:
        model.network.get_layer(layer.name).set_weights(layer.get_weights())
    # Where it is red, it was blended.
    random = np.random.default_rng(0)
    masks = np.zeros((16, 8, 8, 1), "float32")
    masks[:8, 2:6, 3:7] = 1
    pixels = random.integers(0, 120, (16, 64, 64, 3)).astype("float32")
    pixels[..., 0] += 135 * np.repeat(np.repeat(masks[..., 0], 8, 1), 8, 2)
    labels = {"label": np.repeat([1, 0], 8), "blend_mask": masks}
    batches = tf.data.Dataset.from_tensors((pixels, labels)).repeat()
    before = model.heat_maps(pixels)
    learn_maps(model, batches, steps=60, learning_rate=0.1)
    np.testing.assert_array_equal(model.fake_probability(pixels), trained.fake_probability(pixels))
    after = model.heat_maps(pixels)
    side = after.shape[1]
    wanted = masks.reshape(16, side, 8 // side, side, 8 // side, 1).mean(axis=(2, 4))
    assert np.abs(after - wanted).mean() < 0.5 * np.abs(before - wanted).mean()
    assert after[8:].max() < after[:8].max()
    assert all(layer.trainable for layer in model.network.layers)


def test_frozen_layers_stay_frozen():
    import tensorflow as tf
    from blend_maps import learn_maps

    fields = {"blend_mask_weight": 1.0, "augmented_classification_weight": 0.0}
    model = MADD.from_preset("madd_tiny", seed=0, **fields)
    freeze(model.network, ["backbone/b0_conv", "backbone/b0_bn"])
    labels = {"label": np.repeat([1, 0], 2), "blend_mask": np.zeros((4, 8, 8, 1), "float32")}
    batches = tf.data.Dataset.from_tensors((np.zeros((4, 64, 64, 3), "float32"), labels)).repeat()
    trained = [variable.path for variable in model.network.trainable_variables]
    learn_maps(model, batches, steps=1)
    assert [variable.path for variable in model.network.trainable_variables] == trained


def test_a_file_is_replaced_by_a_whole_one_or_not_at_all(tmp_path, monkeypatch):
    import blend_maps

    monkeypatch.setattr(blend_maps, "learn_maps", lambda *_: None)
    monkeypatch.setattr(blend_maps, "load_dataset", lambda *_, **__: None)
    output = tmp_path / "model.keras"
    output.write_text("earlier")

    def full(self, path):
        Path(path).write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    command = ["madd_tiny", "--data", "none", "--output", str(output), "--overwrite"]
    with monkeypatch.context() as patch:
        patch.setattr(MADD, "save", full)
        assert blend_maps.main(command) == 2
    assert output.read_text() == "earlier"
    assert blend_maps.main(command) == 0
    assert MADD.from_preset(output).heat_map_output == "blend_maps"
