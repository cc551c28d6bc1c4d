"""Which 8-bit recipe keeps the network's answers: the table behind `--quantize int8`.

    python benchmarks/quantization.py MODEL.keras --output benchmarks/results/quantization.json

LiteRT's converter and LiteRT's quantiser, whole or in parts, on one trained model: size, time on
one thread and answers on faces of people that neither training nor calibration saw. Each recipe
differs from `int8` in what its name says.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from inference import rounded, scores
from inference_data import faces
from record import write_record


def main() -> None:
    """Quantise one model by every recipe, measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a trained .keras file")
    parser.add_argument("--identities", type=int, default=60)
    parser.add_argument("--calibrate", type=int, default=200)
    parser.add_argument("--verify", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()

    from keras_madd.exporting.latency import litert_latency
    from keras_madd.exporting.scoring_graph import exported_maps
    from keras_madd.exporting.verify import agreement_figures
    from keras_madd.inference.model_description import FAKE_PROBABILITY, write_model_json
    from keras_madd.model.loading import load_madd

    model = load_madd(args.model)
    size = tuple(model.config.input_size)
    data = faces(size[0], args.identities, args.calibrate, args.verify)
    reference = model.fake_probability(data.images)
    rows, contents = {}, recipes(model, data.calibration)
    outputs = [name for name in (FAKE_PROBABILITY, exported_maps(model)) if name]
    described = {"format": "litert", "input_size": size, "output_names": outputs}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in contents.items():
            path = Path(folder) / "model.tflite"
            path.write_bytes(content)
            maps = model.num_heat_maps
            write_model_json(path, **described, quantization=name, num_attention_maps=maps)
            found = agreement_figures(reference, scores(path, data.images), data.labels)
            rows[name] = {
                "size_ratio": round(len(content) / len(contents["float32"]), 4),
                **{key: rounded(value) for key, value in found.items()},
            }
    times = litert_latency(contents, "float32", threads=(1,), rounds=args.rounds)["1"]
    print(f"{'':44}{'size':>6}{'time':>7}{'corr':>9}{'rms':>7}{'AUC':>8}{'drop':>9}")
    for name, row in rows.items():
        row["time_ratio_1_thread"] = times[name]["ratio"]
        print(
            f"{name:44}{row['size_ratio']:6.3f}{row['time_ratio_1_thread']:7.3f}"
            f"{row['logit_correlation']:9.5f}{row['logit_rms_difference']:7.3f}"
            f"{row['auc'][1]:8.4f}{row['auc_drop']:+9.4f}"
        )
    settings = {key: value for key, value in vars(args).items() if key != "output"}
    settings["model"] = model.config.backbone
    write_record(args.output, {"settings": settings, "recipes": rows})


def recipes(model, calibration: np.ndarray) -> dict[str, bytes]:
    """Returns the content of a file for every recipe."""
    from keras_madd.exporting.activation_ranges import activation_extremes, activation_ranges
    from keras_madd.exporting.equalization import equalized
    from keras_madd.exporting.litert import float_litert
    from keras_madd.exporting.quantization import RECIPES, Recipe, quantize_content

    plain = float_litert(model)
    even = equalized(plain, calibration)
    extremes = {content: activation_extremes(content, calibration) for content in (plain, even)}

    def quantized(content=even, estimate=99.0, **fields):
        ranges = activation_ranges(extremes[content], content, estimate)
        return quantize_content(content, Recipe(**fields), ranges)

    return {
        "float32": plain,
        "converter, dynamic range": converted(model, None),
        "quantiser, dynamic range (dynamic)": quantize_content(plain, RECIPES["dynamic"], {}),
        "converter, all int8": converted(model, calibration),
        "quantiser, all int8, not equalised": quantized(plain, everything=True),
        "quantiser, all int8 (int8-full)": quantized(everything=True),
        "int8, not equalised": quantized(plain),
        "int8, attention in 8 bits": quantized(attention=True),
        "int8, head float": quantized(head="float"),
        "int8, head dynamic": quantized(head="dynamic"),
        "int8, head static": quantized(head="static"),
        "int8, ranges: all that was seen": quantized(estimate="all"),
        "int8, ranges: mean of extremes": quantized(estimate="mean"),
        "int8": quantized(),
    }


def converted(model, calibration: np.ndarray | None) -> bytes:
    """Returns what LiteRT's converter makes of it: dynamic range, or 8 bits by calibration."""
    import keras
    import tensorflow as tf

    from keras_madd.exporting.scoring_graph import scoring_graph

    graph = scoring_graph(model, 1)
    options = {"optimizations": [tf.lite.Optimize.DEFAULT]}
    if calibration is not None:
        options["representative_dataset"] = lambda: (
            [picture[None].astype("float32")] for picture in calibration
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        graph.export(
            path,
            format="litert",
            verbose=False,
            input_signature=[
                keras.InputSpec(shape=graph.inputs[0].shape, dtype="float32", name="image")
            ],
            target_spec={"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]},
            **options,
        )
        return path.read_bytes()


if __name__ == "__main__":
    main()
