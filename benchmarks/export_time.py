"""How long an 8-bit export takes, by part.

    python benchmarks/export_time.py --output benchmarks/results/export_time.json

A network of random weights is converted to LiteRT and quantised on generated pictures. No recipe
keeps such a network's answers, so all are tried: the most that an export can take. Processor
seconds are what other work on the machine changes least.
"""

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from record import write_record


def main() -> None:
    """Time one export and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="madd_efficientnet_b4_paper")
    parser.add_argument("--size", type=int, help="side of the faces (default: the preset's)")
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()

    from keras_madd import MADD
    from keras_madd.exporting.litert import float_litert
    from keras_madd.exporting.recipe_choice import int8_content
    from keras_madd.exporting.verify import sample_pictures

    fields = {"input_size": args.size} if args.size else {}
    model = MADD.from_preset(args.preset, seed=0, **fields)
    pictures = sample_pictures(tuple(model.config.input_size), args.pictures)
    content, conversion = timed(lambda: float_litert(model))
    _, quantisation = timed(lambda: int8_content(content, pictures))
    seconds = {"conversion": conversion, "quantisation": quantisation}
    for name, row in seconds.items():
        print(f"{name:<14}{row['wall']:7.1f} s, of a processor {row['processor']:7.1f} s")
    settings = {key: value for key, value in vars(args).items() if key != "output"}
    write_record(args.output, {"settings": settings, "seconds": seconds})


def timed(work: Callable[[], bytes]) -> tuple[bytes, dict[str, float]]:
    """Return what a function does, and its seconds on the clock and of processors."""
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, {
        "wall": round(time.perf_counter() - clock, 1),
        "processor": round(time.process_time() - processor, 1),
    }


if __name__ == "__main__":
    main()
