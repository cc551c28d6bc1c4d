"""How much memory one training step takes, as a curve over the step.

    python benchmarks/training_memory.py --output benchmarks/results/training_memory.json

Each order is a process of its own. `"one at a time"` is what `fit` does; `"rematerialised"` is what
it does after `compile(rematerialize=True)`; `"both at once"` is the same loss under one gradient
tape, with the activations of both passes in memory together. A thread reads the process's
resident memory every 20 ms through the second step; the first one builds the graph. oneDNN keeps
buffers for the life of a process: `--one-dnn 0` turns it off.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from record import write_record

ORDERS = ("one at a time", "rematerialised", "both at once")
PAGE = os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Measure each order in its own process and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="madd_efficientnet_b4_official")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--orders", nargs="+", default=ORDERS, choices=ORDERS)
    parser.add_argument("--one-dnn", choices=("0", "1"), default="1")
    parser.add_argument("--points", type=int, default=100, help="of each curve in the file")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(measure(args.worker, args.preset, args.batch_size, args.points)))
        return
    settings = {
        "preset": args.preset,
        "batch_size": args.batch_size,
        "one_dnn": args.one_dnn == "1",
    }
    rows = {}
    for order in args.orders:
        rows[order] = run(order, args)
        print(
            f"{order:<16} peak {rows[order]['peak_gb']:6.2f} GB, over the weights "
            f"{rows[order]['step_gb']:6.2f} GB, first step {rows[order]['first_step_seconds']} s, "
            f"second {rows[order]['second_step_seconds']} s",
            flush=True,
        )
    write_record(args.output, {"settings": settings, "orders": rows})


def run(order: str, args: argparse.Namespace) -> dict:
    """Measure one order in a process of its own."""
    command = [sys.executable, __file__, "--worker", order, "--preset", args.preset]
    command += ["--batch-size", str(args.batch_size), "--points", str(args.points)]
    environment = {
        **os.environ,
        "TF_ENABLE_ONEDNN_OPTS": args.one_dnn,
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    process = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True)
    if process.returncode:
        raise SystemExit(f"{order}: the process ended with {process.returncode}")
    return json.loads(process.stdout.strip().splitlines()[-1])


def measure(order: str, preset: str, batch_size: int, points: int) -> dict:
    """Make two steps; return the memory over the second and the peak of the process."""
    import resource

    import keras
    import numpy as np

    from keras_madd import MADD

    kind = both_at_once(MADD) if order == "both at once" else MADD
    model = kind(MADD.from_preset(preset, seed=0).config)
    model.compile(jit_compile=False, rematerialize=order == "rematerialised")
    size = model.config.input_size
    images = np.random.default_rng(0).integers(0, 256, (batch_size, *size, 3)).astype("uint8")
    labels = np.arange(batch_size) % 2
    before = resident()
    started = time.perf_counter()
    model.train_on_batch(images, labels)
    first = time.perf_counter() - started
    curve: list[tuple[float, float]] = []
    done = threading.Event()

    def watch():
        while not done.wait(0.02):
            curve.append((time.perf_counter() - started, resident()))

    watcher = threading.Thread(target=watch)
    started = time.perf_counter()
    watcher.start()
    model.train_on_batch(images, labels)
    second = time.perf_counter() - started
    done.set()
    watcher.join()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    every = max(1, len(curve) // points)
    highest = [
        max(curve[start : start + every], key=lambda point: point[1])
        for start in range(0, len(curve), every)
    ]
    return {
        "backend": keras.backend.backend(),
        "peak_gb": round(peak / 1e9, 2),
        "step_gb": round((peak - before) / 1e9, 2),
        "first_step_seconds": round(first, 1),
        "second_step_seconds": round(second, 2),
        "curve": [[round(at, 2), round(memory / 1e9, 2)] for at, memory in highest],
    }


def both_at_once(base):
    """Return the model class whose step holds both passes in memory."""
    import contextlib

    class BothAtOnce(base):
        makes_two_passes = False

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            if not isinstance(y_pred, dict):
                return super().compute_loss(x, y, y_pred, sample_weight, training)
            terms = self.first_pass_terms(y, y_pred, sample_weight)
            augmented, index = self.augmentation(x, y_pred["attention_maps"])
            twice = self.config.update_state_in_second_pass
            with contextlib.nullcontext() if twice else self._kept_averages():
                second = self.network(augmented, training=True)
            if twice and self.config.trains_region_independence:
                self.region_independence_term(y, second, sample_weight)
            terms["augmented_classification"] = self.classification(
                y, second["logits"], sample_weight
            )
            if self.config.match_weight > 0:
                difference = second["regional_features"] - y_pred["regional_features"]
                terms["match"] = self.match_term(difference, index)
            return self.weighted(terms)

    return BothAtOnce


def resident() -> int:
    """Return the memory that the process holds, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


if __name__ == "__main__":
    main()
