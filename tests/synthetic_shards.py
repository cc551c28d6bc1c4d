"""Small shards of pictures that stand for faces: fakes have a fine texture, real ones have none."""

import cv2
import numpy as np

from keras_madd.data.shards import (
    CropRecord,
    ShardsDescription,
    save_dataset_json,
    write_shard,
)

SIZE = 64


def write_shards(folder, videos, size=SIZE, frames=2, context=1.0, margin=1.3, strength=12, seed=0):
    """Write a folder of shards.

    Args:
        folder: Where; it is made.
        videos: Split -> number of sources; each has a real video and a fake.
        size: Side of the pictures.
        frames: Pictures of each video.
        context: As in dataset.json, for the train split.
        margin: As in dataset.json.
        strength: Of the texture that fakes have, in grey levels.
        seed: Of the pictures.
    """
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    shards, counts = [], {}
    for split, sources in videos.items():
        side = round(size * context) if split == "train" else size
        records = []
        for source in range(sources):
            for position in range(frames):
                smooth = random.uniform(40, 210, (4, 4, 3)).astype("float32")
                real = cv2.resize(smooth, (side, side), interpolation=cv2.INTER_CUBIC)
                texture = strength * random.choice([-1.0, 1.0], (side, side, 1))
                for label, image in enumerate((real, real + texture)):
                    records.append(_record(image, label, f"{source:03d}", position, split, margin))
        records.sort(key=lambda record: record.order)
        shards.append(write_shard(folder / f"{split}-00000.tfrecord", records))
        count = {"videos": sources, "crops": sources * frames}
        counts[split] = {"real": count, "fake": dict(count)}
    description = ShardsDescription(
        dataset="synthetic",
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


def _record(image, label, source, position, split, margin):
    pixels = np.clip(np.rint(image), 0, 255).astype("uint8")
    return CropRecord(
        image=cv2.imencode(".png", pixels[..., ::-1])[1].tobytes(),
        label=label,
        method="texture" if label else "real",
        dataset="synthetic",
        video=f"{split}/{'fake' if label else 'real'}/{source}",
        source=source,
        identity="",
        split=split,
        frame=10 * position,
        position=position,
        track=0,
        box=(10, 10, 40, 40),
        margin=margin,
        landmarks=np.zeros((0, 2), "float32"),
    )
