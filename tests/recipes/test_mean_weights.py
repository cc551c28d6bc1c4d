"""The mean of detectors' weights."""

import keras
import numpy as np
import pytest

from keras_madd import MADD, FaceClassifier


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    found = [MADD.from_preset("madd_tiny", seed=seed) for seed in range(3)]
    for number, model in enumerate(found):
        model.save(folder / f"{number}.keras")
    return folder, found


def test_every_weight_is_the_mean(models, tmp_path):
    from mean_weights import main

    folder, found = models
    files = [str(folder / f"{number}.keras") for number in range(3)]
    assert main([*files, "--output", str(tmp_path / "mean.keras")]) == 0
    mean = FaceClassifier.from_preset(tmp_path / "mean.keras")
    weights = [
        {each.path: keras.ops.convert_to_numpy(each) for each in model.network.weights}
        for model in found
    ]
    apart = 0
    for each in mean.network.weights:
        values = [model[each.path] for model in weights]
        np.testing.assert_allclose(keras.ops.convert_to_numpy(each), sum(values) / 3, atol=1e-6)
        apart += not np.allclose(values[0], values[1])
    assert apart >= 10
    assert mean.config == found[0].config
    assert FaceClassifier.from_preset(files[0]).config == mean.config


def test_of_one_it_is_that_one(models, tmp_path):
    from mean_weights import main

    folder, found = models
    assert main([str(folder / "1.keras"), "--output", str(tmp_path / "mean.keras")]) == 0
    faces = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype("float32")
    mean = FaceClassifier.from_preset(tmp_path / "mean.keras")
    np.testing.assert_allclose(
        mean.fake_probability(faces), found[1].fake_probability(faces), atol=1e-6
    )


def test_mistakes_are_told_and_nothing_is_written(models, tmp_path, capsys):
    from mean_weights import main

    (tmp_path / "there.keras").touch()
    first = str(models[0] / "0.keras")
    MADD.from_preset("madd_tiny", num_attentions=2).save(tmp_path / "other.keras")
    MADD.from_preset("madd_tiny", crop_margin=1.5).save(tmp_path / "margin.keras")
    for arguments, output, message in (
        ([first, str(tmp_path / "other.keras")], "mean.keras", "different networks"),
        ([first, str(tmp_path / "margin.keras")], "mean.keras", "different networks"),
        # Random weights.
        ([first, "madd_tiny"], "mean.keras", "no model madd_tiny"),
        ([first, "nothing"], "mean.keras", "nothing"),
        ([first], "there.keras", "there.keras"),
        ([first], "mean.h5", "must end in .keras"),
        ([first], "none/mean.keras", "none"),
    ):
        assert main([*arguments, "--output", str(tmp_path / output)]) == 2
        assert message in capsys.readouterr().err
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "margin.keras",
        "other.keras",
        "there.keras",
    ]
