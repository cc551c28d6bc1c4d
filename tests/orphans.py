"""Processes whose parent has ended."""

import time

import psutil


def end(processes, seconds=300):
    """Whether all of them end within that time.

    Whoever adopts them may collect them late, or never: what waits for that has ended.
    """
    until = time.monotonic() + seconds
    while running := [process for process in processes if _runs(process)]:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
        processes = running
    return True


def _runs(process):
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
