"""Whether detectors that are opened, used and closed leave anything behind.

`python benchmarks/open_close.py --rounds 1000` prints handles, threads and memory, as shares of
what they were after the first 20 rounds, in which libraries take what they keep. On Linux.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from record import write_record

from keras_madd.demo import sample_photo_path
from keras_madd.inference import Detector, read_image

_WARM_UP = 20


def main() -> None:
    """Open, use and close; print and write what is held."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, help="a .tflite file (default: one made for this)")
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()
    rows = {}
    photo = read_image(sample_photo_path())
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder:
        model = args.model or _made(Path(folder))
        for number in range(1, args.rounds + 1):
            with Detector(model) as detector:
                assert detector.score_image(photo)
            found = process.num_fds(), process.num_threads(), process.memory_info().rss
            if number == _WARM_UP:
                before = found
            if number >= _WARM_UP and (number % 100 == 0 or number == args.rounds):
                shares = [round(now / then, 3) for now, then in zip(found, before, strict=True)]
                rows[number] = dict(zip(("handles", "threads", "memory"), shares, strict=True))
                print(f"{number}: {rows[number]}", flush=True)
    write_record(args.output, {"rounds": rows})


def _made(folder: Path) -> Path:
    """Makes the file in another process, since this one is to hold neither Keras nor TensorFlow."""
    script = (
        "import sys; from keras_madd import MADD; "
        "from keras_madd.exporting.exported_file import export_bundle; "
        "export_bundle(MADD.from_preset('madd_tiny'), sys.argv[1])"
    )
    path = folder / "model.tflite"
    quiet = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run(
        [sys.executable, "-c", script, str(path)],
        check=True,
        env=quiet,
        stderr=subprocess.DEVNULL,
    )
    return path


if __name__ == "__main__":
    main()
