"""Train and test the method with and without each of its parts, over several seeds."""

import argparse
from pathlib import Path

from keras_madd.cli import train
from keras_madd.cli.arms import add_cost, settings_and_seeds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd ablate`: those of `train`, and what is its own."""
    arms = parser.add_argument_group("ablation")
    add_cost(arms, "arm")
    arms.add_argument(
        "--arms",
        default="",
        metavar="LIST",
        help="some of backbone,attention,texture,ril,agda,full,m1,m2,m8 (default: all)",
    )
    train.add_arguments(parser)
    parser.epilog = (
        "Writes ablation.md and ablation.json into --output. The models are chosen on the "
        "validation split and measured on the test split. The same command goes on where it was "
        "stopped, and replaces its own tables; --resume is not needed."
    )


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd ablate`; returns the exit status."""
    settings, seeds = settings_and_seeds(args)

    from keras_madd.support.native_stderr import native_stderr_silenced

    with native_stderr_silenced():
        from keras_madd.comparison.ablation import ARMS, TEXT_FILE, ablate
    chosen = [arm.strip() for arm in args.arms.split(",")] if args.arms else list(ARMS)
    ablate(settings, seeds, chosen, budget=args.budget)
    text = Path(settings.output) / TEXT_FILE
    print(text.read_text(), end="")
    print(f"table: {text}")
    return 0
