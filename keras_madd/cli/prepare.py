"""Cut the faces out of a data set's videos, into shards to train and evaluate with."""

import argparse
import os
from typing import TYPE_CHECKING

from keras_madd.cli.arguments import (
    CONTEXT,
    COUNT,
    COUNT_OR_NONE,
    MARGIN,
    SEED,
    SIDE,
    WORKERS,
    folder,
    path,
    settings_of,
)

if TYPE_CHECKING:
    from keras_madd.data.shards_description import ShardsDescription

DATASETS = (
    "celebdf_v1",
    "celebdf_v2",
    "deeperforensics",
    "deepfakebench",
    "dfd",
    "dfdc",
    "dfdc_preview",
    "faceforensics",
    "faces",
    "folder",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd prepare`."""
    # Names and defaults are written out, and compared with the originals by a test: asking for
    # help must not wait for OpenCV.
    parser.add_argument("--dataset", required=True, choices=DATASETS, help="which data set it is")
    parser.add_argument(
        "--root", required=True, type=path, metavar="DIR", help="its folder, as it was downloaded"
    )
    parser.add_argument(
        "--output",
        required=True,
        type=folder,
        metavar="SHARDS",
        help="folder of shards to write, or go on with",
    )
    choice = parser.add_argument_group("which videos")
    choice.add_argument("--compression", default="c23", help="FaceForensics++: raw, c23 or c40")
    choice.add_argument("--methods", nargs="+", default=[], metavar="METHOD", help="these fakes")
    choice.add_argument(
        "--split", nargs="+", default=[], choices=["train", "val", "test"], help="these splits"
    )
    choice.add_argument(
        "--split-files",
        type=path,
        metavar="PATH",
        help="the official lists, where they are not in the root",
    )
    choice.add_argument(
        "--people",
        type=path,
        metavar="CSV",
        help="of faces: a table with the columns file and person; without, folders are people",
    )
    choice.add_argument(
        "--limit", type=COUNT_OR_NONE, default=0, metavar="N", help="about N videos, for a trial"
    )
    faces = parser.add_argument_group("how the faces are cut out")
    faces.add_argument("--frames-per-video", type=COUNT, default=32, metavar="N")
    faces.add_argument("--detector", choices=["auto", "short", "full"], default="auto")
    faces.add_argument(
        "--size", type=SIDE, default=380, metavar="PIXELS", help="the network's input"
    )
    faces.add_argument(
        "--margin",
        type=MARGIN,
        default=1.3,
        help="side of the crop over that of the box",
    )
    faces.add_argument(
        "--context",
        type=CONTEXT,
        default=1.15,
        help="how far crops of train reach beyond the margin, for jitter (default %(default)s)",
    )
    faces.add_argument("--image-format", choices=["jpeg", "png"], default="jpeg")
    faces.add_argument(
        "--tracks",
        choices=["largest", "all"],
        default="largest",
        help="one person a video, or all",
    )
    faces.add_argument(
        "--real-boxes",
        action="store_true",
        help="cut a fake at the frames and boxes of its real video",
    )
    faces.add_argument(
        "--landmarks",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="store landmarks of real faces, for self-blended training",
    )
    work = parser.add_argument_group("how it is done")
    work.add_argument(
        "--workers", type=WORKERS, metavar="N", help="processes; by default one per processor"
    )
    work.add_argument(
        "--max-failures",
        metavar="N",
        help='stop when more videos fail, "20" or "5%%" (default 10%%, at least 10)',
    )
    work.add_argument(
        "--retry-failed", action="store_true", help="try videos again that failed before"
    )
    work.add_argument("--videos-per-shard", type=COUNT, default=64, metavar="N")
    work.add_argument("--seed", type=SEED, default=0, help="of the order of videos")
    work.add_argument(
        "--runner",
        type=path,
        default="local",
        help='"local", or a runner of Apache Beam: DirectRunner, FlinkRunner, DataflowRunner ...',
    )
    work.add_argument(
        "--beam-args", default="", metavar="OPTIONS", help="options of the Beam pipeline, quoted"
    )
    parser.epilog = (
        "The same command goes on where it was stopped or killed; it replaces files of its own and "
        "no others. Videos without a face or that cannot be read are listed in manifest.jsonl; "
        "exit status is 0 as long as --max-failures allows them, 2 for mistakes and full disks, "
        "130 after Ctrl-C, 143 after SIGTERM."
    )


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd prepare`; returns the exit status."""
    import shlex

    from keras_madd.datasets.prepare import PrepareSettings, prepare
    from keras_madd.support.errors import UserError
    from keras_madd.support.progress import Stages

    stages = Stages()
    if args.people and args.dataset != "faces":
        raise UserError(f"--people is for --dataset faces. Received: --dataset {args.dataset}")
    if args.beam_args and args.runner == "local":
        raise UserError("--beam-args is for a --runner of Apache Beam; the local one has none.")
    try:
        beam_arguments = shlex.split(args.beam_args)
    except ValueError as error:
        raise UserError(f"--beam-args {args.beam_args!r}: {error}.") from None
    try:
        chosen = {
            "methods": tuple(sorted(set(args.methods))),
            "splits": tuple(sorted(set(args.split))),
        }
        settings = settings_of(PrepareSettings, args, **chosen)
        with stages.stage("videos") as stage:
            result = prepare(
                args.root,
                args.output,
                settings,
                split_files=args.split_files,
                people=args.people,
                workers=(os.cpu_count() or 1) if args.workers is None else args.workers,
                runner=args.runner,
                beam_arguments=beam_arguments,
                max_failures=args.max_failures,
                retry_failed=args.retry_failed,
                progress=stage.advance,
            )
    except ValueError as error:
        raise UserError(str(error)) from None
    _summarize(args.output, result)
    return 0


def _summarize(output: str, result) -> None:
    description = result.description
    for split, kinds in description.counts.items():
        parts = [
            f"{_count(kinds[kind]['videos'], f'{kind} video')} with "
            f"{_count(kinds[kind]['crops'], 'face')}"
            for kind in ("real", "fake")
        ]
        print(f"{split}: {', '.join(parts)}")
    if description.failures:
        reasons = ", ".join(f"{count} {name}" for name, count in description.failures.items())
        print(f"without a crop: {reasons}; {output}/manifest.jsonl says which and why")
    print_left_out(description, f"{output}/dataset.json")
    if result.complete_before:
        print(f"{output} was complete already")


def print_left_out(description: "ShardsDescription", listed_in: str) -> None:
    """Prints what a data set lacks and what its reader has to say."""
    if description.missing:
        print(f"missing on disk: {len(description.missing)}, listed in {listed_in}")
    for note in description.notes:
        print(f"note: {note}")


def _count(number: int, name: str) -> str:
    return f"{number} {name}{'' if number == 1 else 's'}"
