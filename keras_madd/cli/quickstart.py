"""Train, evaluate and export a small detector on embedded data, and score a photograph."""

import argparse

from keras_madd.cli.arguments import EPOCHS, SEED, command_line, local_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `keras-madd quickstart`."""
    parser.add_argument(
        "--output", required=True, type=local_folder, metavar="DIR", help="folder for the results"
    )
    parser.add_argument(
        "--epochs", type=EPOCHS, default=None, metavar="N", help="epochs of training (default: 6)"
    )
    parser.add_argument(
        "--seed", type=SEED, default=0, metavar="S", help="everything random follows (default: 0)"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a smoke run: 12 people and 1 epoch unless --epochs is given; scores mean nothing",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="write into a folder that is not empty"
    )


def run(args: argparse.Namespace) -> int:
    """Run `keras-madd quickstart`; return the exit status."""
    from keras_madd.support.native_stderr import native_stderr_silenced
    from keras_madd.support.output_folder import output_folder

    with output_folder(args.output, args.overwrite) as folder:
        with native_stderr_silenced():
            from keras_madd.demo import quickstart
        settings = quickstart.Settings(
            epochs=args.epochs or (1 if args.quick else quickstart.Settings.epochs),
            people=12 if args.quick else quickstart.Settings.people,
            seed=args.seed,
            command=command_line("quickstart"),
        )
        metrics = quickstart.run(folder, settings)
    print(f"frame AUC, seen manipulations:  {metrics['frame_auc']:.3f}")
    print(f"video AUC, seen manipulations:  {metrics['video_auc']:.3f}")
    print(f"frame AUC, unseen manipulation: {metrics['unseen_manipulation_auc']:.3f}")
    for face in metrics["photo"]:
        print(f"the photograph's face:          {face['fake_probability']:.1%} fake")
    print("This model is a demonstration: it detects nothing in the wild.")
    print(f"report: {args.output}/report.html")
    return 0
