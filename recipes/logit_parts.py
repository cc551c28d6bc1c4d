"""What the parts of a trained MADD add to its answer: a linear head adds up.

    python recipes/logit_parts.py MODEL --data shards/unseen25/c23 --split test

prints how much the difference of the two logits varies over a split's faces, and how much of that
comes from the regional textures P, which attention and texture enhancement are there for, and from
the last features G, pooled under the sum of the attention maps; and how much an element of each
varies, which is what the head has to go by.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from keras import ops

from keras_madd.cli.told import told
from keras_madd.data.model_window import model_pixels
from keras_madd.data.shards import load_dataset_json, read_records
from keras_madd.model.madd import MADD


def logit_parts(model: MADD, outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Split fake's logit over real's into what P and G add.

    Args:
        model: With attention maps, of the paper's variant, whose head is one linear layer.
        outputs: Of its network, of N faces.

    Returns:
        `"regional"` and `"global"`, each `(N,)`; with the head's bias they add up to the
        difference of the logits.
    """
    head = model.network.get_layer("head")
    kernel = np.asarray(head.classifier.kernel)
    weights = kernel[:, 1] - kernel[:, 0]
    regional, pooled = _features(outputs)
    width = regional.shape[1]
    if head.standardize_local:
        regional = ops.convert_to_numpy(head.standardization(regional, training=False))
    return {"regional": regional @ weights[:width], "global": pooled @ weights[width:]}


def _features(outputs):
    pooled = outputs["global_features"]
    return outputs["local_features"].reshape(len(pooled), -1), pooled


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a preset with trained weights, its folder or a .keras file")
    parser.add_argument("--data", type=Path, required=True, metavar="SHARDS")
    parser.add_argument("--split", default="test")
    args = parser.parse_args(arguments)
    return told(lambda: _print(args), ValueError)


def _print(args: argparse.Namespace) -> None:
    margin = load_dataset_json(args.data).margin
    model = MADD.from_preset(args.model)
    size = model.config.input_size[0]
    records = read_records(args.data, args.split)
    faces = [model_pixels(record, margin, size) for record in records]
    outputs = model.network.predict(np.stack(faces), batch_size=32, verbose=0)
    parts = logit_parts(model, outputs)
    print(f"log-odds of fake vary by {sum(parts.values()).std():.3f} (standard deviation)")
    for (name, values), features in zip(parts.items(), _features(outputs), strict=True):
        print(f"{name}: by {values.std():.3f}; an element by {features.std(axis=0).mean():.4f}")


if __name__ == "__main__":
    sys.exit(main())
