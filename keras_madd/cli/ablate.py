"""Train and test the method with and without each of its parts, over several seeds."""

import argparse
from pathlib import Path

from keras_madd.cli import train
from keras_madd.cli.arguments import SEED, Range


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd ablate`: those of `train`, and two of its own."""
    arms = parser.add_argument_group("ablation")
    arms.add_argument(
        "--seeds",
        type=Range(1, 1000),
        default=3,
        metavar="N",
        help="runs of each arm, with --seed and the numbers after it (default: %(default)s)",
    )
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
    from keras_madd.support.errors import UserError

    if hasattr(args, "coordinator"):
        raise UserError("An ablation runs on one host; --devices all uses all of its devices.")
    args.resume = False
    settings = train.settings_of(args)
    if settings.faces:
        raise UserError("An ablation needs --data with a test split; --faces has none.")
    if settings.seed + args.seeds - 1 > SEED.most:
        raise UserError(f"--seed and the {args.seeds} numbers from it on must end at {SEED.most}.")

    from keras_madd.support.native_stderr import native_stderr_silenced
    from keras_madd.support.progress import Stages
    from keras_madd.training.shards_data import ShardsData

    # Keras takes seconds to import, and a mistake must not wait for it.
    ShardsData.open(settings)
    with native_stderr_silenced():
        from keras_madd.training.ablation import ARMS, TEXT_FILE, ablate
    arms = args.arms.split(",") if args.arms else list(ARMS)
    seeds = range(settings.seed, settings.seed + args.seeds)
    with Stages().stage("ablation") as stage:
        ablate(settings.replace(tensorboard=False), seeds, arms, advance=stage.advance)
    text = Path(settings.output) / TEXT_FILE
    print(text.read_text(), end="")
    print(f"table: {text}")
    return 0
