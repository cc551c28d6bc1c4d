"""Runs on several devices and several processes end as a run on one does."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from backends import tensorflow_only
from free_port import free_port
from synthetic_shards import write_shards

from keras_madd import OwnNetwork
from keras_madd.training.checkpoints import load_checkpoint

pytestmark = [pytest.mark.slow, tensorflow_only]

FLAGS = [
    *("--epochs", "3", "--batch-size", "8", "--sampling", "paired", "--augment", "none"),
    *("--learning-rate", "0.01", "--optimizer", "sgd", "--ema", "0.5", "--no-tensorboard"),
]
TWICE = """
import sys
import tensorflow as tf
(cpu,) = tf.config.list_physical_devices("CPU")
two = 2 * [tf.config.LogicalDeviceConfiguration()]
tf.config.set_logical_device_configuration(cpu, two)
from keras_madd.cli.main import main
sys.exit(max(main(["train", *arguments]) for arguments in {runs!r}))
"""
# Each round is a list of commands that run at once, as forks of a process that has Keras already.
# A worker may be killed where an epoch begins, or have no second batch before worker 0 says so.
ROUNDS = """
import json, os, signal, sys, time
from pathlib import Path
import jax, tensorflow as tf
import keras_madd.training
from keras_madd.cli.main import main
from keras_madd.training import attendance
from keras_madd.training.finish_epoch import FinishEpoch
from keras_madd.training.shards_data import ShardsData

attendance.PATIENCE, attendance.EVERY = 0.2, 0.05

def killed_in(last):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == last:
            os.kill(os.getpid(), signal.SIGKILL)
    FinishEpoch.on_epoch_begin = on_epoch_begin

def slow_until(said, where):
    read = ShardsData.training_batches
    def wait(number):
        while int(number) == 1 and said not in Path(where).read_text():
            time.sleep(0.1)
    def slow(number, batch):
        with tf.control_dependencies([tf.py_function(wait, [number], [])]):
            return tf.nest.map_structure(tf.identity, batch)
    ShardsData.training_batches = lambda *given: read(*given).enumerate().map(slow)

def run(arguments, told, killed=None, slow=None):
    with open(told, "w") as file:
        os.dup2(file.fileno(), 2)
    if killed is not None:
        killed_in(killed)
    if slow is not None:
        slow_until(*slow)
    # One that hangs fails the test.
    signal.alarm(3600)
    sys.exit(main(["train", *arguments]))

def status(each):
    return os.waitstatus_to_exitcode(os.waitpid(each, 0)[1])

ended = []
for commands in json.loads(sys.argv[1]):
    forks = []
    for each in commands:
        fork = os.fork()
        if not fork:
            run(**each)
        forks.append(fork)
    ended.append([status(each) for each in forks])
Path(sys.argv[2]).write_text(json.dumps(ended))
"""


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "shards"
    return write_shards(folder, {"train": 8, "val": 3}, size=16, strength=40)


def begin(folder, shards, synchronized=False):
    """The arguments of a run: a network that is compiled in a moment, normalised over the batch."""
    face = keras.Input((16, 16, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1.0)(face)
    x = keras.layers.Conv2D(4, 3, strides=2, use_bias=False)(x)
    # Under JAX statistics are those of the whole batch anyway.
    x = keras.layers.BatchNormalization(synchronized=synchronized)(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    OwnNetwork.around(keras.Model(face, keras.layers.Dense(2)(x))).save(folder / "own.keras")
    return ["--data", str(shards), "--init", str(folder / "own.keras"), *FLAGS]


def run_rounds(folder, rounds):
    """Train under JAX; returns status and standard error of each command of each round."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    command = [sys.executable, "-c", ROUNDS, json.dumps(rounds), str(folder / "ended.json")]
    # It also waits for who speaks after a worker's end.
    process = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert process.returncode == 0, process.stdout + process.stderr
    ended = json.loads((folder / "ended.json").read_text())
    return [
        [(status, Path(each["told"]).read_text()) for status, each in zip(*pair, strict=True)]
        for pair in zip(ended, rounds, strict=True)
    ]


def two_workers(name, folder, arguments):
    """The commands of two processes that train together; `arguments` are of both, or of each."""
    meeting = ["--coordinator", f"127.0.0.1:{free_port()}", "--workers", "2", "--worker"]
    return [
        {"arguments": [*own, *meeting, str(index)], "told": str(folder / f"{name}-{index}.txt")}
        for index, own in enumerate(arguments)
    ]


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
    assert [len(each) for each in rows] == [3, 3]
    for left, right in zip(*rows, strict=True):
        assert left.keys() == right.keys()
        for name in left.keys() - {"seconds"}:
            assert left[name] == pytest.approx(right[name], rel=1e-5, abs=1e-6), name
    assert rows[0][0]["loss"] != rows[0][1]["loss"]


def test_two_devices_of_one_host(shards, tmp_path):
    arguments = begin(tmp_path, shards, synchronized=True)
    folders = [tmp_path / "two", tmp_path / "one"]
    runs = [
        ["--output", str(folder), *arguments, "--devices", devices]
        for folder, devices in zip(folders, ("all", "1"), strict=True)
    ]
    command = [sys.executable, "-c", TWICE.format(runs=runs)]
    process = subprocess.run(command, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout + process.stderr
    told = "2 devices share each batch of 8 faces, 4 each; the learning rate stays 0.01"
    assert told in process.stdout
    assert_same(*folders)


@pytest.fixture(scope="module")
def rounds(shards, tmp_path_factory):
    """What became of a run that lost both of its workers in turn, and of one left alone."""
    pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp("rounds")
    ours, alone = folder / "two", folder / "one"
    arguments, go_on = begin(folder, shards), ["--output", str(ours), "--resume"]
    first = two_workers("first", folder, 2 * [["--output", str(ours), *arguments]])
    first[1] |= {"slow": ["waiting for worker 1 of 2 since ", first[0]["told"]], "killed": 1}
    second = two_workers("second", folder, 2 * [go_on])
    second[0]["killed"] = 2
    last = [{"arguments": go_on, "told": str(folder / "last.txt")}]
    by_itself = ["--output", str(alone), *arguments]
    first.append({"arguments": by_itself, "told": str(folder / "alone.txt")})
    found = run_rounds(folder, [first, second, last])
    return found, ours, alone


def check_lost(survivor, victim):
    status, told = survivor
    assert victim[0] == -signal.SIGKILL
    # JAX may abort the process before it can tell of the broken connection itself.
    assert status == 2 or status == -signal.SIGABRT, told
    assert "error: " in told
    assert "Finished epochs are safe: start all workers again with --resume" in told


def test_a_slow_worker_is_named_and_waited_for(rounds):
    (first, *_), ours, _ = rounds
    assert "training: waiting for worker 1 of 2 since " in first[0][1]
    assert len(figures(ours)) == 3


def test_a_worker_is_lost(rounds):
    ((survivor, victim, alone), *_), *_ = rounds
    assert alone[0] == 0, alone[1]
    check_lost(survivor, victim)


def test_the_coordinator_is_lost(rounds):
    (_, (victim, survivor), _), *_ = rounds
    check_lost(survivor, victim)


def test_what_lost_workers_have_begun_one_alone_ends_as_an_undisturbed_run(rounds):
    (*_, last), ours, alone = rounds
    assert last[0][0] == 0, last[0][1]
    assert_same(ours, alone)
    record = json.loads((ours / "run.json").read_text())
    assert record["settings"]["batch_size"] == 8


def test_a_worker_that_differs_is_refused_before_training(shards, tmp_path):
    pytest.importorskip("jax")
    other = write_shards(tmp_path / "other", {"train": 8, "val": 3}, size=16, seed=1)
    first = ["--output", str(tmp_path / "run"), *begin(tmp_path, shards)]
    both = [first, [*first[:3], str(other), *first[4:], "--seed", "1"]]
    (found,) = run_rounds(tmp_path, [two_workers("differs", tmp_path, both)])
    for status, told in found:
        assert status == 2, told
        assert "error: All workers must begin with the same versions, settings, data" in told
        assert "worker 1: seed 1, worker 0: 0" in told
        assert "worker 1: dataset.json [" in told
    assert not (tmp_path / "run").exists()
