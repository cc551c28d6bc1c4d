"""What `keras-madd score` and `keras-madd camera` have in common."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from keras_madd.cli.arguments import THREADS, path

if TYPE_CHECKING:
    from keras_madd.inference import Detector


def add_model_argument(parser: argparse.ArgumentParser) -> None:
    """Declares `--model`."""
    parser.add_argument(
        "--model",
        type=path,
        metavar="FILE",
        help="a .tflite file, its model.json beside it (default: the trained detector that comes "
        "with keras-madd)",
    )


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares `--model`, `--threads` and `--device`."""
    add_model_argument(parser)
    parser.add_argument(
        "--threads", type=THREADS, metavar="N", help="processor threads for the model"
    )
    parser.add_argument(
        "--device",
        choices=("cpu", "gpu", "auto"),
        default="cpu",
        help="what the model runs on; auto takes the graphics processor where there is one that is "
        "quicker (default: %(default)s)",
    )


def model_files(model: str | None) -> list[Path]:
    """Returns the model's file and its description, which no output may replace."""
    from keras_madd.inference.model_description import model_json_path
    from keras_madd.support.shipped import default_litert

    path = Path(model or default_litert())
    return [path, model_json_path(path)]


def say_what_it_runs_on(detector: "Detector") -> None:
    """Tells which model scores and what it is good for, and why not on the graphics processor."""
    if detector.model_card:
        print(
            f"note: scored with {detector.name}; what it can and cannot do: {detector.model_card}",
            file=sys.stderr,
        )
    if detector.fallback_reason:
        print(f"note: on the processor: {detector.fallback_reason}", file=sys.stderr)
    if detector.description.demonstration:
        print(
            "note: this model shows that the parts work together; its scores mean nothing on real "
            "pictures.",
            file=sys.stderr,
        )


def demonstration_note(detector: "Detector") -> str:
    """Returns what is written on every picture that a demonstration model has scored, or ''."""
    return "demonstration model" if detector.description.demonstration else ""
