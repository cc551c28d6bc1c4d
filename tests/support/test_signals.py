import os
import signal
import subprocess
import sys
import threading

import pytest

from keras_madd.support import signals
from keras_madd.support.signals import Stopped, signals_blocked, stopped_by_signals


@pytest.fixture(autouse=True)
def _as_a_shell_leaves_them(monkeypatch):
    """Whoever runs the tests may ignore signals."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in signals._STOPPING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def stop_twice(number, cleaned):
    with stopped_by_signals():
        try:
            os.kill(os.getpid(), number)
        finally:
            os.kill(os.getpid(), signal.SIGHUP)  # Terminals send several.
            cleaned.append(True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_as_ctrl_c_does(number):
    cleaned = []
    with pytest.raises(KeyboardInterrupt) as stop:
        stop_twice(number, cleaned)
    assert isinstance(stop.value, Stopped)
    assert stop.value.number == number
    assert cleaned
    assert signal.getsignal(number) is signal.SIG_DFL


def test_what_is_ignored_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # As nohup does.
    with stopped_by_signals():
        os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_other_threads_have_no_signals():
    found = []

    def work():
        with stopped_by_signals():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [signal.SIG_DFL]


def test_a_process_that_was_started_meanwhile_gets_none_of_them():
    script = "import sys; print('ready', flush=True); sys.stdin.read(); print('alive')"
    with signals_blocked():
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    assert process.stdout.readline() == "ready\n"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process.send_signal(number)
    assert process.communicate("")[0] == "alive\n"
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & {signal.SIGTERM, signal.SIGHUP}
