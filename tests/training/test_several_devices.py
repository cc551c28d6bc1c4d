"""Runs on several devices and several processes end as a run on one does."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
from backends import BACKEND, tensorflow_only
from synthetic_shards import write_shards

from keras_madd.training.checkpoints import load_checkpoint

pytestmark = [pytest.mark.slow, tensorflow_only]

FLAGS = [
    *("--preset", "madd_tiny", "--image-size", "16", "--num-attentions", "0"),
    *("--set", "synchronized_batch_norm=true", "--epochs", "2", "--batch-size", "8"),
    *("--sampling", "paired", "--augment", "none", "--learning-rate", "0.01"),
    *("--optimizer", "sgd", "--ema", "0.5", "--no-tensorboard"),
]
# JAX compiles in a third of the time.
QUICK = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
# Worker 1 is killed where its second epoch begins.
TRAIN = """
import os, signal, sys
from keras_madd.cli.main import main
if "killed" in sys.argv:
    sys.argv.remove("killed")
    from keras_madd.training.finish_epoch import FinishEpoch
    def killed(self, epoch, logs=None):
        if epoch == 1:
            os.kill(os.getpid(), signal.SIGKILL)
    FinishEpoch.on_epoch_begin = killed
sys.exit(main(["train", *sys.argv[1:]]))
"""
TWICE = """
import json, sys
if {virtual}:
    import tensorflow as tf
    (cpu,) = tf.config.list_physical_devices("CPU")
    two = 2 * [tf.config.LogicalDeviceConfiguration()]
    tf.config.set_logical_device_configuration(cpu, two)
from keras_madd.cli.main import main
print(json.dumps([main(["train", *arguments]) for arguments in {runs!r}]))
"""


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "shards"
    return write_shards(folder, {"train": 8, "val": 3}, size=16, strength=40)


def run_twice(runs, virtual, backend):
    environment = {**os.environ, "KERAS_BACKEND": backend, "XLA_FLAGS": QUICK}
    script = TWICE.format(runs=runs, virtual=virtual)
    process = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment
    )
    assert process.stdout.splitlines()[-1:] == ["[0, 0]"], process.stdout + process.stderr
    return process.stdout


def run_workers(arguments, of_worker):
    """Train with two processes; returns status and standard error of each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    meeting = ["--coordinator", f"127.0.0.1:{port}", "--workers", "2"]
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "XLA_FLAGS": QUICK}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TRAIN, *arguments, *meeting, "--worker", str(index), *own],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for index, own in enumerate(of_worker)
    ]
    told = [process.communicate()[1] for process in processes]
    return [(process.returncode, words) for process, words in zip(processes, told, strict=True)]


def figures(folder):
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [{name: float(value) for name, value in row.items()} for row in rows]


def assert_same(folder, alone):
    """Weights and figures are equal but for the rounding of sums, relative 1e-5."""
    models = [load_checkpoint(each) for each in (folder, alone)]
    ours, theirs = ([*model.variables, *model.optimizer.variables] for model in models)
    for left, right in zip(ours, theirs, strict=True):
        left, right = np.asarray(left), np.asarray(right)
        np.testing.assert_allclose(left, right, rtol=0, atol=1e-5 * max(1e-2, np.abs(right).max()))
    rows = figures(folder), figures(alone)
    assert [len(each) for each in rows] == [2, 2]
    for left, right in zip(*rows, strict=True):
        assert left.keys() == right.keys()
        for name in left.keys() - {"seconds"}:
            assert left[name] == pytest.approx(right[name], rel=1e-5, abs=1e-6), name
    assert rows[0][0]["loss"] != rows[0][1]["loss"]


def test_two_devices_of_one_host(shards, tmp_path):
    arguments = ["--data", str(shards), *FLAGS]
    folders = [tmp_path / "two", tmp_path / "one"]
    runs = [
        ["--output", str(folder), *arguments, "--devices", devices]
        for folder, devices in zip(folders, ("all", "1"), strict=True)
    ]
    told = run_twice(runs, True, BACKEND)
    assert "2 devices share each batch of 8 faces, 4 each; the learning rate stays 0.01" in told
    assert_same(*folders)


def test_two_processes_one_is_killed_and_one_alone_goes_on(shards, tmp_path):
    pytest.importorskip("jax")
    folders = [tmp_path / "two", tmp_path / "one"]
    arguments = ["--data", str(shards), *FLAGS]
    (status, told), (killed, _) = run_workers(
        ["--output", str(folders[0]), *arguments], ([], ["killed"])
    )
    assert killed == -signal.SIGKILL
    # JAX may abort the process before it can tell of the broken connection itself.
    assert status == 2 or status == -signal.SIGABRT, told
    assert "error: " in told
    assert "Finished epochs are safe: start all workers again with --resume" in told
    assert len(figures(folders[0])) == 1
    runs = [["--output", str(folders[1]), *arguments], ["--output", str(folders[0]), "--resume"]]
    run_twice(runs, False, "jax")
    assert_same(*folders)
    record = json.loads((folders[0] / "run.json").read_text())
    assert record["settings"]["batch_size"] == 8


def test_a_worker_that_differs_is_refused_before_training(shards, tmp_path):
    pytest.importorskip("jax")
    other = write_shards(tmp_path / "other", {"train": 8, "val": 3}, size=16, seed=1)
    arguments = ["--output", str(tmp_path / "run"), *FLAGS]
    own = (["--data", str(shards)], ["--data", str(other), "--seed", "1"])
    for status, told in run_workers(arguments, own):
        assert status == 2, told
        assert "error: All workers must begin with the same versions, settings, data" in told
        assert "worker 1: seed 1, worker 0: 0" in told
        assert "worker 1: dataset.json [" in told
    assert not (tmp_path / "run").exists()
