"""What the parts of a trained MADD add to its answer: a linear head adds up.

    python recipes/logit_parts.py MODEL --data shards/unseen25/c23 --split test

prints how much the difference of the two logits varies over a split's faces, and how much of that
comes from the regional textures P, which attention and texture enhancement are there for, and from
the last features G, pooled under the sum of the attention maps.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from keras_madd.data.shards import read_records
from keras_madd.media.encoded import decode_picture
from keras_madd.model.madd import MADD


def logit_parts(model: MADD, faces: np.ndarray) -> dict[str, np.ndarray]:
    """Split fake's logit over real's into what P and G add.

    Args:
        model: With attention maps, of the paper's variant, whose head is one linear layer.
        faces: `(N, H, W, 3)` uint8 RGB.

    Returns:
        `"regional"` and `"global"`, each `(N,)`; with the head's bias they add up to the
        difference of the logits.
    """
    outputs = model.network.predict(faces, batch_size=32, verbose=0)
    kernel = np.asarray(model.network.get_layer("head").classifier.kernel)
    weights = kernel[:, 1] - kernel[:, 0]
    local = outputs["local_features"].reshape(len(faces), -1)
    width = local.shape[1]
    return {
        "regional": local @ weights[:width],
        "global": outputs["global_features"] @ weights[width:],
    }


def main() -> None:
    """Read the arguments and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="a preset with trained weights, its folder or a .keras file")
    parser.add_argument("--data", type=Path, required=True, metavar="SHARDS")
    parser.add_argument("--split", default="test")
    args = parser.parse_args()
    model = MADD.from_preset(args.model)
    records = read_records(args.data, args.split)
    parts = logit_parts(model, np.stack([decode_picture(record.image) for record in records]))
    print(f"log-odds of fake vary by {sum(parts.values()).std():.3f} (standard deviation)")
    for name, values in parts.items():
        print(f"{name}: {values.std():.3f}")


if __name__ == "__main__":
    main()
