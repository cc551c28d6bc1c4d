"""What the method costs: seconds per training step, relative to the plain backbone.

    python benchmarks/train_step.py --output benchmarks/results/train_step.json

One process builds the plain classifier (`num_attentions=0`), the same with batch normalisation as
Keras has it, MADD without AGDA, the same as `train --freeze-early` trains it, MADD with the full
second pass and MADD with the detached prefix, all with the same backbone, and times their steps in
turn, round after round, so that a drift of the machine's speed falls on all of them.
"""

import argparse
import functools
import os
import statistics
import time
from pathlib import Path

from record import write_record

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BASELINE = "plain backbone"
UNFUSED = "the same, normalised by Keras"
FROZEN = "the same, early frozen"
VARIANTS = {
    BASELINE: {"num_attentions": 0},
    UNFUSED: {"num_attentions": 0},
    "MADD without AGDA": {"augmented_classification_weight": 0.0},
    FROZEN: {"augmented_classification_weight": 0.0},
    "MADD full pass": {},
    "MADD detached prefix": {"agda_attention": "detached_prefix"},
}


def main() -> None:
    """Time the variants and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="efficientnet_b0")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()

    import keras
    import numpy as np

    from keras_madd import MADD
    from keras_madd.layers import BatchNormalization
    from keras_madd.model.frozen import freeze, layers_before

    random = np.random.default_rng(0)
    images = random.integers(0, 256, (args.batch_size, args.size, args.size, 3)).astype("float32")
    labels = random.integers(0, 2, args.batch_size)
    models, first = {}, {}
    for name, fields in VARIANTS.items():
        models[name] = MADD(
            backbone=args.backbone, input_size=args.size, batch_reduction="mean", seed=0, **fields
        )
        if name == FROZEN:
            network = models[name].network
            freeze(network, layers_before(network.get_layer("backbone"), "texture"))
        if name == UNFUSED:
            for layer in models[name]._flatten_layers():
                if isinstance(layer, BatchNormalization):
                    layer.call = functools.partial(keras.layers.BatchNormalization.call, layer)
        models[name].compile()
        started = time.perf_counter()
        models[name].train_on_batch(images, labels)
        first[name] = time.perf_counter() - started
        models[name].train_on_batch(images, labels)
    seconds = {name: [] for name in VARIANTS}
    for _ in range(args.rounds):
        for name, model in models.items():
            started = time.perf_counter()
            model.train_on_batch(images, labels)
            seconds[name].append(time.perf_counter() - started)

    rows = {}
    for name, times in seconds.items():
        ratios = [mine / base for mine, base in zip(times, seconds[BASELINE], strict=True)]
        rows[name] = {
            "median_seconds": round(statistics.median(times), 4),
            "median_ratio": round(statistics.median(ratios), 3),
            "first_step_seconds": round(first[name], 1),
        }
        print(f"{name:<31}{rows[name]['median_seconds']:8.3f} s{rows[name]['median_ratio']:8.2f} x")
    result = {
        "settings": {key: str(value) for key, value in vars(args).items() if key != "output"},
        "baseline": BASELINE,
        "backend": keras.backend.backend(),
        "steps": rows,
    }
    write_record(args.output, result)


if __name__ == "__main__":
    main()
