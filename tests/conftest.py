"""What every test gets: a backend, quiet logs, and the same random numbers."""

import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest


@pytest.fixture(autouse=True)
def _same_random_numbers():
    # Tests of the parts without Keras must not wait for its import.
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture
def shipped_preset(tmp_path, monkeypatch):
    """The folder of the detector that comes with the package: here one with random weights."""
    from exported_model import exported, tiny_model

    from keras_madd.support import shipped

    folder = tmp_path / "weights" / shipped.DEFAULT
    tiny_model().save_to_preset(folder, half_precision=True)
    exported(folder)
    (folder / shipped.CARD).write_text("# Made for a test\n")
    monkeypatch.setattr(shipped, "WEIGHTS", folder.parent)
    return folder
