"""The parent's hold on a worker process, which it replaces when it dies."""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from keras_madd.datasets.prepare.folder import cannot_write
from keras_madd.datasets.prepare.group import Group
from keras_madd.datasets.prepare.origin import Origin
from keras_madd.datasets.prepare.settings import PrepareSettings
from keras_madd.support.errors import UserError
from keras_madd.support.signals import signals_blocked

TRIES = 2


class GroupWorker:
    """One worker process, doing one group after the other.

    When the process dies over a video (a decoder that crashes, the kernel out of memory), another
    one is started for the same group; when that dies over the same video too, the video counts as
    failed.

    Args:
        settings: What to do with videos.
        folder: Where pieces of shards go.
        origin: Where the videos' files are, if not here.
    """

    def __init__(self, settings: PrepareSettings, folder: Path, origin: Origin | None = None):
        self._settings, self._folder, self._origin = settings, folder, origin
        self._process: subprocess.Popen | None = None
        self._connection: Connection | None = None
        self._group: Group | None = None
        self._video: str | None = None
        self._deaths: Counter[str | None] = Counter()
        self._crashed: dict[str, str] = {}

    @property
    def connection(self) -> Connection:
        """Readable when `receive` will not wait."""
        assert self._connection is not None
        return self._connection

    @property
    def group(self) -> Group | None:
        """The group in work."""
        return self._group

    def start(self, group: Group) -> None:
        """Begin with a group; the last one must be done."""
        self._group, self._deaths, self._crashed = group, Counter(), {}
        if self._process is None:
            self._launch()
        self._send_group()

    def receive(self) -> dict:
        """Wait for what the worker has to say: a report of `prepare_group`, or `{"done": True}`.

        Raises:
            UserError: The piece cannot be written, a bucket not be read, or no worker can be
                kept alive.
        """
        try:
            message = json.loads(self.connection.recv_bytes())
        except (EOFError, ConnectionResetError):
            return self._replace()
        if "stopped" in message:
            if message["reading"]:
                raise UserError(
                    f"{message['stopped']} What is done is kept; the same command goes on from "
                    "there."
                )
            raise cannot_write(message["stopped"])
        if "start" in message:
            self._video = message["start"]
        elif "number" in message:
            self._video = None
        elif "done" in message:
            self._group = None
        return message

    def close(self) -> None:
        """End the process, whatever it is doing. Closing twice is harmless."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self.connection.close()
        self._stderr.close()
        self._process = None

    def _launch(self) -> None:
        self._connection, theirs = multiprocessing.Pipe()
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        descriptor = theirs.fileno()
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "GLOG_minloglevel": "3",
        }
        with signals_blocked():
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "keras_madd.datasets.prepare.worker", str(descriptor)],
                pass_fds=[descriptor],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._stderr,
            )
        theirs.close()
        origin = self._origin.to_json() if self._origin else None
        settings = self._settings.to_json()
        self._send({"settings": settings, "folder": str(self._folder), "origin": origin})

    def _send_group(self) -> None:
        assert self._group is not None
        self._video = None
        self._send({"group": self._group.to_json(), "crashed": self._crashed})

    def _send(self, message: dict) -> None:
        # If it is dead, `receive` finds that out.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send_bytes(json.dumps(message).encode())

    def _replace(self) -> dict:
        assert self._process is not None
        status = self._process.wait()
        how = f"signal {signal.Signals(-status).name}" if status < 0 else f"status {status}"
        self._deaths[self._video] += 1
        if self._deaths[self._video] >= TRIES:
            if self._video is None:
                self._stderr.seek(0)
                last = self._stderr.read().decode(errors="replace").strip().splitlines()[-1:]
                raise UserError(
                    f"A worker process ended with {how} outside of any video. Its last words: "
                    f"{''.join(last) or 'none'}"
                )
            self._crashed[self._video] = how
        self.close()
        self._launch()
        self._send_group()
        return {"replaced": how}
