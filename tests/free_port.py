"""Ports for servers that are started later."""

import os
import socket

# Below those that the kernel gives to connections, and so many for each worker of a test run.
_FIRST, _EACH = 20_000, 500


def free_port():
    """A port of 127.0.0.1 that is free and that nobody else is given meanwhile."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for port in range(_FIRST + worker * _EACH, _FIRST + (worker + 1) * _EACH):
        with socket.socket() as tried:
            try:
                tried.bind(("", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")
