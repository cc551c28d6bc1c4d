"""Who is named where the first worker waits."""

import re

import pytest

from keras_madd.training import attendance
from keras_madd.training.attendance import Attendance


class Store:
    """Keys and values as the coordinator has them."""

    def __init__(self):
        self.values = {}

    def key_value_set(self, key, value, allow_overwrite):
        assert allow_overwrite
        self.values[key] = value

    def key_value_dir_get(self, folder):
        return [(key, value) for key, value in self.values.items() if key.startswith(f"{folder}/")]


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(attendance.time, "time", lambda: now[0])
    return now


@pytest.fixture
def workers(clock, monkeypatch):
    """Three workers of one run, and what the first one says."""
    store, said, found = Store(), [], []
    for index in range(3):
        # Each is in a process of its own.
        monkeypatch.setattr(attendance, "_runs", iter([7]))
        found.append(Attendance(index, 3, said.append, store))
    return found, said


def look(workers):
    for worker in reversed(workers):
        worker.look()


def test_the_slow_one_is_named_once(clock, workers):
    workers, said = workers
    for worker in workers:
        worker.arrive()
    workers[0].arrive()
    workers[2].arrive()
    look(workers)
    clock[0] += attendance.PATIENCE - 1
    look(workers)
    assert said == []
    clock[0] += 1
    look(workers)
    look(workers)
    assert len(said) == 1
    assert re.fullmatch(r"waiting for worker 1 of 3 since \d\d:\d\d:\d\d", said[0])
    # It comes, and the next time another one is late too.
    workers[1].arrive()
    workers[0].arrive()
    clock[0] += attendance.PATIENCE
    look(workers)
    assert len(said) == 2
    assert said[1].startswith("waiting for workers 1, 2 of 3 since ")


def test_nobody_is_named_where_all_are_there(clock, workers):
    workers, said = workers
    for worker in workers:
        worker.arrive()
    clock[0] += 10 * attendance.PATIENCE
    look(workers)
    # The first one itself is late.
    workers[1].arrive()
    workers[2].arrive()
    look(workers)
    assert said == []


def test_one_that_has_met_nobody_yet_is_named(clock, workers):
    workers, said = workers
    workers[0].arrive()
    clock[0] += attendance.PATIENCE
    workers[0].look()
    assert said[0].startswith("waiting for workers 1, 2 of 3 since ")


def test_two_runs_of_a_process_are_not_mixed_up(clock):
    store, said = Store(), []
    first, second = (Attendance(0, 2, said.append, store) for _ in range(2))
    first.arrive()
    first.look()
    second.look()
    assert sorted(store.values.values()) == ["0", "1"]


def test_a_lost_coordinator_ends_the_looking_quietly(monkeypatch):
    monkeypatch.setattr(attendance, "EVERY", 0.0)
    monkeypatch.setattr(attendance.threading, "excepthook", pytest.fail)
    with Attendance(1, 2, pytest.fail, None).kept():
        pass
