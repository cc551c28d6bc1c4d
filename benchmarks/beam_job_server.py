"""An engine of Beam on this machine: its job server, and the workers in a pool of their own."""

import json
import shlex
import sys
from pathlib import Path

from flink_cluster import FlinkCluster
from processes import free_port, kill_all, start_process


class Engine:
    """A job server in a process of its own, and a pool of workers in another.

    Args:
        program: A jar or a program.
        log: Where their output goes.
        environment: Of Beam.
        boot: With PROCESS, the program that the job server starts for a worker.
        cluster: Where a Flink job server runs what it gets; None: in itself.
    """

    def __init__(
        self,
        program: Path,
        log: Path,
        environment: str,
        boot: Path | None = None,
        cluster: FlinkCluster | None = None,
    ):
        self._program, self._log, self._environment = program, log, environment
        self._boot, self.cluster = boot, cluster
        self.server = self.pool = None
        self.start()

    def start(self) -> None:
        """Start what does not run, and wait until it answers."""
        if self.cluster:
            self.cluster.start()
        if self.server is None or self.server.poll() is not None:
            self.port = free_port()
            if self._program.suffix == ".jar":
                ports = ["--artifact-port", 0, "--expansion-port", 0]
                words = ["java", "-jar", self._program, "--job-port", self.port, *ports]
                words += ["--flink-master", self.cluster.address] if self.cluster else []
            else:
                words = [self._program.resolve(), "--job_port", self.port, "--serve_http=false"]
            self.server = start_process(words, self._log, self.port)
        if self._environment == "EXTERNAL" and (self.pool is None or self.pool.poll() is not None):
            self.pool_port = free_port()
            module = "apache_beam.runners.worker.worker_pool_main"
            words = [sys.executable, "-m", module, f"--service_port={self.pool_port}"]
            self.pool = start_process(words, self._log, self.pool_port)

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
        """End all of them."""
        for process in filter(None, (self.server, self.pool)):
            kill_all(process)
        if self.cluster:
            self.cluster.stop()

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
        """Their logs."""
        logs = [self.cluster.log] if self.cluster else []
        return [
            line
            for log in [*logs, self._log]
            for line in log.read_text(errors="replace").splitlines()
        ]
