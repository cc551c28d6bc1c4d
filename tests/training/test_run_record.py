import json
import os

import pytest

from keras_madd.support.errors import UserError
from keras_madd.training import TrainSettings
from keras_madd.training.run_record import check_same_run, make_record, read_record, record_before


def test_what_a_killed_run_was_writing_is_removed(tmp_path):
    """Even before its first file was there."""
    left = tmp_path / ".keras-madd-0123abcd.partial" / "content"
    left.mkdir(parents=True)
    (left / "last.keras").write_text("half")
    assert record_before(tmp_path, resume=False) is None
    assert os.listdir(tmp_path) == []


# What 0.1.0 did not know.
LATER = ("people", "freeze_early", "rematerialize", "blending", "devices")


def earlier(folder, **fields):
    """The record of a run that 0.1.0 began, as it is read, and today's of the same run."""
    settings = TrainSettings(output=folder, data=("shards",), **fields)
    record = make_record(settings, {}, [{"sha256": "0"}], 4)
    settings = {name: each for name, each in record["settings"].items() if name not in LATER}
    (folder / "run.json").write_text(json.dumps({**record, "settings": settings}))
    return read_record(folder), record


def test_a_run_that_an_earlier_version_began_goes_on(tmp_path):
    check_same_run(*earlier(tmp_path))


def test_self_blended_fakes_of_an_earlier_version_were_others(tmp_path):
    with pytest.raises(UserError, match="these differ: blending: None, now 'varied'"):
        check_same_run(*earlier(tmp_path, self_blend=0.5))
