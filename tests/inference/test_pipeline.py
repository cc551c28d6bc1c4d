import threading
import time

import pytest
from own_threads import own_threads

from keras_madd.inference.pipeline import InThread


def wait_until(condition, seconds=300.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.002)


def test_items_come_in_order_from_another_thread():
    threads = set()

    def numbers():
        for number in range(50):
            threads.add(threading.current_thread())
            yield number

    with InThread(numbers(), ahead=3) as items:
        assert list(items) == list(range(50))
    (thread,) = threads
    assert thread is not threading.current_thread()
    assert not thread.is_alive()


@pytest.mark.parametrize("ahead", [1, 4])
def test_it_runs_no_further_ahead_than_told(ahead):
    made = []
    with InThread((made.append(i) or i for i in range(100)), ahead=ahead) as items:
        for taken in range(5):
            # One more is in the thread's hand, waiting for room.
            wait_until(lambda taken=taken: len(made) == taken + ahead + 1)
            time.sleep(0.01)
            assert len(made) == taken + ahead + 1
            assert next(items) == taken


def test_an_exception_comes_after_the_items_before_it():
    def broken():
        yield 1
        yield 2
        raise OSError("gone")

    with InThread(broken()) as items:
        assert next(items) == 1
        assert next(items) == 2
        with pytest.raises(OSError, match="gone"):
            next(items)
        with pytest.raises(StopIteration):
            next(items)


def test_closing_ends_the_thread_and_the_generator():
    closed = threading.Event()

    def endless():
        try:
            while True:
                yield 0
        finally:
            closed.set()

    before = own_threads()
    items = InThread(endless())
    next(items)
    items.close()
    items.close()
    assert closed.is_set()
    assert own_threads() == before
    assert list(items) == []


def test_closing_the_first_step_ends_those_after_it():
    before = own_threads()
    gate = threading.Event()

    def slow():
        yield 0
        gate.wait(5)
        yield 1

    first = InThread(slow())
    second = InThread(2 * item for item in first)
    assert next(second) == 0
    gate.set()
    first.close()
    second.close()
    assert own_threads() == before


def test_the_newest_replaces_what_waits():
    release = threading.Event()

    def numbers():
        yield from range(10)
        release.set()

    with InThread(numbers(), newest_only=True) as items:
        release.wait(5)
        wait_until(lambda: items.dropped == 9)
        assert list(items) == [9]
        assert items.dropped == 9


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="`ahead`"):
        InThread([], ahead=0)
    with pytest.raises(ValueError, match="`ahead`"):
        InThread([], ahead=2, newest_only=True)
