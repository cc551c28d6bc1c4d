import os

import pytest

from keras_madd.support.native_stderr import (
    native_stderr_captured,
    native_stderr_silenced,
    native_stderr_without,
)


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


def test_passes_on_all_but_the_noise(capfd):
    with native_stderr_without(["not aligned", "chatter"]) as dropped:
        os.write(2, b"W1 memory is not aligned here\na warning\nchatter\nthe end")
        assert dropped == []
    assert dropped == ["W1 memory is not aligned here", "chatter"]
    assert capfd.readouterr().err == "a warning\nthe end\n"


def test_what_was_said_before_an_error_is_heard(capfd):
    def fail():
        os.write(2, b"chatter\nwhy it failed\n")
        raise KeyError("lost")

    with pytest.raises(KeyError), native_stderr_without(["chatter"]):
        fail()
    assert capfd.readouterr().err == "why it failed\n"
