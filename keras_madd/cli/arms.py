"""What `ablate` and `compare` have in common: several trainings, each with several seeds."""

import argparse

from keras_madd.cli import train
from keras_madd.cli.arguments import SECONDS, SEED, Range
from keras_madd.support.errors import UserError
from keras_madd.training.settings import TrainSettings


def add_cost(group: argparse._ArgumentGroup, each: str) -> None:
    """Declares `--seeds` and `--budget`.

    Args:
        group: Where.
        each: What is trained with each seed, such as `"arm"`.
    """
    group.add_argument(
        "--seeds",
        type=Range(1, 1000),
        default=3,
        metavar="N",
        help=f"runs of each {each}, with --seed and the numbers after it (default: %(default)s)",
    )
    group.add_argument(
        "--budget",
        type=SECONDS,
        metavar="SECONDS",
        help=f"processor time of the training steps of each {each} and seed (of the clock on an "
        "accelerator), from which follows how many it makes; without it each makes as many steps "
        "as the others",
    )


def settings_and_seeds(args: argparse.Namespace) -> tuple[TrainSettings, range]:
    """Returns the settings that all arms share and the seeds of each, looked at before any work.

    Raises:
        UserError: If a value cannot work, or the data has no test split with both classes.
    """
    if any(hasattr(args, name) for name in ("coordinator", "workers", "worker")):
        raise UserError(f"{args.command} runs on one host; --devices all uses all of its devices.")
    if args.budget is not None and hasattr(args, "steps_per_epoch"):
        raise UserError("--budget says how many steps are made: leave --steps-per-epoch out.")
    if args.budget is not None and hasattr(args, "stage1_epochs"):
        raise UserError("--budget pays for all epochs alike: leave --stage1-epochs out.")
    if hasattr(args, "patience"):
        raise UserError(f"{args.command} compares at equal steps: leave --patience out.")
    args.resume = False
    settings = train.settings_of(args)
    if settings.faces:
        raise UserError(f"{args.command} needs --data with a test split; --faces has none.")
    if settings.seed + args.seeds - 1 > SEED.most:
        raise UserError(f"--seed and the {args.seeds} numbers from it on must end at {SEED.most}.")

    from keras_madd.comparison.testing import folders_to_test
    from keras_madd.training.shards_data import ShardsData

    # Keras takes seconds to import, and a mistake must not wait for it.
    folders_to_test(ShardsData.open(settings).folders)
    return settings, range(settings.seed, settings.seed + args.seeds)
