"""What a long command says where there is no terminal."""

import re
import threading

import pytest

from keras_madd.support import progress
from keras_madd.support.progress import Stages, in_words


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is set."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def stage():
    with Stages().stage("videos") as stage:
        yield stage


def test_a_stage_ends_with_its_time(capsys):
    stages = Stages()
    with stages.stage("conversion") as stage:
        stage.advance(3, 3, "3 pictures")
    assert re.fullmatch(r"conversion: \d+\.\d s 3 pictures\n", capsys.readouterr().err)
    assert stages.seconds["conversion"] >= 0


def test_a_pipe_is_no_terminal_whatever_the_environment_says(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with Stages().stage("conversion"):
        pass
    assert re.fullmatch(r"conversion: \d+\.\d s\n", capsys.readouterr().err)


def test_what_is_done_is_said_at_once(capsys):
    with Stages().stage("training") as stage:
        stage.say("tracing the step")
        assert capsys.readouterr().err == "training: tracing the step\n"


def test_time_left_is_that_of_what_was_counted_here(clock, stage):
    # An earlier run did 40 of 100, and the first of this one took long to come.
    clock[0] = 160.0
    stage.advance(40, 100, "2 faces/s")
    assert stage.line() == "40 of 100, 2 faces/s"
    clock[0] = 200.0
    stage.advance(60, 100, "2 faces/s")
    assert stage.line() == "60 of 100, 2 faces/s, about 80 s left"
    stage.advance(100, 100)
    assert stage.line() == "100 of 100"


def test_another_count_begins_anew(clock, stage):
    stage.advance(1, 1000)
    clock[0] = 110.0
    stage.advance(1000, 1000, "photographs")
    stage.say("tracing")
    clock[0] = 130.0
    assert stage.line() == "tracing, 30 s so far"
    stage.advance(1, 5000, "loss 0.7")
    clock[0] = 132.0
    stage.advance(2, 5000, "loss 0.6")
    assert stage.line() == "2 of 5,000, loss 0.6, about 2.8 h left"


def test_a_total_that_is_not_known(clock, stage):
    stage.advance(1, None)
    clock[0] = 101.0
    stage.advance(7, None, "7 frames")
    assert stage.line() == "7, 7 frames"


def test_a_long_stage_tells_now_and_then_though_nothing_is_counted(monkeypatch):
    monkeypatch.setattr(progress, "FIRST_LINE", 0.0)
    monkeypatch.setattr(progress, "NEXT_LINES", 0.0)
    said_again = threading.Event()

    def listen(text, **options):
        if re.fullmatch(r"export: to LiteRT, \d+ s so far", text):
            said_again.set()

    monkeypatch.setattr("builtins.print", listen)
    with Stages().stage("export") as stage:
        stage.say("to LiteRT")
        assert said_again.wait(timeout=60)


def test_after_an_error_nothing_is_said_any_more(monkeypatch):
    monkeypatch.setattr(progress, "FIRST_LINE", 0.0)
    before = threading.active_count()
    with pytest.raises(KeyError), Stages().stage("export"):
        raise KeyError("broken")
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (99, "99 s"), (100, "2 min"), (3600, "60 min"), (7200, "2.0 h")],
)
def test_times_in_words(seconds, words):
    assert in_words(seconds) == words
