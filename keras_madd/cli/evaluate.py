"""Evaluate a model, or saved scores: metrics with intervals, robustness, reasons, a report."""

import argparse
import contextlib
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from keras_madd.cli.arguments import (
    COUNT_OR_NONE,
    GALLERY,
    PART,
    RESAMPLES,
    SEED,
    SHARE,
    THREADS,
    command_line,
    local_folder,
    path,
    settings_of,
)

_CORRUPTIONS = "saturation,contrast,blocks,noise,blur,downscale,jpeg,h264"


def _results(text: str) -> str:
    return path(text) if text == "-" else local_folder(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd evaluate`."""
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument(
        "--model",
        type=path,
        metavar="FILE",
        help="a .keras, .tflite or .onnx file, or a preset's folder",
    )
    subject.add_argument(
        "--scores",
        type=path,
        metavar="FILE",
        help="scores.parquet of an earlier evaluation, or a .csv file",
    )
    parser.add_argument(
        "--data",
        action="append",
        type=path,
        default=[],
        metavar="SHARDS",
        help="folder that keras-madd prepare wrote; repeat it for a cross-dataset table",
    )
    parser.add_argument(
        "--output",
        required=True,
        type=_results,
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
        "put them in place of the earlier ones in the model.json of a .tflite or .onnx file",
    )
    parser.add_argument(
        "--false-alarms",
        type=PART,
        metavar="SHARE",
        help="with --calibrate: fit two thresholds, for the words fake, uncertain and no trace "
        "found, so that at most this share of unseen real people is called fake, such as 0.05",
    )
    parser.add_argument(
        "--misses",
        type=PART,
        metavar="SHARE",
        help="with --false-alarms: find no trace in at most this share of fakes (default: 0.1)",
    )
    parser.add_argument(
        "--threshold", type=SHARE, metavar="P", help="a threshold from elsewhere, 0 to 1"
    )
    parser.add_argument(
        "--aggregate",
        choices=("mean", "median", "top10", "top25"),
        default="mean",
        help="frames to video; topN: mean of the highest N %% (default: %(default)s)",
    )
    parser.add_argument(
        "--bootstrap",
        type=RESAMPLES,
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
        type=COUNT_OR_NONE,
        default=100,
        metavar="N",
        help="corrupt N real videos, drawn at random, and their fakes; 0 for all "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--compare",
        type=path,
        metavar="FILE",
        help="scores of another model, to compare on the same videos",
    )
    parser.add_argument(
        "--gallery",
        type=GALLERY,
        default=12,
        metavar="N",
        help="faces in each gallery; 0 leaves out galleries and maps (default: %(default)s)",
    )
    parser.add_argument("--threads", type=THREADS, metavar="N", help="processor threads for LiteRT")
    parser.add_argument("--seed", type=SEED, default=0, help="(default: %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace existing results")
    parser.epilog = (
        "Writes report.html, metrics.json and scores.parquet. Temperature and threshold are fitted "
        "on the validation split and on no other."
    )


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd evaluate`; returns the exit status."""
    from keras_madd.support.files import STANDARD_OUTPUT, write_output

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
    from keras_madd.evaluation.calibration_fit import save_calibration
    from keras_madd.evaluation.run_evaluation import (
        METRICS_FILE,
        REPORT_FILE,
        SCORES_FILE,
        EvaluationSettings,
        run_evaluation,
    )
    from keras_madd.inference.model_description import model_json_path
    from keras_madd.support.files import check_outputs
    from keras_madd.support.output_folder import output_folder

    settings = settings_of(
        EvaluationSettings,
        args,
        model=Path(args.model) if args.model else None,
        data=args.data,
        scores=Path(args.scores) if args.scores else None,
        corruptions=list(dict.fromkeys(filter(None, args.corruptions.split(",")))),
        corruption_sources=args.corruption_sources or None,
        compare=Path(args.compare) if args.compare else None,
        command=command_line("evaluate"),
    )
    model = settings.model if args.calibrate else None
    calibrated = model if model and model.suffix in (".tflite", ".onnx") else None
    if calibrated is not None:
        check_outputs([model_json_path(calibrated)], overwrite=True)
    read = [args.model, args.model and model_json_path(args.model), args.scores, args.compare]
    written = (SCORES_FILE, METRICS_FILE, REPORT_FILE)
    with output_folder(
        output, args.overwrite, inputs=list(filter(None, read)), names=written
    ) as folder:
        evaluation = run_evaluation(folder, settings)
    for warning in evaluation.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    _print(evaluation)
    if calibrated is not None and evaluation.calibration is not None:
        # The threshold of the report: the fitted one, or --threshold.
        value, _ = evaluation.threshold
        assert value is not None
        save_calibration(calibrated, replace(evaluation.calibration, threshold=value))
        print(f"temperature and threshold stored beside {calibrated}")


def _print(evaluation) -> None:
    from keras_madd.evaluation.auc_interval import few_videos_note

    for name, result in evaluation.results.items():
        for unit in ("frames", "videos"):
            row = result[unit]
            low, high = row["auc_interval"]
            print(
                f"{name}, {row['count']} {unit}: AUC {row['auc']:.4f} ({low:.4f} to {high:.4f}), "
                f"AP {row['ap']:.4f}, EER {row['eer']:.2%}, accuracy {row['acc']:.2%}, "
                f"TPR at FPR 1 % {row['tpr_at_fpr_1']:.2%}"
            )
    if note := few_videos_note(evaluation.results):
        print(f"note: {note}", file=sys.stderr)
    for name, each in evaluation.one_class.items():
        print(
            f"{name}: one class only ({each['frames']} frames, all {each['label']}): no AUC; "
            f"{each['called_fake']:.1%} called fake"
        )
    for name, each in evaluation.comparison.items():
        low, high = each.interval
        count = evaluation.results[name]["videos"]["count"]
        print(
            f"{name}, {each.videos} of {count} videos, which both scored: video AUC "
            f"{each.difference:+.4f} against {evaluation.compared_with} ({low:+.4f} to "
            f"{high:+.4f}), DeLong p {each.delong_p:.3f}"
        )
