"""A Flink cluster on this machine: a JobManager and a TaskManager, each a process of its own."""

import subprocess
import time
import urllib.request
from pathlib import Path

from flink_job_server import ADDED_OPENS, EXPORTED
from processes import free_port, kill_all, start_process

JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
# What Flink's own start script works out from the machine's memory.
MEMORY = {
    "framework.heap.size": 128,
    "framework.off-heap.size": 128,
    "jvm-metaspace.size": 256,
    "jvm-overhead.max": 192,
    "jvm-overhead.min": 192,
    "managed.size": 128,
    "network.max": 64,
    "network.min": 64,
    "task.heap.size": 512,
    "task.off-heap.size": 0,
}


class FlinkCluster:
    """The two processes.

    Args:
        jar: That of `flink_job_server.py`.
        folder: For the configuration and the log.
    """

    def __init__(self, jar: Path, folder: Path):
        self._jar, self._folder = jar.resolve(), folder
        self.log = folder / "flink.log"
        self._folder.mkdir()
        self._port, manager = free_port(), free_port()
        settings = {
            "jobmanager.rpc.address": "localhost",
            "jobmanager.rpc.port": manager,
            "rest.address": "localhost",
            "rest.port": self._port,
            "taskmanager.cpu.cores": 2,
            "taskmanager.numberOfTaskSlots": 2,
        }
        settings |= {f"taskmanager.memory.{name}": f"{size}m" for name, size in MEMORY.items()}
        lines = [f"{name}: {value}\n" for name, value in settings.items()]
        (folder / "flink-conf.yaml").write_text("".join(lines))
        self.job_manager: subprocess.Popen | None = None
        self.task_manager: subprocess.Popen | None = None
        self.start()

    @property
    def address(self) -> str:
        """Of the JobManager."""
        return f"localhost:{self._port}"

    def start(self) -> None:
        """Start what does not run, and wait until the TaskManager has registered."""
        if self.job_manager is None or self.job_manager.poll() is not None:
            self.job_manager = self._java(JOB_MANAGER, 512, self._port)
        if self.task_manager is None or self.task_manager.poll() is not None:
            self.task_manager = self._java(TASK_MANAGER, 900)
        for _ in range(600):
            with urllib.request.urlopen(f"http://{self.address}/overview") as answer:
                if b'"slots-available":2' in answer.read():
                    return
            time.sleep(0.1)
        raise SystemExit(f"No TaskManager: {self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End both."""
        for process in filter(None, (self.task_manager, self.job_manager)):
            kill_all(process)

    def _java(self, main: str, megabytes: int, port: int | None = None) -> subprocess.Popen:
        opened = [f"--add-opens={package}=ALL-UNNAMED" for package in ADDED_OPENS]
        opened.append(f"--add-exports={EXPORTED}=ALL-UNNAMED")
        words = ["java", f"-Xmx{megabytes}m", *opened, "-cp", self._jar, main]
        return start_process([*words, "--configDir", self._folder], self.log, port)
