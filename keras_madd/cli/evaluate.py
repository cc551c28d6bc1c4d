"""Evaluate a model, or saved scores: metrics with intervals, robustness, reasons, a report."""

import argparse
import contextlib
import shlex
import sys
import tempfile
from pathlib import Path

_CORRUPTIONS = "saturation,contrast,blocks,noise,blur,downscale,jpeg,h264"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd evaluate`."""
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument(
        "--model", metavar="FILE", help="a .keras, .tflite or .onnx file, or a preset's folder"
    )
    subject.add_argument(
        "--scores", metavar="FILE", help="scores.parquet of an earlier evaluation, or a .csv file"
    )
    parser.add_argument(
        "--data",
        action="append",
        default=[],
        metavar="SHARDS",
        help="folder that keras-madd prepare wrote; repeat it for a cross-dataset table",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="DIR",
        help="folder for the results; - prints metrics.json on standard output and writes no "
        "report",
    )
    parser.add_argument(
        "--split", choices=("test", "val", "train"), default="test", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--calibrate",
        action="store_true",
        help="fit temperature and threshold on the validation split of the first --data, and "
        "store them in the model.json of a .tflite or .onnx file",
    )
    parser.add_argument(
        "--threshold", type=float, metavar="P", help="a threshold from elsewhere, 0 to 1"
    )
    parser.add_argument(
        "--aggregate",
        choices=("mean", "median", "top10", "top25"),
        default="mean",
        help="frames to video; topN: mean of the highest N %% (default: %(default)s)",
    )
    parser.add_argument(
        "--bootstrap",
        type=int,
        default=1000,
        metavar="N",
        help="with --compare: resamples of the videos (default: %(default)s)",
    )
    parser.add_argument(
        "--corruptions",
        nargs="?",
        const=_CORRUPTIONS,
        default="",
        metavar="LIST",
        help=f"also test corrupted pictures, at five severities each; all, or some of "
        f"{_CORRUPTIONS}",
    )
    parser.add_argument(
        "--corruption-sources",
        type=int,
        default=100,
        metavar="N",
        help="corrupt N real videos, drawn at random, and their fakes; 0 for all "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--compare", metavar="FILE", help="scores of another model, to compare on the same videos"
    )
    parser.add_argument(
        "--gallery",
        type=int,
        default=12,
        metavar="N",
        help="faces in each gallery; 0 leaves out galleries and attention (default: %(default)s)",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="processor threads for LiteRT")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")
    parser.epilog = (
        "Writes report.html, metrics.json and scores.parquet. Temperature and threshold are fitted "
        "on the validation split and on no other."
    )


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd evaluate`; returns the exit status."""
    from keras_madd.support.files import STANDARD_OUTPUT, write_output

    _check(args)
    if args.output != STANDARD_OUTPUT:
        _evaluate(args, args.output)
        print(f"report: {Path(args.output) / 'report.html'}")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        # What reads standard output finds nothing there but the JSON.
        with contextlib.redirect_stdout(sys.stderr):
            _evaluate(args, folder)
        write_output(args.output, (Path(folder) / "metrics.json").read_bytes())
    return 0


def _evaluate(args: argparse.Namespace, output: str) -> None:
    """Evaluates into a folder, and says what came of it."""
    from keras_madd.evaluation.calibration import save_calibration
    from keras_madd.evaluation.corruptions import CORRUPTIONS
    from keras_madd.evaluation.run import EvaluationSettings, run_evaluation
    from keras_madd.support.errors import UserError
    from keras_madd.support.output_folder import output_folder

    names = [name for name in args.corruptions.split(",") if name]
    unknown = sorted(set(names) - set(CORRUPTIONS))
    if unknown:
        raise UserError(
            f"--corruptions knows {', '.join(CORRUPTIONS)}. Received: {', '.join(unknown)}"
        )
    settings = EvaluationSettings(
        model=Path(args.model) if args.model else None,
        data=[Path(folder) for folder in args.data],
        scores=Path(args.scores) if args.scores else None,
        split=args.split,
        calibrate=args.calibrate,
        threshold=args.threshold,
        aggregate=args.aggregate,
        bootstrap=args.bootstrap,
        corruptions=names,
        corruption_sources=args.corruption_sources or None,
        compare=Path(args.compare) if args.compare else None,
        gallery=args.gallery,
        threads=args.threads,
        seed=args.seed,
        command="keras-madd " + shlex.join(sys.argv[1:]),
    )
    with output_folder(output, args.overwrite) as folder:
        outcome = run_evaluation(folder, settings)
    for warning in outcome.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    _print(outcome)
    if outcome.calibration is not None and settings.model.suffix in (".tflite", ".onnx"):
        save_calibration(settings.model, outcome.calibration)
        print(f"temperature and threshold stored beside {settings.model}")


def _check(args: argparse.Namespace) -> None:
    from keras_madd.support.errors import UserError

    if args.model and not args.data:
        raise UserError("--model needs --data: a folder that keras-madd prepare wrote.")
    if args.scores and (args.data or args.calibrate or args.corruptions):
        raise UserError(
            "--scores measures what was scored already; --data, --calibrate and --corruptions "
            "need --model."
        )
    if args.threshold is not None and not 0 <= args.threshold <= 1:
        raise UserError(f"--threshold must be from 0 to 1. Received: {args.threshold}")
    for name, least in (("bootstrap", 0), ("gallery", 0), ("corruption_sources", 0), ("seed", 0)):
        if getattr(args, name) < least:
            raise UserError(
                f"--{name.replace('_', '-')} must be {least} or more. "
                f"Received: {getattr(args, name)}"
            )


def _print(outcome) -> None:
    from keras_madd.evaluation.auc_interval import few_videos_note

    for name, result in outcome.results.items():
        for unit in ("frames", "videos"):
            row = result[unit]
            low, high = row["auc_interval"]
            print(
                f"{name}, {row['count']} {unit}: AUC {row['auc']:.4f} ({low:.4f} to {high:.4f}), "
                f"AP {row['ap']:.4f}, EER {row['eer']:.2%}, accuracy {row['acc']:.2%}, "
                f"TPR at FPR 1 % {row['tpr_at_fpr_1']:.2%}"
            )
    if note := few_videos_note(outcome.results):
        print(f"note: {note}", file=sys.stderr)
    for name, each in outcome.one_class.items():
        print(
            f"{name}: one class only ({each['frames']} frames, all {each['label']}): no AUC; "
            f"{each['called_fake']:.1%} called fake"
        )
    for name, each in outcome.comparison.items():
        print(
            f"{name}: video AUC {each.difference:+.4f} against {outcome.compared_with} "
            f"({each.interval[0]:+.4f} to {each.interval[1]:+.4f}), DeLong p {each.delong_p:.3f}"
        )
