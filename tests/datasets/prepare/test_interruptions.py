"""The command, killed, stopped, and out of space."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time

import orphans
import psutil
import pytest
from ctrl_c import INTERRUPTIBLE

from keras_madd.data.shards import verify_shards


@pytest.mark.slow
def test_killed_at_any_moment_it_ends_the_same(command, plain_tree, finished, tmp_path, content):
    """Ten kills at random moments, each on what the last one left."""
    rng = random.Random(0)
    words = [*command(plain_tree, tmp_path / "shards"), "--workers"]
    kills = partly = 0
    while kills < 10:
        workers = str(1 + kills % 2)
        process = subprocess.Popen(
            [*words, workers], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        begun = time.monotonic()
        # Starting takes a good part of the time; kills are to hit the work as well.
        wait = rng.uniform(0.3, 1.0) if kills % 5 == 4 else None
        seen = len(content_names(tmp_path / "shards"))
        while process.poll() is None and time.monotonic() - begun < 60:
            changed = len(content_names(tmp_path / "shards")) != seen
            if wait is not None and time.monotonic() - begun > wait:
                break
            if wait is None and changed:
                time.sleep(rng.uniform(0, 0.25))
                break
            time.sleep(0.002)
        process.kill()
        process.wait()
        if (tmp_path / "shards" / "dataset.json").exists():
            # It had finished: begin anew.
            assert content(tmp_path / "shards") == content(finished)
            shutil.rmtree(tmp_path / "shards")
            continue
        kills += 1
        partly += bool(list(tmp_path.glob("shards/.prepare/*/*")))
    # When a kill strikes is up to the machine; some have to strike half-done work.
    assert partly >= 2
    subprocess.run([*words, "2"], check=True, capture_output=True)
    assert content(tmp_path / "shards") == content(finished)
    assert verify_shards(tmp_path / "shards") == 60


def content_names(folder):
    if not folder.exists():
        return set()
    # Not `rglob`: folders vanish while a run works in them.
    return {os.path.join(place, name) for place, _, names in os.walk(folder) for name in names}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals(command, plain_tree, finished, tmp_path, content, number):
    folder = tmp_path / "shards"
    words = command(plain_tree, folder, "--workers", "2")
    process = subprocess.Popen(
        [*INTERRUPTIBLE, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    # Early: a run this small ends soon after its first piece.
    workers = []
    while process.poll() is None and not workers:
        time.sleep(0.005)
        workers = psutil.Process(process.pid).children()
    assert workers
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 128 + number
    assert err.splitlines()[-1] == "stopped"
    assert "Traceback" not in err
    assert orphans.end(workers)
    assert not list(folder.rglob(".keras-madd-*"))
    subprocess.run(words, check=True, capture_output=True)
    assert content(folder) == content(finished)


@pytest.mark.slow
@pytest.mark.parametrize("largest", [6000, 25_000], ids=["in a piece", "in a shard"])
def test_a_disk_that_is_full(command, plain_tree, finished, tmp_path, content, largest):
    """A limit on the size of files stands in for it; the error comes from the same calls."""
    assert (finished / "train-00000.tfrecord").stat().st_size > 25_000
    folder = tmp_path / "shards"
    words = command(plain_tree, folder, "--workers", "2")
    # Set by a process in between: a fork of this one may meet the threads of other tests.
    limited = (
        "import os, resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({largest}, {largest}))\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    stopped = subprocess.run(
        [sys.executable, "-c", limited, *words], capture_output=True, text=True
    )
    assert stopped.returncode == 2
    # A slow machine has told how far it is before.
    line = stopped.stderr.splitlines()[-1]
    assert "Traceback" not in stopped.stderr
    assert line.startswith("error: The shards cannot be written: ")
    assert "the same command goes on" in line
    assert not list(folder.rglob(".keras-madd-*"))
    assert not list(folder.glob("*.tfrecord"))
    assert bool(list(folder.glob(".prepare/pieces/*.json"))) == (largest == 25_000)
    subprocess.run(words, check=True, capture_output=True)
    assert content(folder) == content(finished)
