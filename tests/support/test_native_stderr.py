import os

import pytest

from keras_madd.support.native_stderr import native_stderr_captured, native_stderr_silenced


def test_silences_the_descriptor_and_restores_it(capfd):
    os.write(2, b"before\n")
    with native_stderr_silenced():
        os.write(2, b"hidden\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_restores_after_an_error(capfd):
    with pytest.raises(KeyError), native_stderr_silenced():
        raise KeyError("lost")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_leaks_no_descriptors():
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    for _ in range(20):
        with native_stderr_silenced():
            pass
    if before is None:
        pytest.skip("needs /proc")
    assert len(os.listdir("/proc/self/fd")) == before


def test_nests_in_one_thread(capfd):
    with native_stderr_silenced():
        with native_stderr_silenced():
            os.write(2, b"hidden\n")
        os.write(2, b"hidden too\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_captures_and_restores(capfd):
    with native_stderr_captured() as lines:
        os.write(2, b"one\ntwo\n")
        assert lines == []
    assert lines == ["one", "two"]
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
