"""One run by one, two and four processes over loopback: is it the same run, and how fast?

    python benchmarks/workers.py --data SHARDS --output benchmarks/results/workers.json

Every run is `keras-madd train` under JAX, 50 steps in two epochs with the same batches, in float32
and without dropout. Printed are the differences from one process after the last step: of all
weights, relative to their length; of the worst single tensor, the optimizer's among them, relative
to its largest value; of the epochs' losses, relative. Then the seconds of a step, with validation,
in the second epoch. What a network makes of differences is told by one process more, which starts
from the same weights but for their last bit. With `--kill` first worker 1 and then the coordinator
is killed in the middle of a run of its own: printed are the seconds until the other has ended, what
it says, and the differences once `--resume` has ended it with two new ones. With `--slow SECONDS`
worker 1 waits so long for its 5th batch, and that run is compared too.
"""

import argparse
import csv
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from processes import free_port
from record import write_record

EPOCHS = 2
SAME, LAST_BIT = "weights.keras", "last_bit.keras"
TRAIN = """
import os, sys, time
from keras_madd.cli.main import main
seconds = float(os.environ.get("SLOW_SECONDS", 0))
if seconds:
    import tensorflow as tf
    from keras_madd.training.shards_data import ShardsData
    read = ShardsData.training_batches
    def slow(number, batch):
        wait = tf.py_function(lambda at: time.sleep(seconds * (int(at) == 4)), [number], [])
        with tf.control_dependencies([wait]):
            return tf.nest.map_structure(tf.identity, batch)
    ShardsData.training_batches = lambda *given: read(*given).enumerate().map(slow)
sys.exit(main(sys.argv[1:]))
"""


def main() -> None:
    """Make the runs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, metavar="SHARDS")
    parser.add_argument("--processes", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--attentions", type=int, default=4, help="0: the backbone alone")
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--kill", action="store_true", help="kill a worker in the middle")
    parser.add_argument("--slow", type=float, metavar="SECONDS", help="worker 1 is late once")
    parser.add_argument("--output", type=Path, help="JSON file for the table")
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_weights(root, args)
        runs = [(str(count), count, SAME) for count in (1, *args.processes)]
        runs.insert(1, ("1, other last bits", 1, LAST_BIT))
        rows = []
        for name, count, weights in runs:
            finish(start(count, root / name, args, weights=weights))
            row = {"processes": name} | differences(root / name, root / "1", args.steps // EPOCHS)
            print(", ".join(f"{key} {shown(value)}" for key, value in row.items()), flush=True)
            rows.append(row)
        table = {"rows": rows}
        if args.kill:
            table["killed"] = {
                name: kill(root / name, root / "1", victim, args)
                for victim, name in ((1, "worker 1"), (0, "coordinator"))
            }
        if args.slow:
            table["slow"] = slow(root / "slow", root / "1", args)
    write_record(args.output, table)


def shown(value: float | str) -> str:
    """Return a figure or a name in a few letters."""
    return value if isinstance(value, str) else f"{value:.3g}"


def write_weights(folder: Path, args: argparse.Namespace) -> None:
    """Write the network that every run starts from, and one whose weights' last bits differ."""
    os.environ["KERAS_BACKEND"] = "jax"
    import numpy as np

    from keras_madd import MADD

    model = MADD.from_preset(
        "madd_tiny", input_size=(args.size, args.size), num_attentions=args.attentions
    )
    model.save(folder / SAME)
    random = np.random.default_rng(0)
    for weight in model.trainable_weights:
        value = np.asarray(weight.value)
        up = random.random(value.shape) < 0.5
        weight.assign(np.nextafter(value, np.where(up, np.inf, -np.inf).astype(value.dtype)))
    model.save(folder / LAST_BIT)


def start(
    count: int,
    folder: Path,
    args: argparse.Namespace,
    resume: bool = False,
    slow: float = 0,
    weights: str = SAME,
) -> list[subprocess.Popen]:
    """Start the processes of one run; the last one is late for a batch by `slow` seconds."""
    address = f"127.0.0.1:{free_port()}"
    command = [sys.executable, "-c", TRAIN, "train", "--output", str(folder)]
    if resume:
        command.append("--resume")
    else:
        command += [
            *("--data", args.data),
            *("--init", str(folder.parent / weights), "--batch-size", "8"),
            *("--sampling", "paired"),
            *("--epochs", str(EPOCHS), "--steps-per-epoch", str(args.steps // EPOCHS)),
            *("--optimizer", "sgd", "--learning-rate", "0.001", "--no-tensorboard"),
        ]
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    meeting = ["--coordinator", address, "--workers", str(count)] if count > 1 else []
    return [
        subprocess.Popen(
            [*command, *meeting, *(["--worker", str(index)] if meeting else [])],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=environment | ({"SLOW_SECONDS": str(slow)} if index == count - 1 else {}),
        )
        for index in range(count)
    ]


def finish(processes: list[subprocess.Popen]) -> list[str]:
    """Wait for a run; return what its processes have said."""
    told = [process.communicate()[1] for process in processes]
    for process, words in zip(processes, told, strict=True):
        if process.returncode:
            raise SystemExit(words)
    return told


def kill(folder: Path, alone: Path, number: int, args: argparse.Namespace) -> dict:
    """Kill one of two workers after the first epoch; return what becomes of the other, and then."""
    both = start(2, folder, args)
    victim, survivor = both[number], both[1 - number]
    while not (folder / "log.csv").exists() and victim.poll() is None:
        time.sleep(0.01)
    os.kill(victim.pid, signal.SIGKILL)
    began = time.monotonic()
    words = survivor.communicate()[1].strip().splitlines()
    victim.communicate()
    result = {
        "seconds until the other has ended": round(time.monotonic() - began, 2),
        "its status": survivor.returncode,
        "its last line": words[-1] if words else "",
    }
    finish(start(2, folder, args, resume=True))
    result |= differences(folder, alone, args.steps // EPOCHS)
    print(result, flush=True)
    return result


def slow(folder: Path, alone: Path, args: argparse.Namespace) -> dict:
    """Let worker 1 be late for a batch; return what worker 0 says of it, and the differences."""
    told = finish(start(2, folder, args, slow=args.slow))
    said = [line for line in told[0].splitlines() if "waiting for" in line]
    result = {
        "seconds": args.slow,
        "says": said[:1],
        **differences(folder, alone, args.steps // EPOCHS),
    }
    print(result, flush=True)
    return result


def differences(run: Path, alone: Path, steps: int) -> dict:
    """Return the largest differences of two runs, and the first one's seconds per step."""
    import numpy as np

    ours, theirs = tensors(run), tensors(alone)
    if ours.keys() != theirs.keys():
        raise ValueError(f"{run} and {alone} hold different tensors.")
    own = {
        name: float(np.abs(ours[name] - value).max() / max(float(np.abs(value).max()), 1e-3))
        for name, value in theirs.items()
    }
    worst = max(own, key=own.__getitem__)
    flat = [
        np.concatenate([each[name].ravel() for name in theirs if not name.startswith("optimizer")])
        for each in (ours, theirs)
    ]
    logs = [list(csv.DictReader((each / "log.csv").open())) for each in (run, alone)]
    losses = max(
        abs(float(left["loss"]) / float(right["loss"]) - 1)
        for left, right in zip(*logs, strict=True)
    )
    seconds = float(logs[0][-1]["seconds"]) / steps
    return {
        "weights": float(np.linalg.norm(flat[0] - flat[1]) / np.linalg.norm(flat[1])),
        "worst tensor": own[worst],
        "its name": worst,
        "loss": losses,
        "seconds per step": seconds,
    }


def tensors(run: Path) -> dict:
    """Return every tensor in a run's last checkpoint by its path, in float64."""
    import h5py
    import numpy as np

    found = {}
    with zipfile.ZipFile(run / "last.keras") as archive:
        content = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(content) as file:
        file.visititems(
            lambda name, each: (
                found.__setitem__(name, np.array(each, "float64"))
                if isinstance(each, h5py.Dataset)
                else None
            )
        )
    return found


if __name__ == "__main__":
    main()
