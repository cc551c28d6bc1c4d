"""How many photographs a second `keras-madd score FOLDER` finds, before it scores any.

    python benchmarks/listing.py --files 20000

The files are empty: what is measured is the walk, the sorting and the choice of what to read, as a
ratio to `os.walk`, which chooses and sorts nothing.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from record import write_record

from keras_madd.inference.media import find_media


def main() -> None:
    """Print a table for one folder and for many, and write it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    rows = {}
    print("| layout | files a second | time, ratio to os.walk |")
    print("|---|---|---|")
    for layout, folders in (("one folder", 1), ("200 folders", 200)):
        with tempfile.TemporaryDirectory() as name:
            for number in range(args.files):
                folder = Path(name) / f"{number % folders}"
                folder.mkdir(exist_ok=True)
                (folder / f"{number}.jpg").touch()
            found, seconds = _best(lambda: sum(1 for _ in find_media([name])))
            _, walked = _best(lambda: sum(len(files) for *_, files in os.walk(name)))
            if found != args.files:
                raise RuntimeError(f"{found} of {args.files} files were found.")
            print(f"| {layout} | {found / seconds:,.0f} | {seconds / walked:.1f} |")
            rows[layout] = {
                "files_per_second": round(found / seconds),
                "ratio_to_walk": round(seconds / walked, 2),
            }
    write_record(args.output, {"files": args.files, "layouts": rows})


def _best(work: Callable[[], int], rounds: int = 3) -> tuple[int, float]:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - started)
    return result, min(times)


if __name__ == "__main__":
    main()
