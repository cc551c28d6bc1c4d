"""Proof that `keras-madd prepare` is the same through an engine: bytes, kills, the failure limit.

    python benchmarks/beam_engine.py --job-server flink.jar    # see flink_job_server.py
    python benchmarks/beam_engine.py --job-server prism --videos 60

A jar is Beam's Flink job server, which runs an embedded Flink cluster. A program is Prism, Beam's
own portable runner: `go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0`. Both are
separate processes that get the pipeline, its files and its metrics through Beam's job protocol.
With `--environment EXTERNAL` the workers are a third process, Beam's worker pool, as on Kubernetes.
With PROCESS the job server starts them itself, each by `--boot PROGRAM`: `/opt/apache/beam/boot` of
Beam's images, or `go install github.com/apache/beam/sdks/v2/python/container@v2.77.0`. With
`--flink-cluster` Flink's JobManager and TaskManager are processes of their own too.
Made videos are prepared locally, then through the engine; then a process that decodes is killed in
the middle, then the machine of the workers (with EXTERNAL), then Flink's TaskManager, then the
engine, each started again with the same command; then every second video is none, to see the
pipeline stopped early.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from beam_job_server import Engine
from flink_cluster import FlinkCluster
from processes import kill_all
from record import write_record

SETTINGS = ["--frames-per-video", "4", "--size", "96", "--videos-per-shard", "6"]
TELLING = re.compile(
    r"(?i)flink program|mini cluster|switched from state|prism|executing pipeline|starting job|"
    r"worker|serving"
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def main() -> None:
    """Run everything and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--job-server", type=Path, required=True, help="a jar, or Prism")
    parser.add_argument("--videos", type=int, default=48, help="about so many")
    parser.add_argument(
        "--environment", default="LOOPBACK", choices=["LOOPBACK", "EXTERNAL", "PROCESS"]
    )
    parser.add_argument(
        "--flink-cluster",
        action="store_true",
        help="a JobManager and a TaskManager as processes of their own, instead of an embedded one",
    )
    parser.add_argument("--boot", type=Path, help="program that starts a worker, for PROCESS")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder), args)
    print(json.dumps(result, indent=2))
    write_record(args.output, result)


def measure(folder: Path, args: argparse.Namespace) -> dict:
    """All runs, one after the other."""
    from keras_madd.demo.sample_videos import write_sample_videos

    load = os.getloadavg()[0]
    root, broken = folder / "videos", folder / "broken"
    # A person gives two videos, those of the test split three.
    videos = write_sample_videos(root, people=max(12, round(args.videos / 2.1)), frames=10)
    local, local_seconds = run(root, folder / "local")
    assert local.returncode == 0, local.stderr
    cluster = FlinkCluster(args.job_server, folder / "flink") if args.flink_cluster else None
    engine = Engine(args.job_server, folder / "engine.log", args.environment, args.boot, cluster)
    names, stopped = ["plain", "killed", "engine"], {}
    try:
        shown, seconds = run_here(root, folder / "plain", engine)
        killed = kill_a_worker(root, folder / "killed", engine)
        if args.environment == "EXTERNAL":
            names.append("pool")
            stopped["pool"] = kill_and_start_again(root, folder / "pool", engine, engine.pool)
        if cluster:
            names.append("task manager")
            stopped["task manager"] = kill_and_start_again(
                root, folder / "task manager", engine, cluster.task_manager
            )
        stopped["engine"] = kill_and_start_again(root, folder / "engine", engine, engine.server)
        shutil.copytree(root, broken)
        for path in sorted(broken.rglob("*.mp4"))[::2]:
            path.write_bytes(b"no video")
        limited, limited_seconds = run(
            broken, folder / "limited", [*engine.options(), "--max-failures", "3"]
        )
        with_all = len(list((folder / "limited" / ".prepare" / "pieces").glob("*.json")))
    finally:
        engine.stop()
    wanted = digests(folder / "local")
    stacks = ("\tat ", "  File ")
    said = [
        line
        for line in engine.lines()
        if TELLING.search(line) and not any(stack in line for stack in stacks)
    ]
    lines = list(dict.fromkeys(COLOUR.sub("", line)[:300] for line in said))
    return {
        "engine": args.job_server.name,
        "environment": args.environment,
        "flink_cluster": args.flink_cluster,
        "load_before": round(load, 1),
        "videos": len(videos),
        "shards": sum(name.endswith(".tfrecord") for name in wanted),
        "seconds": {"local": round(local_seconds, 1), "engine": round(seconds, 1)},
        "bytes_equal": {name: digests(folder / name) == wanted for name in names},
        "worker_killed": killed,
        "killed_and_started_again": stopped,
        "max_failures": {
            "status": limited.returncode,
            "seconds": round(limited_seconds, 1),
            "groups_done_when_stopped": with_all,
            "says": limited.stderr.strip().splitlines()[-6:-5],
        },
        "videos_shown_as_done": shown,
        "engine_log": lines[:25],
    }


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


def run_here(root: Path, output: Path, engine: Engine):
    """Run it in this process; returns the numbers of videos that were shown, and seconds."""
    from keras_madd.datasets.prepare import PrepareSettings, prepare

    shown, started = [], time.perf_counter()
    prepare(
        root,
        output,
        PrepareSettings("folder", frames_per_video=4, size=96, videos_per_shard=6),
        runner="PortableRunner",
        beam_arguments=engine.beam_options(),
        progress=lambda done, total, note: shown.append(done),
    )
    return shown, time.perf_counter() - started


def kill_a_worker(root: Path, output: Path, engine: Engine) -> dict:
    """Kill a process that decodes in the middle."""
    process = subprocess.Popen(command(root, output, engine.options()), stderr=subprocess.DEVNULL)
    wait_for_pieces(output, 3, process)
    above = {each.pid for each in (process, engine.server, engine.pool) if each}
    workers = [
        each
        for each in psutil.process_iter(["cmdline"])
        if "keras_madd.datasets.prepare.worker" in (each.info["cmdline"] or [])
        and above & {parent.pid for parent in each.parents()}
    ]
    assert workers
    workers[0].kill()
    return {"status": process.wait(400), "workers": len(workers)}


def kill_and_start_again(
    root: Path, output: Path, engine: Engine, victim: subprocess.Popen
) -> dict:
    """Kill the engine or its workers in the middle; start it and give the same command again."""
    process = subprocess.Popen(
        command(root, output, engine.options()), stderr=subprocess.PIPE, text=True
    )
    wait_for_pieces(output, 3, process)
    kill_all(victim)
    started = time.perf_counter()
    _, said = process.communicate(timeout=400)
    ended = time.perf_counter() - started
    kept = {path: path.stat().st_ino for path in pieces_and_shards(output)}
    engine.start()
    made = watch_pieces(command(root, output, engine.options()), output)
    return {
        "status": process.returncode,
        "seconds_until_it_ends": round(ended, 1),
        "says": [line[:300] for line in said.strip().splitlines()[-1:]],
        "groups_and_shards_kept": len(kept),
        "of_these_made_again": len([path for path in kept if made["files"].get(path, 0) > 1]),
        "status_of_the_second_run": made["status"],
    }


def watch_pieces(words: list[str], output: Path) -> dict:
    """Run a command, and count the versions of each file of a group or shard that were seen."""
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    seen: dict[Path, set] = {}
    while process.poll() is None:
        for path in pieces_and_shards(output):
            try:
                seen.setdefault(path, set()).add(path.stat().st_ino)
            except FileNotFoundError:
                continue
        time.sleep(0.01)
    files = {path: len(versions) for path, versions in seen.items()}
    return {"status": process.returncode, "files": files}


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


if __name__ == "__main__":
    main()
