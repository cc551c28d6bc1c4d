"""What RIL and AGDA are for: how much the attention maps of one face overlap.

    python benchmarks/attention_overlap.py --output benchmarks/results/attention_overlap.json

Trains the quickstart's network on the embedded faces from the same initial weights, with the
same batches and the same number of steps, with RIL and AGDA on and with both off, for several
seeds, and prints the mean pairwise cosine of the maps over the test faces beside the test AUC.
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from embedded_shards import write_embedded_shards
from record import write_record

from keras_madd.demo import UNSEEN

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

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        shards = Path(folder) / "shards"
        write_embedded_shards(shards, 128, args.identities)
        for seed in range(args.seeds):
            row = {"seed": seed}
            for name, fields in (("on", {}), ("off", OFF)):
                output = Path(folder) / f"{name}{seed}"
                row[name] = measure(shards, output, args.epochs, seed, fields)
                print(f"seed {seed}, RIL and AGDA {name}: {row[name]}", flush=True)
            rows.append(row)
    summary = {
        name: {
            key: round(statistics.mean(row[name][key] for row in rows), 4) for key in rows[0][name]
        }
        for name in ("on", "off")
    }
    print(f"mean, on: {summary['on']}\nmean, off: {summary['off']}")
    write_record(args.output, {"epochs": args.epochs, "runs": rows, "mean": summary})


def measure(shards: Path, output: Path, epochs: int, seed: int, fields: dict) -> dict:
    """Train one model; return its maps' overlap and its frame AUC on the test people."""
    from keras_madd.demo.quickstart import LEARNING_RATE, PRESET
    from keras_madd.evaluation.run_evaluation import EvaluationSettings, run_evaluation
    from keras_madd.training import TrainSettings, train

    settings = TrainSettings(
        output=str(output),
        data=(str(shards),),
        preset=PRESET,
        fields=fields,
        epochs=epochs,
        learning_rate=LEARNING_RATE,
        tensorboard=False,
        seed=seed,
    )
    model = train(settings, echo=lambda line: None).best_model
    (output / "evaluation").mkdir()
    found = run_evaluation(
        output / "evaluation", EvaluationSettings(model=model, data=(shards,), seed=seed)
    )
    result = found.results["embedded"]
    return {
        "attention_overlap": round(found.why["embedded"].overlap, 4),
        "frame_auc": round(result["frames"]["auc"], 4),
        "unseen_frame_auc": round(result["methods"][UNSEEN]["frame_auc"], 4),
    }


if __name__ == "__main__":
    main()
