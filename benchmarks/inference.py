"""What an exported model costs and keeps: size, time and accuracy of every format.

    python benchmarks/inference.py --output benchmarks/results/inference.json

Models: `madd_mobilenet_v2`, `madd_efficientnet_b0` and, from `--backbone-weights` on,
`madd_efficientnet_lite0`, trained on the embedded data by the quickstart's recipe (or read from
`--trained NAME=FILE`), and the released code's network on
EfficientNet-B4 with weights by rule, whose answers mean nothing but show what numbers do to it.
Files are calibrated on training people and measured on test people. Times are of one face, all
formats in turn, round after round; a ratio below 1 is faster than float32 under LiteRT.
"""

import argparse
import gc
import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from inference_data import faces, official_b4, train
from record import write_record

FORMATS = ("none", "float16", "dynamic", "int8", "int8-full")
AIMS = {
    "size_ratio": (0.30, "at most"),
    "time_ratio_1_thread": (0.55, "at most"),
    "auc_drop": (0.003, "at most"),
    "logit_correlation": (0.998, "at least"),
}


def main() -> None:
    """Measure the models that were asked for and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    names = ["madd_mobilenet_v2", "madd_efficientnet_b0", "madd_efficientnet_lite0", "official_b4"]
    parser.add_argument("--models", nargs="+", choices=names, default=names)
    parser.add_argument("--trained", nargs="*", default=[], metavar="NAME=FILE")
    parser.add_argument("--backbone-weights", metavar="FILE", help="of EfficientNet-Lite0")
    parser.add_argument("--identities", type=int, default=60)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--calibrate", type=int, default=200)
    parser.add_argument("--verify", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()

    saved = dict(each.split("=", 1) for each in args.trained)
    models = {}
    if args.output and args.output.exists():
        models = json.loads(args.output.read_text())["models"]
    for name in args.models:
        models[name] = measure(name, args, saved.get(name))
        print_table(name, models[name])
    settings = {key: value for key, value in vars(args).items() if key != "output"}
    measured = {"models": {name: models[name] for name in args.models}}
    write_record(args.output, {"settings": settings, "models": models}, measured)


def measure(name: str, args: argparse.Namespace, saved: str | None) -> dict:
    """Exports a model in every format and measures each."""
    from keras_madd.exporting.delegation import delegation
    from keras_madd.exporting.exported_file import export_bundle
    from keras_madd.exporting.samples import Samples
    from keras_madd.exporting.verify import agreement_figures
    from keras_madd.model.loading import load_madd

    by_rule = name == "official_b4"
    with tempfile.TemporaryDirectory() as folder:
        if by_rule:
            model = official_b4()
        elif saved:
            model = load_madd(saved)
        else:
            weights = args.backbone_weights if name == "madd_efficientnet_lite0" else None
            path = Path(folder) / "model.keras"
            model = train(name, args.identities, args.epochs, path, weights=weights)
        # Weights by rule need no more than a look.
        few = 48 if by_rule else None
        data = faces(
            model.config.input_size[0],
            8 if by_rule else args.identities,
            few or args.calibrate,
            few or args.verify,
        )
        samples = Samples(data.images, None if by_rule else data.labels, "test people")
        reference = model.fake_probability(samples.images)
        paths, rows = {}, {}
        for quantize in FORMATS:
            path = paths[quantize] = Path(folder) / f"{quantize}.tflite"
            ready = paths["none"].read_bytes() if rows else None
            export_bundle(
                model, path, quantize=quantize, calibration=data.calibration, float_content=ready
            )
            figures = agreement_figures(reference, scores(path, samples.images), samples.labels)
            rows[quantize] = {
                "bytes": path.stat().st_size,
                "size_ratio": round(path.stat().st_size / paths["none"].stat().st_size, 4),
                **{key: rounded(value) for key, value in figures.items()},
                "xnnpack": delegation(path).to_json(),
            }
            print(f"{name} {quantize}: {rows[quantize]['logit_correlation']}", flush=True)
        onnx = Path(folder) / "model.onnx"
        export_bundle(model, onnx)
        figures = agreement_figures(reference, scores(onnx, samples.images), samples.labels)
        rows["onnx"] = {
            "bytes": onnx.stat().st_size,
            **{key: rounded(value) for key, value in figures.items()},
        }
        for threads in (1, 2):
            for key, times in latency(model, paths, onnx, threads, args.rounds).items():
                rows.setdefault(key, {})[f"threads_{threads}"] = times
        gc.collect()
    result = {
        "weights": "by rule" if by_rule else "quickstart recipe",
        "input_size": list(model.config.input_size),
        "calibrated_on": len(data.calibration),
        "verified_on": len(samples.images),
        "formats": rows,
    }
    result["aims_int8"] = aims(rows["int8"])
    return result


def scores(path: Path, images: np.ndarray) -> np.ndarray:
    """Returns the probabilities of an exported file."""
    from keras_madd.inference.onnx_runner import ONNXRunner
    from keras_madd.inference.runner import LiteRTRunner

    if path.suffix == ".tflite":
        return LiteRTRunner(path, threads=2).run(images)[0]
    runner = ONNXRunner(path)
    return np.concatenate([runner.run(images[i : i + 8])[0] for i in range(0, len(images), 8)])


def latency(model, paths: dict, onnx: Path, threads: int, rounds: int) -> dict:
    """Times one face in every format; Keras's own pool of threads cannot be set here."""
    import onnxruntime

    from keras_madd.exporting.latency import interleaved, litert_call, ratios

    functions = {name: litert_call(path, threads) for name, path in paths.items()}
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(onnx), options, ["CPUExecutionProvider"])
    face = np.random.default_rng(0).integers(0, 256, (1, *model.config.input_size, 3))
    face = face.astype("float32")
    functions["onnx"] = lambda: session.run(None, {"image": face})
    if threads == 2:
        functions["keras predict"] = lambda: model.predict(face, batch_size=1, verbose=0)
    return ratios(interleaved(functions, rounds), "none")


def aims(row: dict) -> dict:
    """Compares the int8 file with what was aimed at."""
    found = {
        "size_ratio": row["size_ratio"],
        "time_ratio_1_thread": row["threads_1"]["ratio"],
        "auc_drop": row["auc_drop"],
        "logit_correlation": row["logit_correlation"],
    }
    return {
        name: {
            "aim": f"{how} {aim}",
            "found": found[name],
            "holds": None
            if found[name] is None
            else bool(found[name] <= aim if how == "at most" else found[name] >= aim),
        }
        for name, (aim, how) in AIMS.items()
    }


def rounded(value):
    """Rounds floats, also inside lists."""
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return round(value, 6) if isinstance(value, float) else value


def print_table(name: str, result: dict) -> None:
    """Prints one line for each format."""
    print(f"\n{name}\n{'':14}{'size':>7}{'1 thr':>8}{'2 thr':>8}{'corr':>9}{'AUC':>20}")
    for key, row in result["formats"].items():
        one, two = (row.get(f"threads_{n}", {}).get("ratio", float("nan")) for n in (1, 2))
        corr = row.get("logit_correlation")
        auc = row.get("auc")
        print(
            f"{key:14}{row.get('size_ratio', float('nan')):7.3f}{one:8.3f}{two:8.3f}"
            f"{'' if corr is None else f'{corr:.5f}':>9}"
            f"{'' if not auc else f'{auc[0]:.4f} -> {auc[1]:.4f}':>20}"
        )
    for aim, found in result["aims_int8"].items():
        print(f"  int8 {aim}: {found['found']} ({found['aim']}) holds: {found['holds']}")


if __name__ == "__main__":
    main()
