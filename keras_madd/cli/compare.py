"""Train detectors at equal cost on the same faces, and test them beside each other."""

import argparse
import contextlib
import sys
from pathlib import Path

from keras_madd.cli import train
from keras_madd.cli.arguments import command_line, path
from keras_madd.cli.arms import add_cost, settings_and_seeds

MODELS = "madd_efficientnet_lite0,f3net,two_branch,sstnet,xception,efficientnet_b4"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd compare`: its own, and those of `train` for all."""
    models = parser.add_argument_group("comparison")
    models.add_argument(
        "--models",
        default=MODELS,
        metavar="LIST",
        help="presets, separated by commas (default: %(default)s); what is one's own is set by "
        "--set MODEL.KEY=VALUE: a field of its configuration, or init, backbone_weights, "
        "learning_rate and the like",
    )
    add_cost(models, "model")
    models.add_argument(
        "--json",
        type=path,
        metavar="OUT",
        help="also write comparison.json to this file; - is standard output, and the words for "
        "people go to standard error",
    )
    models.add_argument("--overwrite", action="store_true", help="replace the file of --json")
    train.add_arguments(parser, one_model=False)
    parser.epilog = (
        "Writes comparison.html and comparison.json into --output, beside a folder for each model. "
        "The best epochs are chosen on the validation split and measured on the test split. The "
        "same command goes on where it was stopped, and takes more models or seeds into a "
        "comparison that is there."
    )


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd compare`; returns the exit status."""
    from keras_madd.comparison.model_settings import changes_of, models_of
    from keras_madd.support.files import STANDARD_OUTPUT, check_outputs, json_bytes, write_output

    models = models_of(args.models)
    shared, changes = changes_of(dict(getattr(args, "set", [])), models)
    args.set = list(shared.items())
    if args.json is not None:
        check_outputs([args.json], overwrite=args.overwrite)
    settings, seeds = settings_and_seeds(args)

    from keras_madd.support.native_stderr import native_stderr_silenced

    with contextlib.ExitStack() as stack:
        if args.json == STANDARD_OUTPUT:
            # What reads standard output finds nothing there but the JSON.
            stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        with native_stderr_silenced():
            from keras_madd.comparison.comparison_report import REPORT_FILE, as_text
            from keras_madd.comparison.detectors import compare_detectors
        content = compare_detectors(
            settings,
            models,
            seeds,
            changes=changes,
            budget=args.budget,
            command=command_line("compare"),
        )
        print(as_text(content), end="")
        print(f"report: {Path(settings.output) / REPORT_FILE}")
    if args.json is not None:
        write_output(args.json, json_bytes(content), overwrite=args.overwrite)
    return 0
