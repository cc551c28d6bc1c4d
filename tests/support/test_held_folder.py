import errno
import fcntl
import os
import signal
import subprocess
import sys

import pytest

from keras_madd.support.errors import UserError
from keras_madd.support.held_folder import held_folder


def test_one_at_a_time(tmp_path):
    with (
        held_folder(tmp_path),
        pytest.raises(UserError, match="Another run is at work in"),
        held_folder(tmp_path),
    ):
        pass
    with held_folder(tmp_path):
        pass
    assert os.listdir(tmp_path) == []


def test_a_killed_process_holds_nothing(tmp_path):
    holding = (
        "import sys, time\n"
        "from keras_madd.support.held_folder import held_folder\n"
        "with held_folder(sys.argv[1]):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(600)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", holding, tmp_path], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="Another run"), held_folder(tmp_path):
            pass
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    with held_folder(tmp_path):
        pass


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    def flock(file, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    with held_folder(tmp_path), held_folder(tmp_path):
        pass
