"""Export a trained model to a LiteRT or ONNX file with its description."""

import argparse
import sys

# The largest difference of a probability from the float model's that is rounding, not a fault.
_TOLERANCES = {"none": 1e-3, "float16": 0.02, "dynamic": 0.1}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the arguments of `keras-madd export`."""
    parser.add_argument("model", metavar="MODEL", help="a .keras file or a preset's folder")
    parser.add_argument(
        "--output",
        required=True,
        metavar="OUT",
        help="the file to write: OUT.tflite for LiteRT, OUT.onnx for ONNX",
    )
    parser.add_argument(
        "--quantize",
        choices=list(_TOLERANCES),
        default="none",
        help="none: float32. float16: half the size, the same speed. dynamic: weights in 8 bits, "
        "a quarter of the size. Recipes with 8-bit activations, which need calibration images, "
        "are not offered yet. LiteRT only. (default: %(default)s)",
    )
    parser.add_argument(
        "--batch",
        type=_count,
        default=1,
        help="fixed batch size; ONNX takes any (default: %(default)s)",
    )
    parser.add_argument(
        "--crop-margin",
        type=float,
        default=1.3,
        help="side of the training crops over the longer side of the face box "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--detector",
        choices=("auto", "short", "full"),
        default="auto",
        help="face detector that the training crops were made with (default: %(default)s)",
    )
    parser.add_argument(
        "--training-data", default="", metavar="TEXT", help="what it was trained on, in words"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")


def run(args: argparse.Namespace) -> int:
    """Runs `keras-madd export`; returns the exit status."""
    from pathlib import Path

    from keras_madd.errors import UserError
    from keras_madd.exporting.bundle import check_output, export_bundle
    from keras_madd.exporting.model_json import model_json_path
    from keras_madd.exporting.verify import compare_export, sample_pictures
    from keras_madd.loading import load_madd
    from keras_madd.native_stderr import native_stderr_silenced

    output = Path(args.output)
    if not 0 < args.crop_margin < 10:
        raise UserError(f"--crop-margin must be above 0, below 10. Received: {args.crop_margin}")
    check_output(output, args.quantize, args.overwrite)
    with native_stderr_silenced():
        model = load_madd(args.model)
    description = export_bundle(
        model,
        output,
        quantize=args.quantize,
        batch=args.batch,
        crop_margin=args.crop_margin,
        detector=args.detector,
        training_data=args.training_data,
        overwrite=args.overwrite,
    )
    print(f"{output}: {output.stat().st_size / 1e6:.2f} MB, quantize {args.quantize}")
    print(f"{model_json_path(output)}: sha256 {description.sha256}")

    pictures = sample_pictures(description.input_size)
    difference = compare_export(model, output, pictures)["max_probability_difference"]
    print(
        f"largest difference of a probability from Keras, {len(pictures)} generated pictures: "
        f"{difference:.1e}"
    )
    tolerance = _TOLERANCES[args.quantize]
    if difference <= tolerance:
        return 0
    print(f"error: expected at most {tolerance}: do not use this file.", file=sys.stderr)
    return 1


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {value}")
    return value
