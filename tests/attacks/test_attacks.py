"""A few hundred attacks of `run.py`, which makes as many as are asked for."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from attacks.supervisor import supervised

RUN = Path(__file__).with_name("run.py")
ATTACKS = 240


def test_no_attack_succeeds():
    command = [sys.executable, str(RUN), "--count", str(ATTACKS), "--seed", "0"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-5000:]
    assert f"{ATTACKS} attacks, 0 fell" in result.stdout


class TestSupervisor:
    """What catches the attacks' effects catches them."""

    @pytest.mark.parametrize(
        ("work", "problem"),
        [
            (lambda: 0, None),
            (lambda: os.kill(os.getpid(), 9), "signal"),
            (lambda: json.loads("{"), "traceback"),
            (lambda: 5, "status"),
            (lambda: 2, "noise"),
            (lambda: print("error: \x1b[31m", file=sys.stderr) or 2, "control"),
            (lambda: print("error: no", file=sys.stderr) or 2, None),
        ],
    )
    def test_problem(self, tmp_path, work, problem):
        folder = tmp_path / "attack"
        folder.mkdir()
        outcome = supervised(work, folder)
        assert outcome.problem == problem

    def test_memory_and_time(self, tmp_path, monkeypatch):
        from attacks import supervisor

        folder = tmp_path / "attack"
        folder.mkdir()
        # What this process holds, which a test run makes large, is none of the child's.
        monkeypatch.setattr(supervisor, "MEMORY", 64 << 20)
        held = b"1" * (128 << 20)
        assert supervised(lambda: 0, folder).problem is None
        assert supervised(lambda: 0 * len(b"2" * len(held)), folder).problem == "memory"
        monkeypatch.setattr(supervisor, "SECONDS", 1)
        assert supervised(lambda: __import__("time").sleep(30), folder).problem == "hang"
