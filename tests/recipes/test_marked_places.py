import numpy as np
import pytest
from backends import tensorflow_only

from keras_madd import MADD

pytestmark = tensorflow_only


def test_marking():
    from marked_places import marking

    changed = np.zeros((56, 56))
    changed[10:30, 20:40] = 1
    assert marking(changed, changed) == 1
    assert marking(-changed, changed) == 0
    assert marking(np.ones((7, 7)), changed) == 0.5
    noise = np.random.default_rng(0).normal(size=(56, 56))
    assert marking(noise, changed) == pytest.approx(0.5, abs=0.1)
    assert np.isnan(marking(noise, np.zeros((56, 56))))


def test_rising():
    from marked_places import rising

    changed = np.zeros((56, 56))
    changed[10:30, 20:40] = 1
    noise = np.random.default_rng(0).normal(size=(56, 56))
    assert rising(noise + changed, noise, changed) == 1
    assert rising(noise - changed, noise, changed) == 0
    assert rising(noise + 1 - changed, noise, changed) == 0.5
    assert np.isnan(rising(noise, noise, np.zeros((56, 56))))


def test_models_that_see_other_parts_of_a_face_are_refused(tmp_path, capsys):
    import marked_places

    for name, margin in (("a.keras", 1.3), ("b.keras", 1.6)):
        MADD.from_preset("madd_tiny", crop_margin=margin).save(tmp_path / name)
    models = [str(tmp_path / name) for name in ("a.keras", "b.keras")]
    assert marked_places.main([*models, "--faces", "none", "--people", "none.csv"]) == 2
    assert "faces of other sizes or margins: [(64, 1.3), (64, 1.6)]" in capsys.readouterr().err


def test_mistakes_are_told_in_one_line(capsys):
    import marked_places

    for model, told in (("nothing", "nothing"), ("madd_tiny", "does not exist: none")):
        assert marked_places.main([model, "--faces", "none", "--people", "none.csv"]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert told in error
        assert error.count("\n") == 1
