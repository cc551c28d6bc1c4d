"""Teach a trained detector to mark where a face looks blended; its scores stay as they are.

    python recipes/blend_maps.py best.keras --data shards/photos --output maps.keras

Two 1x1 convolutions, on the features of the attention's tap and on the last ones, learn the masks
with which self-blended fakes are made while all else stands still. `keras-madd export maps.keras`
gives a file whose maps are probabilities: every runtime draws them on a fixed scale.
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras

from keras_madd import FaceClassifier
from keras_madd.cli.arguments import COUNT, SEED
from keras_madd.cli.told import told
from keras_madd.data.load_dataset import load_dataset
from keras_madd.layers.blend_mask_loss import blend_mask_loss
from keras_madd.model.frozen import freeze, frozen_layers
from keras_madd.support.errors import UserError
from keras_madd.support.files import check_output, replacing

_MAPS = ("blend_map_middle", "blend_map_final")
_TOLD = 25  # Steps between two lines of progress.


def learn_maps(model: FaceClassifier, batches, steps: int, learning_rate: float = 3e-3) -> None:
    """Trains what draws the maps of a model, and nothing else.

    Args:
        model: Has `blend_mask_weight` above 0.
        batches: Of `load_dataset(blend_masks=True)`, without end.
        steps: How many of them, rounded up to a multiple of 25.
        learning_rate: At the beginning; it falls to 0 as a cosine does.
    """
    image = keras.Input((*model.config.input_size, 3))
    drawn = model.network(image, training=False)
    maps = keras.Model(image, {name: drawn[name] for name in _MAPS})
    frozen = frozen_layers(model.network)
    for layer in model.network.layers:
        layer.trainable = layer.name in _MAPS
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    maps.compile(
        keras.optimizers.AdamW(schedule, weight_decay=1e-4),
        loss=lambda mask, logits: blend_mask_loss(mask, [logits]),
    )
    masks = batches.map(lambda image, labels: (image, dict.fromkeys(_MAPS, labels["blend_mask"])))
    maps.fit(masks, steps_per_epoch=_TOLD, epochs=-(-steps // _TOLD), verbose=2)
    for layer in model.network.layers:
        layer.trainable = True
    freeze(model.network, frozen)


def main(arguments: list[str] | None = None) -> int:
    """Read the arguments, train, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="preset, its folder or .keras file")
    parser.add_argument("--data", type=Path, required=True, metavar="SHARDS")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.keras")
    parser.add_argument("--steps", type=COUNT, default=300)
    parser.add_argument("--batch-size", type=COUNT, default=32)
    parser.add_argument("--seed", type=SEED, default=0)
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    args = parser.parse_args(arguments)
    return told(lambda: _train(args), ValueError)


def _train(args: argparse.Namespace) -> None:
    if args.output.suffix != ".keras":
        raise UserError(f"The output must end in .keras. Received: {args.output}")
    check_output(args.output, overwrite=args.overwrite, inputs=[args.model])
    keras.utils.set_random_seed(args.seed)
    weights = {"blend_mask_weight": 1.0, "augmented_classification_weight": 0.0}
    model = FaceClassifier.from_preset(args.model, **weights)
    batches = load_dataset(
        args.data,
        "train",
        args.batch_size,
        image_size=model.config.input_size[0],
        sampling="paired",
        self_blend=1.0,
        augment="video",
        seed=args.seed,
        repeat=True,
        blend_masks=True,
    )
    learn_maps(model, batches, args.steps)
    with replacing(args.output, args.overwrite) as temporary:
        model.save(temporary)


if __name__ == "__main__":
    sys.exit(main())
