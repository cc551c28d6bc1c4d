"""Export a trained model to a LiteRT or ONNX file, quantise and verify it."""

import argparse
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from keras_madd.cli.arguments import (
    MARGIN,
    SEED,
    SHARE,
    TEMPERATURE,
    THREADS,
    Range,
    command_line,
    local_folder,
    path,
    settings_of,
)

_QUANTIZATIONS = ("none", "float16", "dynamic", "int8", "int8-full")
_PICTURES = Range(16, 10**9)  # Fewer tell nothing of the range of an activation.
# Options that say where a file goes, not what it is.
_PLACES = ("output", "overwrite", "android", "web")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd export`."""
    parser.add_argument(
        "model",
        type=path,
        nargs="?",
        metavar="MODEL",
        help="a .keras file or a preset's folder (default: the trained detector that comes with "
        "keras-madd; without --quantize its own 8-bit file is written as it is)",
    )
    parser.add_argument(
        "--output",
        type=path,
        metavar="OUT",
        help="the file to write: OUT.tflite for LiteRT, OUT.onnx for ONNX",
    )
    parser.add_argument(
        "--android",
        type=local_folder,
        metavar="DIR",
        help="put the LiteRT file, its description and a self-check into this Android project, "
        "such as android_demo, in place of the earlier ones; instead of --output, or as well",
    )
    parser.add_argument(
        "--web",
        type=local_folder,
        metavar="DIR",
        help="write a folder that scores in a browser, from any static server and offline: page, "
        "LiteRT file, description; instead of --output, or as well",
    )
    parser.add_argument(
        "--quantize",
        choices=_QUANTIZATIONS,
        help="none: float32. float16: half the size, the same speed. dynamic: weights in 8 bits. "
        "int8: convolutions in 8 bits, what does not bear it in float; the one for phones. "
        "int8-full: everything in 8 bits, for accelerators that know nothing else; costs "
        "accuracy. LiteRT only. (default: none)",
    )
    _add_pictures(parser.add_argument_group("pictures"))
    _add_description(parser.add_argument_group("what model.json says"))
    parser.add_argument(
        "--batch",
        type=Range(1, 1024),
        default=1,
        help="fixed batch size; ONNX takes any (default: %(default)s)",
    )
    parser.add_argument(
        "--input-type",
        choices=("float32", "uint8"),
        default="float32",
        help="type of the pixels 0 to 255 that the file takes (default: %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")


def _add_pictures(group) -> None:
    group.add_argument(
        "--calibration",
        type=path,
        metavar="SHARDS|IMAGES",
        help="for int8 and int8-full: a folder of shards, whose train split is used, or of "
        "pictures; those of the model's input size are taken for face crops, in others the "
        "largest face is cut out",
    )
    group.add_argument(
        "--samples",
        type=_PICTURES,
        default=200,
        metavar="N",
        help="pictures to calibrate on, drawn at random (default: %(default)s)",
    )
    group.add_argument(
        "--verify",
        type=path,
        metavar="SHARDS|IMAGES",
        help="measure what the export cost, on a folder of shards, whose test (else val) split is "
        "used, or of pictures, labelled by folders named real and fake; writes "
        "OUT.report.json and OUT.report.html",
    )
    group.add_argument(
        "--verify-samples",
        type=_PICTURES,
        default=1000,
        metavar="N",
        help="pictures to verify on, drawn at random (default: %(default)s)",
    )
    group.add_argument(
        "--max-auc-drop",
        type=SHARE,
        metavar="X",
        help="fail with status 1 if AUC falls by more, and list the layers that are most off",
    )
    group.add_argument(
        "--threads",
        type=THREADS,
        nargs="+",
        default=(1, 2),
        metavar="N",
        help="numbers of threads to time the file with (default: 1 2)",
    )
    group.add_argument(
        "--seed", type=SEED, default=0, help="seed of the drawing (default: %(default)s)"
    )


def _add_description(group) -> None:
    group.add_argument(
        "--crop-margin",
        type=MARGIN,
        help="side of the training crops over the longer side of the face box (default: the "
        "model's own)",
    )
    group.add_argument(
        "--detector",
        choices=("auto", "short", "full"),
        help="face detector that the training crops were made with (default: the model's own)",
    )
    group.add_argument(
        "--training-data",
        metavar="TEXT",
        help="what it was trained on, in words (default: the model's own)",
    )
    group.add_argument(
        "--temperature",
        type=TEMPERATURE,
        help="what runtimes divide the log-odds by, as calibration found it (default: that of the "
        "model.json in a preset's folder, else 1)",
    )
    group.add_argument(
        "--threshold",
        type=SHARE,
        help="least calibrated probability that is called fake (default: that of the model.json in "
        "a preset's folder, else 0.5)",
    )
    group.add_argument(
        "--demonstration",
        action="store_true",
        help="mark the model as one that only shows how things work; apps say so on the screen",
    )


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd export`; returns the exit status."""
    import tempfile

    _check(args)
    if args.output is not None:
        return _export(args, Path(args.output))
    with tempfile.TemporaryDirectory() as folder:
        return _export(args, Path(folder) / "model.tflite")


def _export(args: argparse.Namespace, output: Path) -> int:
    if _is_shipped(args):
        _write_shipped(args, output)
    else:
        status = _convert(args, output)
        if status:
            return status
    if args.android is not None:
        _put_into_app(output, args.android)
    if args.web is not None:
        _put_into_page(output, args)
    return 0


def _is_shipped(args: argparse.Namespace) -> bool:
    """Whether the trained detector's own file is asked for, as it is."""
    to_litert = args.output is None or args.output.endswith(".tflite")
    return args.model is None and args.quantize is None and to_litert


def _write_shipped(args: argparse.Namespace, output: Path) -> None:
    from keras_madd.exporting.shipped import copy_shipped
    from keras_madd.support.errors import UserError

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    changed = [
        "--" + name.replace("_", "-")
        for name, value in vars(parser.parse_args([])).items()
        if name not in _PLACES and getattr(args, name) != value
    ]
    if changed:
        raise UserError(
            f"{', '.join(changed)} needs --quantize, or a model: without either the trained "
            "detector's own file is written as it is."
        )
    _tell([copy_shipped(output, args.overwrite)], args, output)


def _convert(args: argparse.Namespace, output: Path) -> int:
    from keras_madd.exporting.run_export import ExportSettings, run_export
    from keras_madd.support.shipped import default_folder

    settings = settings_of(
        ExportSettings,
        args,
        model=str(default_folder()) if args.model is None else args.model,
        quantize=args.quantize or "none",
        output=output,
        threads=tuple(args.threads),
        command=command_line("export"),
    )
    result = run_export(settings)
    _tell(result.lines, args, output)
    for problem in result.problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if result.problems else 0


def _tell(lines: Iterable[str], args: argparse.Namespace, output: Path) -> None:
    """Prints what became of the file; where nobody wants it for itself, not where it is."""
    for line in lines:
        print(line if args.output is not None else line.replace(str(output), "the model"))


def _put_into_app(output: Path, project: str) -> None:
    from keras_madd.exporting.android import write_android_assets

    written = write_android_assets(output, project)
    print(
        f"{written.folder}: the golden crop must give {written.probability:.4f} "
        f"+- {written.tolerance}; told apart: {', '.join(written.told_apart)}"
    )


def _put_into_page(output: Path, args: argparse.Namespace) -> None:
    from keras_madd.support.shipped import default_litert
    from keras_madd.web.folder import write_web_folder

    # The card lies beside the package's own file, not beside its copy.
    source = default_litert() if _is_shipped(args) else output
    folder = write_web_folder(source, args.web, args.overwrite)
    print(
        f"{folder}: python -m http.server --bind 127.0.0.1 --directory {shlex.quote(str(folder))}"
    )


def _check(args: argparse.Namespace) -> None:
    from keras_madd.support.errors import UserError

    if args.output is None and args.android is None and args.web is None:
        raise UserError(
            "Say where to write: --output OUT.tflite, OUT.onnx, --android DIR or --web DIR."
        )
    if args.output is None and args.verify is not None:
        raise UserError(
            "--verify writes its reports beside the file: say where, --output OUT.tflite."
        )
    for option in ("android", "web"):
        if getattr(args, option) is not None:
            _check_needs_litert(args, option)
    if args.android is not None:
        from keras_madd.exporting.android import check_project

        check_project(args.android)
    if args.web is not None:
        from keras_madd.support.output_folder import check_output_folder

        check_output_folder(args.web, args.overwrite)
        if args.output and Path(args.web).resolve() in Path(args.output).resolve().parents:
            raise UserError(
                f"--output {args.output} lies in the folder of --web, which is one of its own: "
                "choose another place."
            )


def _check_needs_litert(args: argparse.Namespace, option: str) -> None:
    from keras_madd.support.errors import UserError

    if args.batch != 1:
        raise UserError(f"--{option} needs --batch 1. Received: {args.batch}")
    if args.output is not None and not args.output.endswith(".tflite"):
        raise UserError(
            f"--{option} needs an --output that ends in .tflite. Received: {args.output}"
        )
