"""Mean of the weights of detectors that were trained on from one another.

    python recipes/mean_weights.py base.keras first.keras second.keras --output mean.keras

Detectors that were trained on from the same weights lie near enough to each other for the mean of
their weights to be a detector, often one that errs less on what none of them saw, at the cost of
one. Unlike that of `--ema` it is of several runs. Its settings are the first one's.

Reference: Wortsman et al., "Model soups", ICML 2022, arXiv 2203.05482.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from keras_madd import FaceClassifier
from keras_madd.cli.told import told
from keras_madd.model.loading import load_face_classifier
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_output, replacing
from keras_madd.support.shipped import shipped_folder

# What decides about an answer beside the weights.
_FIELDS = ("input_size", "standardize_local", "crop_margin", "detector")


def mean_weights(models: Sequence[FaceClassifier]) -> FaceClassifier:
    """The first model, with the mean of the weights of all in place of its own.

    Args:
        models: One or more of the same network; states of random generators are the first one's.

    Raises:
        UserError: The networks differ.
    """
    layouts = [
        [
            *(getattr(model.config, name, None) for name in _FIELDS),
            *((each.name, tuple(each.shape)) for each in model.weights),
        ]
        for model in models
    ]
    if any(layout != layouts[0] for layout in layouts):
        raise UserError("The models are of different networks, whose weights have no mean.")
    weights = zip(*(model.get_weights() for model in models), strict=True)
    models[0].set_weights(
        [
            np.mean(each, axis=0, dtype=np.float64).astype(each[0].dtype)
            if np.issubdtype(each[0].dtype, np.floating)
            else each[0]
            for each in weights
        ]
    )
    return models[0]


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, write the mean, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "models", nargs="+", help=".keras files, presets' folders or the shipped one's name"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.keras")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    args = parser.parse_args(arguments)
    return told(lambda: _write(args), ValueError)


def _write(args: argparse.Namespace) -> None:
    if args.output.suffix != ".keras":
        raise UserError(f"The output must end in .keras. Received: {args.output}")
    check_output(args.output, overwrite=args.overwrite, inputs=args.models)
    mean = mean_weights(
        [load_face_classifier(shipped_folder(model) or model) for model in args.models]
    )
    with replacing(args.output, args.overwrite) as temporary:
        mean.save(temporary)


if __name__ == "__main__":
    sys.exit(main())
