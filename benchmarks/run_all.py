"""All benchmarks, one after the other.

    python benchmarks/run_all.py                                # all that need nothing
    python benchmarks/run_all.py train_step training_memory     # some
    python benchmarks/run_all.py --quick                        # whether they run: no figures

Each writes a JSON file with its figures, the machine, the versions and the commit; `history.py`
draws them over versions. Those that need a model or data are left out, and named, where these are
not given. `beam_engine.py`, `scaling.py` and `embedded_shards.py` have questions of their own to
answer and are run by hand.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Benchmark:
    """How one is called.

    Attributes:
        full: Arguments for figures.
        quick: Arguments for a try.
        needs: What has to be given, and as which argument.
    """

    full: str = ""
    quick: str = ""
    needs: tuple[str, str] | None = None


BENCHMARKS = {
    "attention_overlap": Benchmark("", "--epochs 1 --identities 12 --seeds 1"),
    "auc_interval": Benchmark("", "--repeats 2"),
    "export_time": Benchmark("", "--preset madd_tiny --pictures 2"),
    "inference": Benchmark(
        "--models madd_mobilenet_v2 official_b4",
        "--models madd_mobilenet_v2 --identities 12 --epochs 1 --calibrate 16 --verify 16 "
        "--rounds 2",
    ),
    "input_pipeline": Benchmark("", "--size 64 --pictures 64 --batch-size 16 --rounds 1"),
    "listing": Benchmark("", "--files 400"),
    "live": Benchmark("", "--pictures 20 --rounds 1", ("model", "--model")),
    "open_close": Benchmark("", "--rounds 30"),
    "precision": Benchmark("", "--steps 10 --seeds 1 --identities 12"),
    "prepare": Benchmark("--landmarks", "--videos 1 --seconds 1 --rounds 1"),
    "quantization": Benchmark(
        "", "--identities 12 --calibrate 16 --verify 16 --rounds 2", ("detector", "")
    ),
    "replicas": Benchmark("", "--replicas 2 --cases official --batch-norm frozen"),
    "step_memory": Benchmark("", "--preset madd_tiny --batch-size 4"),
    "train_step": Benchmark("--rounds 7", "--backbone tiny --size 32 --batch-size 4 --rounds 1"),
    "training_memory": Benchmark("--one-dnn 0", "--preset madd_tiny"),
    "web": Benchmark("", "--frames 20", ("model", "--model")),
    "workers": Benchmark(
        "--attentions 2 --kill --slow 40", "--processes 2 --steps 4", ("shards", "--data")
    ),
}


def main() -> int:
    """Run the benchmarks that were asked for; return 1 where one has failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="try them; the files are not kept")
    parser.add_argument("--output", type=Path, default=FOLDER / "results", metavar="FOLDER")
    parser.add_argument("--model", help="a .tflite file, for live and web")
    parser.add_argument("--detector", help="a .keras file, for quantization")
    parser.add_argument("--shards", help="a folder of shards, for workers")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    failed = []
    with tempfile.TemporaryDirectory() as tried:
        folder = Path(tried) if args.quick else args.output
        for name in args.names or BENCHMARKS:
            command = command_of(name, args, folder)
            if command is None:
                print(f"== {name}: left out, it needs --{BENCHMARKS[name].needs[0]}", flush=True)
                continue
            print(f"== {name}", flush=True)
            if subprocess.run(command).returncode:
                failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def command_of(name: str, args: argparse.Namespace, folder: Path) -> list[str] | None:
    """Return the command of a benchmark; `None` where something that it needs is not given."""
    benchmark = BENCHMARKS[name]
    given = []
    if benchmark.needs:
        what, flag = benchmark.needs
        if getattr(args, what) is None:
            return None
        given = [flag, getattr(args, what)] if flag else [getattr(args, what)]
    chosen = (benchmark.quick if args.quick else benchmark.full).split()
    output = ["--output", str(folder / f"{name}.json")]
    return [sys.executable, str(FOLDER / f"{name}.py"), *given, *chosen, *output]


if __name__ == "__main__":
    sys.exit(main())
