import os

from keras_madd.training.run_record import record_before


def test_what_a_killed_run_was_writing_is_removed(tmp_path):
    """Even before its first file was there."""
    left = tmp_path / ".keras-madd-0123abcd.partial" / "content"
    left.mkdir(parents=True)
    (left / "last.keras").write_text("half")
    assert record_before(tmp_path, resume=False) is None
    assert os.listdir(tmp_path) == []
