import numpy as np
import pytest
from backends import tensorflow_only

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
