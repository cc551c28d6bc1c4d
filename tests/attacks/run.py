"""Attacks the commands with seeded hostile inputs, and prints a table of what became of them.

    python tests/attacks/run.py --count 10000 --seed 0

Every attack runs in a child process. Exit status 0: no signal, no traceback, no hang over 60
seconds, no memory over 3 GiB, no unflagged score from a damaged file whose kind can tell. What
fell is listed with its seed; `--only CLASS --first SEED --count 1` repeats it.
"""

import argparse
import collections
import importlib
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("GLOG_minloglevel", "3")

from attacks.attacks import Result, classes
from attacks.sound_files import make_sound_files

FINE = ("refused", "flagged", "same", "accepted", "changed")


def attack(
    count: int, seed: int, only: list[str] | None = None, report=lambda name, seed, result: None
) -> dict[str, collections.Counter]:
    """Makes `count` attacks, in turn of every class; returns how often what became of each."""
    table = collections.defaultdict(collections.Counter)
    with tempfile.TemporaryDirectory(prefix="attacks-") as name:
        sound = Path(name) / "sound"
        sound.mkdir()
        make_sound_files(sound)
        _import_early()
        chosen = {key: each for key, each in classes(sound).items() if not only or key in only}
        for number in range(count):
            key = list(chosen)[number % len(chosen)]
            folder = Path(name) / "attack"
            folder.mkdir()
            result = chosen[key](random.Random(f"{key} {seed + number // len(chosen)}"), folder)
            table[key][result.verdict] += 1
            report(key, seed + number // len(chosen), result)
            shutil.rmtree(folder)
    return table


def _import_early() -> None:
    """What every child needs, imported once."""
    for name in (
        *("ai_edge_litert.interpreter", "matplotlib.figure", "mediapipe", "pyarrow.parquet"),
        *("keras_madd.cli.main", "keras_madd.evaluation.run_evaluation"),
    ):
        importlib.import_module(name)


def main() -> int:
    """Runs the attacks that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", "--first", type=int, default=0, help="of the first attack")
    parser.add_argument("--only", action="append", metavar="CLASS")
    parser.add_argument("--keep-going", type=float, metavar="SECONDS", help="stop after this time")
    args = parser.parse_args()
    fallen: list[tuple[str, int, Result]] = []
    started, done, slowest, largest = time.monotonic(), 0, 0.0, 0

    def report(name: str, seed: int, result: Result) -> None:
        nonlocal done, slowest, largest
        done += 1
        slowest = max(slowest, result.outcome.seconds)
        largest = max(largest, result.outcome.memory)
        if result.verdict not in FINE:
            fallen.append((name, seed, result))
            last = (result.outcome.errors.strip().splitlines() or [""])[-1][:150]
            print(f"{result.verdict}: {name} {seed}: {result.what!r}: {last!r}", flush=True)
        if args.keep_going and time.monotonic() - started > args.keep_going:
            raise KeyboardInterrupt

    table: dict = collections.defaultdict(collections.Counter)

    def tally(name: str, seed: int, result: Result) -> None:
        table[name][result.verdict] += 1
        report(name, seed, result)

    try:
        attack(args.count, args.seed, args.only, tally)
    except KeyboardInterrupt:
        print("stopped")
    columns = sorted({verdict for row in table.values() for verdict in row})
    print("| class | attacks | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for name, row in table.items():
        cells = " | ".join(str(row[column]) for column in columns)
        print(f"| {name} | {sum(row.values())} | {cells} |")
    print(
        f"{done} attacks, {len(fallen)} fell; slowest {slowest:.1f} s, largest {largest >> 20} MiB"
    )
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())
