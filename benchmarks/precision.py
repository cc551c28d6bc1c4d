"""Whether a network trains the same in half precision: loss curves over the same steps.

    python benchmarks/precision.py --output benchmarks/results/precision.json \
        --chart docs/precision.png

The same initial weights, batches and draws in float32, bfloat16 and float16 (with loss scaling),
for several seeds, on the embedded faces. What a precision costs is the mean difference of the last
third's loss from float32's of the same seed, beside how far float32's seeds lie apart.
"""

import argparse
import os
import tempfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from embedded_shards import write_embedded_shards
from record import write_record

PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}
# Steps that are averaged to one point of a curve.
WINDOW = 10


def main() -> None:
    """Train, compare and write the result and the chart."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="madd_tiny")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--identities", type=int, default=60)
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--chart", type=Path)
    args = parser.parse_args()
    if args.steps > WINDOW and args.steps % WINDOW:
        parser.error(f"--steps must be a multiple of {WINDOW}. Received: {args.steps}")

    from keras_madd.exporting.samples import read_samples

    with tempfile.TemporaryDirectory() as folder:
        shards = Path(folder) / "shards"
        write_embedded_shards(shards, args.size, args.identities)
        data = read_samples(shards, (args.size, args.size), 100_000)
    curves = {name: [] for name in PRECISIONS}
    for seed in range(args.seeds):
        for name, dtype in PRECISIONS.items():
            curves[name].append(losses(args, data, dtype, seed))
            print(f"seed {seed}, {name}: {curves[name][-1][-1]:.4f} at the end", flush=True)
    found = compared(curves)
    for name, row in found.items():
        print(f"{name:<10}" + "  ".join(f"{key} {value:.4f}" for key, value in row.items()))
    settings = {key: each for key, each in vars(args).items() if key not in ("output", "chart")}
    write_record(args.output, {"settings": settings, "window": WINDOW, "last_third": found})
    if args.chart:
        args.chart.write_bytes(drawn(curves))


def losses(args, data, dtype: str, seed: int) -> list[float]:
    """Return the loss of a training, one mean for each window of steps."""
    import keras

    from keras_madd import MADD

    model = MADD.from_preset(args.preset, seed=seed, dtype=dtype, input_size=args.size)
    model.compile(keras.optimizers.AdamW(args.learning_rate))
    order, found = np.random.default_rng(seed), []
    for _ in range(args.steps):
        batch = order.integers(0, len(data.images), args.batch_size)
        model.reset_metrics()
        logs = model.train_on_batch(data.images[batch], data.labels[batch], return_dict=True)
        found.append(float(logs["loss"]))
    return np.mean(np.reshape(found, (-1, min(WINDOW, args.steps))), 1).round(4).tolist()


def compared(curves: dict[str, list[list[float]]]) -> dict[str, dict[str, float]]:
    """Return of each precision the last third's loss over seeds, and its difference to float32's.

    `spread` is the standard deviation over seeds, `difference` the mean over seeds of the
    difference to float32 of the same seed, `difference_spread` that one's standard deviation.
    """
    last = {
        name: np.array([np.mean(curve[-(len(curve) // 3 or 1) :]) for curve in own])
        for name, own in curves.items()
    }
    return {
        name: {
            "loss": round(float(own.mean()), 4),
            "spread": round(float(own.std(ddof=1)) if len(own) > 1 else 0.0, 4),
            "difference": round(float((own - last["float32"]).mean()), 4),
            "difference_spread": round(
                float((own - last["float32"]).std(ddof=1)) if len(own) > 1 else 0.0, 4
            ),
        }
        for name, own in last.items()
    }


def drawn(curves: dict[str, list[list[float]]]) -> bytes:
    """Return a chart of all curves as PNG bytes, one colour for each precision."""
    from keras_madd.visualize.figure import Chart

    chart = Chart("light")
    axes = chart.panel("step", "loss")
    for number, (name, own) in enumerate(curves.items()):
        for index, curve in enumerate(own):
            steps = WINDOW * (np.arange(len(curve)) + 0.5)
            label = name if index == 0 else None
            axes.plot(steps, curve, color=chart.series(number), linewidth=0.9, label=label)
    chart.legend(axes)
    return chart.png()


if __name__ == "__main__":
    main()
