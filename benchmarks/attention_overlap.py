"""What RIL and AGDA are for: how much the attention maps of one face overlap.

    python benchmarks/attention_overlap.py --output benchmarks/results/attention_overlap.json

Trains the quickstart's network on the quickstart's faces from the same initial weights, with the
same batches and the same number of steps, with RIL and AGDA on and with both off, for several
seeds, and prints the mean pairwise cosine of the maps over the test faces beside the test AUC.
"""

import argparse
import json
import os
import statistics
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

OFF = {"region_independence_weight": 0.0, "augmented_classification_weight": 0.0}


def main() -> None:
    """Train, measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--identities", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()

    from keras_madd.demo import build_crops, quickstart

    crops = build_crops(128, seed=0, identities=args.identities)
    rows = []
    for seed in range(args.seeds):
        settings = quickstart.Settings(args.epochs, args.identities, seed)
        row = {"seed": seed}
        for name, fields in (("on", {}), ("off", OFF)):
            row[name] = measure(crops, settings, fields)
            print(f"seed {seed}, RIL and AGDA {name}: {row[name]}", flush=True)
        rows.append(row)
    summary = {
        name: {
            key: round(statistics.mean(row[name][key] for row in rows), 4) for key in rows[0][name]
        }
        for name in ("on", "off")
    }
    print(f"mean, on: {summary['on']}\nmean, off: {summary['off']}")
    if args.output:
        args.output.parent.mkdir(parents=True, exist_ok=True)
        result = {"epochs": args.epochs, "runs": rows, "mean": summary}
        args.output.write_text(json.dumps(result, indent=2) + "\n")


def measure(crops, settings, fields: dict) -> dict:
    """Train one model; return its maps' overlap and its frame AUC on the test people."""
    import keras

    from keras_madd import MADD
    from keras_madd.demo import quickstart
    from keras_madd.evaluation import mean_attention_overlap

    keras.utils.set_random_seed(settings.seed)
    model = MADD.from_preset(quickstart.PRESET, seed=settings.seed, **fields)
    quickstart.train(model, crops, settings, lambda *_: None)
    results, _ = quickstart.evaluate(model, crops, settings.seed)
    maps = model.attention_maps(crops.images[crops.splits == "test"])
    seen, unseen = results.values()
    return {
        "attention_overlap": round(mean_attention_overlap(maps), 4),
        "frame_auc": round(seen["frames"]["auc"], 4),
        "unseen_frame_auc": round(unseen["frames"]["auc"], 4),
    }


if __name__ == "__main__":
    main()
