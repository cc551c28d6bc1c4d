"""Proof that `keras-madd prepare` is the same through an engine: bytes, kills, the failure limit.

    python benchmarks/beam_engine.py --job-server beam-runners-flink-1.20-job-server.jar
    python benchmarks/beam_engine.py --job-server prism --videos 60

A jar is Beam's Flink job server, which runs an embedded Flink cluster. A program is Prism, Beam's
own portable runner: `go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0`. Both are
separate processes that get the pipeline, its files and its metrics through Beam's job protocol.
Made videos are prepared locally, then through the engine, where a worker of ours is killed in the
middle; then through an engine that is itself killed in the middle and started again; then with
videos that are no videos, to see the pipeline stopped early.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

SETTINGS = ["--frames-per-video", "4", "--size", "96", "--videos-per-shard", "6"]
TELLING = re.compile(r"(?i)flink|prism|executing pipeline|starting job|state|worker|serving")


def main() -> None:
    """Run everything and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--job-server", type=Path, required=True, help="a jar, or Prism")
    parser.add_argument("--videos", type=int, default=48, help="about so many")
    parser.add_argument("--environment", default="LOOPBACK", help="of Beam: LOOPBACK, PROCESS ...")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), args)
    print(json.dumps(result, indent=2))
    if args.output:
        args.output.write_text(json.dumps(result, indent=2) + "\n")


def measure(folder: Path, args: argparse.Namespace) -> dict:
    """All runs, one after the other."""
    from keras_madd.demo.sample_videos import write_sample_videos

    load = os.getloadavg()[0]
    root, broken = folder / "videos", folder / "broken"
    # A person gives two videos, those of the test split three.
    videos = write_sample_videos(root, people=max(12, round(args.videos / 2.1)), frames=10)
    local, local_seconds = run(root, folder / "local")
    assert local.returncode == 0, local.stderr
    engine = Engine(args.job_server, folder / "engine.log")
    try:
        plain, seconds = run(root, folder / "plain", engine.options(args.environment))
        assert plain.returncode == 0, plain.stderr
        killed = kill_a_worker(root, folder / "killed", engine.options(args.environment))
        stopped = kill_the_engine(root, folder / "restarted", engine, args.environment)
        shutil.copytree(root, broken)
        for path in broken.rglob("*.mp4"):
            path.write_bytes(b"no video")
        limited, limited_seconds = run(
            broken, folder / "limited", [*engine.options(args.environment), "--max-failures", "3"]
        )
        with_all = len(list((folder / "limited" / ".prepare" / "pieces").glob("*.json")))
    finally:
        engine.stop()
    wanted = digests(folder / "local")
    lines = [line[:300] for line in engine.lines() if TELLING.search(line)]
    return {
        "engine": args.job_server.name,
        "environment": args.environment,
        "load_before": round(load, 1),
        "videos": len(videos),
        "shards": sum(name.endswith(".tfrecord") for name in wanted),
        "seconds": {"local": round(local_seconds, 1), "engine": round(seconds, 1)},
        "bytes_equal": {
            name: digests(folder / name) == wanted for name in ("plain", "killed", "restarted")
        },
        "worker_killed": killed,
        "engine_killed": stopped,
        "max_failures": {
            "status": limited.returncode,
            "seconds": round(limited_seconds, 1),
            "groups_done_when_stopped": with_all,
            "says": limited.stderr.strip().splitlines()[-6:-5],
        },
        "progress": sorted(set(re.findall(r"videos\D{0,20}(\d+/\d+)", plain.stderr)))[:8],
        "engine_log": lines[:25],
    }


class Engine:
    """A job server in a process of its own.

    Args:
        program: A jar or a program.
        log: Where its output goes.
    """

    def __init__(self, program: Path, log: Path):
        self.port, self._log, self._program = free_port(), log, program
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        if self._program.suffix == ".jar":
            ports = ["--artifact-port", "0", "--expansion-port", "0"]
            words = ["java", "-jar", self._program, "--job-port", self.port, *ports]
        else:
            words = [self._program.resolve(), "--job_port", self.port, "--serve_http=false"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                list(map(str, words)), stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        for _ in range(600):
            with socket.socket() as test:
                if test.connect_ex(("localhost", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise SystemExit(f"The job server does not answer: {self._log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()

    def options(self, environment: str) -> list[str]:
        """What `prepare` is told."""
        beam = f"--job_endpoint=localhost:{self.port} --environment_type={environment}"
        return ["--runner", "PortableRunner", "--beam-args", beam]

    def lines(self) -> list[str]:
        """Its log."""
        return self._log.read_text(errors="replace").splitlines()


def command(root: Path, output: Path, more: list) -> list[str]:
    """The words of a `prepare` command."""
    words = [sys.executable, "-m", "keras_madd.cli.main", "prepare", "--dataset", "folder"]
    return [*words, "--root", str(root), "--output", str(output), *SETTINGS, *more]


def run(root: Path, output: Path, more: list | None = None):
    """Run it to its end; returns what came of it, and seconds."""
    started = time.perf_counter()
    words = command(root, output, more or [])
    done = subprocess.run(words, capture_output=True, text=True, timeout=400)
    return done, time.perf_counter() - started


def kill_a_worker(root: Path, output: Path, more: list) -> dict:
    """Kill a worker process of ours in the middle."""
    process = subprocess.Popen(command(root, output, more), stderr=subprocess.DEVNULL)
    wait_for_pieces(output, 3, process)
    workers = [
        each
        for each in psutil.process_iter(["cmdline"])
        if "keras_madd.datasets.prepare.worker" in (each.info["cmdline"] or [])
        and process.pid in [above.pid for above in each.parents()]
    ]
    assert workers
    workers[0].kill()
    return {"status": process.wait(400), "workers": len(workers)}


def kill_the_engine(root: Path, output: Path, engine: Engine, environment: str) -> dict:
    """Kill the engine in the middle, start it again and give the same command."""
    process = subprocess.Popen(
        command(root, output, engine.options(environment)),
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_pieces(output, 3, process)
    engine.process.send_signal(signal.SIGKILL)
    engine.process.wait()
    started = time.perf_counter()
    _, said = process.communicate(timeout=400)
    ended = time.perf_counter() - started
    kept = {path: path.stat().st_mtime_ns for path in pieces_and_shards(output)}
    engine.port = free_port()
    engine.start()
    again, _ = run(root, output, engine.options(environment))
    shards = {p: t for p, t in kept.items() if p.parent.name == "shards"}
    return {
        "status": process.returncode,
        "seconds_until_it_ends": round(ended, 1),
        "says": said.strip().splitlines()[-1:],
        "pieces_kept": len(kept) - len(shards),
        "shards_kept": len(shards),
        "shards_made_twice": sum(path.stat().st_mtime_ns != t for path, t in shards.items()),
        "status_of_the_second_run": again.returncode,
    }


def pieces_and_shards(output: Path) -> list[Path]:
    """What is done."""
    return [*output.glob(".prepare/pieces/*.json"), *output.glob(".prepare/shards/*.json")]


def wait_for_pieces(output: Path, count: int, process: subprocess.Popen) -> None:
    """Wait until so many groups are done."""
    while len(pieces_and_shards(output)) < count:
        assert process.poll() is None, "it ended before it could be disturbed"
        time.sleep(0.02)


def digests(folder: Path) -> dict[str, str]:
    """Name -> digest of all files of a finished folder."""
    files = (path for path in folder.glob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as test:
        test.bind(("localhost", 0))
        return test.getsockname()[1]


if __name__ == "__main__":
    main()
