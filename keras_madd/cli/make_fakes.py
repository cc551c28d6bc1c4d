"""Make fakes between held-out people, as H.264 clips and as shards to validate and test with."""

import argparse
import os

from keras_madd.cli.arguments import COUNT, SEED, SIDE, WORKERS, Range, local_folder, path
from keras_madd.cli.prepare import print_left_out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd make-fakes`."""
    # Defaults are written out, and compared with the originals by a test: asking for help must not
    # wait for OpenCV.
    parser.add_argument(
        "--faces",
        required=True,
        type=path,
        metavar="DIR",
        help="folder of photographs of real faces",
    )
    parser.add_argument(
        "--people",
        required=True,
        type=path,
        metavar="CSV",
        help="a table with the columns file and person",
    )
    parser.add_argument(
        "--output",
        required=True,
        type=local_folder,
        metavar="DIR",
        help="folder to write, or to go on with",
    )
    parser.add_argument(
        "--split", nargs="+", default=["val", "test"], choices=["val", "test"], help="these splits"
    )
    parser.add_argument(
        "--crf",
        nargs="+",
        type=Range(0, 51),
        default=[23, 40],
        metavar="N",
        help="x264's rate factors",
    )
    parser.add_argument(
        "--size", type=SIDE, default=380, metavar="PIXELS", help="the network's input"
    )
    parser.add_argument("--frames", type=COUNT, default=25, metavar="N", help="frames of a clip")
    parser.add_argument(
        "--frames-per-video", type=COUNT, default=3, metavar="N", help="those that are cut out"
    )
    parser.add_argument(
        "--seed", type=SEED, default=0, help="of everything random, the people's split as well"
    )
    parser.add_argument(
        "--workers", type=WORKERS, metavar="N", help="processes; by default one per processor"
    )
    parser.epilog = (
        "Writes clips/ and a folder of shards for each rate factor, c23/ and c40/: give those to "
        "train, beside the shards of the people of train, and to evaluate. The same command goes "
        "on where it was stopped."
    )


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd make-fakes`; returns the exit status."""
    from keras_madd.datasets.unseen_fakes import make_unseen_fakes
    from keras_madd.support.errors import UserError
    from keras_madd.support.progress import Stages

    try:
        with Stages().stage("fakes") as stage:
            made = make_unseen_fakes(
                args.faces,
                args.people,
                args.output,
                crfs=args.crf,
                splits=args.split,
                size=args.size,
                frames=args.frames,
                frames_per_video=args.frames_per_video,
                seed=args.seed,
                workers=args.workers or os.cpu_count() or 1,
                progress=stage.advance,
            )
    except ValueError as error:
        raise UserError(str(error)) from None
    for crf, description in made.items():
        for split, kinds in description.counts.items():
            real, fake = (kinds[kind]["videos"] for kind in ("real", "fake"))
            print(f"c{crf}, {split}: {real} real clips and {fake} fake ones")
    # The clips of all rates are of the same photographs.
    print_left_out(next(iter(made.values())), f"{args.output}/*/dataset.json")
    return 0
