"""Processes that a benchmark starts, kills and waits for."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil


def start_process(words: list, log: Path, port: int | None = None) -> subprocess.Popen:
    """Start a program whose output goes to a log, and wait until its port answers, if it has one.

    Raises:
        SystemExit: If it does not within a minute.
    """
    # The programs start "python".
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with log.open("ab") as file:
        process = subprocess.Popen(
            list(map(str, words)),
            stdout=file,
            stderr=file,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"PATH": path},
        )
    if port is None:
        return process
    for _ in range(600):
        with socket.socket() as test:
            if test.connect_ex(("localhost", port)) == 0:
                return process
        time.sleep(0.1)
    raise SystemExit(f"{words[0]} does not answer: {log.read_text()[-2000:]}")


def kill_all(process: subprocess.Popen) -> None:
    """Kill a process and what it has started, as the loss of its machine would."""
    if process.poll() is None:
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
        process.kill()
    process.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as test:
        test.bind(("localhost", 0))
        return test.getsockname()[1]
