"""An engine of Beam on this machine: its job server, and the workers in a pool of their own."""

import json
import os
import shlex
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil


class Engine:
    """A job server in a process of its own, and a pool of workers in another.

    Args:
        program: A jar or a program.
        log: Where their output goes.
        environment: Of Beam.
        boot: With PROCESS, the program that the job server starts for a worker.
    """

    def __init__(self, program: Path, log: Path, environment: str, boot: Path | None = None):
        self._program, self._log, self._environment = program, log, environment
        self._boot = boot
        self.server = self.pool = None
        self.start()

    def start(self) -> None:
        """Start what does not run, and wait until it answers."""
        if self.server is None or self.server.poll() is not None:
            self.port = free_port()
            if self._program.suffix == ".jar":
                ports = ["--artifact-port", 0, "--expansion-port", 0]
                words = ["java", "-jar", self._program, "--job-port", self.port, *ports]
            else:
                words = [self._program.resolve(), "--job_port", self.port, "--serve_http=false"]
            self.server = self._start(words, self.port)
        if self._environment == "EXTERNAL" and (self.pool is None or self.pool.poll() is not None):
            self.pool_port = free_port()
            module = "apache_beam.runners.worker.worker_pool_main"
            words = [sys.executable, "-m", module, f"--service_port={self.pool_port}"]
            self.pool = self._start(words, self.pool_port)

    def _start(self, words: list, port: int) -> subprocess.Popen:
        # The pool starts "python".
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                list(map(str, words)),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=os.environ | {"PATH": path},
            )
        for _ in range(600):
            with socket.socket() as test:
                if test.connect_ex(("localhost", port)) == 0:
                    return process
            time.sleep(0.1)
        raise SystemExit(f"{words[0]} does not answer: {self._log.read_text()[-2000:]}")

    def _starter(self) -> Path:
        """A program that starts a worker as the job server wants it: Prism 2.77 quotes its name."""
        script = self._log.with_name("boot.sh")
        # The quotes are part of the argument, as no shell has read it.
        words = """id=${1#--id=}; id=${id#\\'}; id=${id%\\'}; shift"""
        boot = shlex.quote(str(self._boot.resolve()))
        script.write_text(f'#!/bin/sh\n{words}\nexec {boot} "--id=$id" "$@"\n')
        script.chmod(0o755)
        return script

    def stop(self) -> None:
        """End both."""
        for process in filter(None, (self.server, self.pool)):
            kill_all(process)

    def beam_options(self) -> list[str]:
        """What Beam is told."""
        options = [f"--job_endpoint=localhost:{self.port}"]
        options.append(f"--environment_type={self._environment}")
        if self._environment == "EXTERNAL":
            options.append(f"--environment_config=localhost:{self.pool_port}")
        if self._environment == "PROCESS":
            assert self._boot, "PROCESS needs the program that starts a worker."
            # In an image that is for one pipeline, no other environment is made first.
            own = {"RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT": "1"}
            config = json.dumps({"command": str(self._starter()), "env": own})
            options.append(f"--environment_config={config}")
        return options

    def options(self) -> list[str]:
        """What `prepare` is told."""
        return ["--runner", "PortableRunner", "--beam-args", shlex.join(self.beam_options())]

    def lines(self) -> list[str]:
        """Their log."""
        return self._log.read_text(errors="replace").splitlines()


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
