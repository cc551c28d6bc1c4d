"""The embedded faces as shards, for `keras-madd train`, `evaluate` and `ablate`.

    python benchmarks/embedded_shards.py SHARDS
    keras-madd ablate --data SHARDS --output ablation --preset madd_tiny --epochs 8 \
        --learning-rate 0.003 --seeds 3

The second command made `results/ablation.json`, in about half an hour on two processor cores.
"""

import argparse
from pathlib import Path

import numpy as np

from keras_madd.data.shards import (
    CropRecord,
    ShardsDescription,
    save_dataset_json,
    write_shard,
)
from keras_madd.demo import build_crops
from keras_madd.faces import DEFAULT_MARGIN
from keras_madd.support.versions import package_versions
from keras_madd.visualize import encode_png


def main() -> None:
    """Write the shards."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, metavar="SHARDS")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    crops = build_crops(args.size, args.seed, identities=args.people)
    args.output.mkdir(parents=True)
    shards, counts = [], {}
    for split in ("train", "val", "test"):
        records = [_record(crops, index) for index in np.flatnonzero(crops.splits == split)]
        records.sort(key=lambda record: record.order)
        shards.append(write_shard(args.output / f"{split}-00000.tfrecord", records))
        counts[split] = {
            name: _count(records, label) for label, name in enumerate(("real", "fake"))
        }
    description = ShardsDescription(
        dataset="embedded",
        size=args.size,
        margin=DEFAULT_MARGIN,
        context=1.0,
        detector="auto",
        frames_per_video=int(crops.frames.max()) + 1,
        image_format="png",
        compression="",
        methods=tuple(sorted(set(crops.methods.tolist()) - {"real"})),
        counts=counts,
        failures={},
        seed=args.seed,
        versions=package_versions(),
        shards=tuple(shards),
    )
    save_dataset_json(args.output, description)
    print(f"{len(crops.images)} crops in {args.output}")


def _record(crops, index: int) -> CropRecord:
    video, frame = str(crops.videos[index]), int(crops.frames[index])
    side = crops.images.shape[1]
    return CropRecord(
        image=encode_png(crops.images[index]),
        label=int(crops.labels[index]),
        method=str(crops.methods[index]),
        dataset="embedded",
        video=video,
        # A fake is named as its real video, with the manipulation behind.
        source="_".join(video.split("_")[:2]),
        identity=str(crops.identities[index]),
        split=str(crops.splits[index]),
        frame=frame,
        position=frame,
        track=0,
        box=(0, 0, side, side),
        margin=DEFAULT_MARGIN,
        landmarks=np.zeros((0, 2), np.float32),
    )


def _count(records: list[CropRecord], label: int) -> dict[str, int]:
    chosen = [record for record in records if record.label == label]
    return {"videos": len({record.video for record in chosen}), "crops": len(chosen)}


if __name__ == "__main__":
    main()
