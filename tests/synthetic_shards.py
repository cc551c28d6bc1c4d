"""Small shards of pictures that stand for faces: fakes have small blocks, real ones have none."""

from dataclasses import replace

import cv2
import numpy as np

from keras_madd.data.shards import (
    CropRecord,
    ShardsDescription,
    save_dataset_json,
    write_shard,
)

SIZE = 64
BLOCK = 4


def write_shards(
    folder,
    videos,
    size=SIZE,
    frames=2,
    context=1.0,
    margin=1.3,
    strength=12,
    seed=0,
    dataset="synthetic",
):
    """Write a folder of shards.

    Args:
        folder: Where; it is made.
        videos: Split -> number of sources; each has a real video and a fake.
        size: Side of the pictures.
        frames: Pictures of each video.
        context: As in dataset.json, for the train split.
        margin: As in dataset.json.
        strength: Of the blocks that fakes have, in grey levels.
        seed: Of the pictures.
        dataset: Name of the data set.
    """
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    shards, counts = [], {}
    for split, sources in videos.items():
        reach = context if split == "train" else 1.0
        side = round(size * reach)
        records = []
        for source in range(sources):
            for position in range(frames):
                smooth = random.uniform(40, 210, (4, 4, 3)).astype("float32")
                real = cv2.resize(smooth, (side, side), interpolation=cv2.INTER_CUBIC)
                blocks = random.choice([-1.0, 1.0], (side // BLOCK, side // BLOCK))
                texture = strength * cv2.resize(
                    blocks, (side, side), interpolation=cv2.INTER_NEAREST
                )
                for label, image in enumerate((real, real + texture[..., None])):
                    record = _record(image, label, f"{source:03d}", position, split)
                    records.append(replace(record, dataset=dataset, margin=margin * reach))
        records.sort(key=lambda record: record.order)
        shards.append(write_shard(folder / f"{split}-00000.tfrecord", records))
        count = {"videos": sources, "crops": sources * frames}
        counts[split] = {"real": count, "fake": dict(count)}
    description = ShardsDescription(
        dataset=dataset,
        size=size,
        margin=margin,
        context=context,
        detector="short",
        frames_per_video=frames,
        image_format="png",
        compression="",
        methods=("texture",),
        counts=counts,
        failures={},
        seed=seed,
        versions={},
        shards=tuple(shards),
    )
    save_dataset_json(folder, description)
    return folder


def _record(image, label, source, position, split):
    pixels = np.clip(np.rint(image), 0, 255).astype("uint8")
    return CropRecord(
        image=cv2.imencode(".png", pixels[..., ::-1])[1].tobytes(),
        label=label,
        method="texture" if label else "real",
        dataset="",
        video=f"{split}/{'fake' if label else 'real'}/{source}",
        source=source,
        identity="",
        split=split,
        frame=10 * position,
        position=position,
        track=0,
        box=(10, 10, 40, 40),
        margin=0.0,
        landmarks=np.zeros((0, 2), "float32"),
    )
