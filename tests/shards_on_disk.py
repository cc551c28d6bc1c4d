"""Small folders of shards for tests."""

import cv2
import numpy as np

from keras_madd.data.shards import (
    CropRecord,
    ShardsDescription,
    save_dataset_json,
    write_shard,
)
from keras_madd.demo.portrait import load_portrait

SIZE, MARGIN, CONTEXT = 64, 1.3, 1.15


def face_crop(side, seed=0):
    """The portrait's face cut out with some noise: RGB uint8 and landmarks, in its pixels."""
    portrait = load_portrait()
    points = portrait.landmarks[:, :2]
    low, high = points.min(0), points.max(0)
    middle, length = (low + high) / 2, 1.5 * (high - low).max()
    scale = side / length
    move = np.column_stack([np.eye(2) * scale, side / 2 - scale * middle])
    image = cv2.warpAffine(portrait.image, move, (side, side), borderMode=cv2.BORDER_REFLECT)
    noise = np.random.default_rng(seed).normal(0, 4, image.shape)
    image = np.clip(image + noise, 0, 255).astype(np.uint8)
    return image, np.float32(points @ move[:, :2].T + move[:, 2])


def png(image):
    """An RGB image as a PNG file."""
    return cv2.imencode(".png", image[..., ::-1])[1].tobytes()


def make_record(split, source, position, label, *, video="", size=SIZE, context=CONTEXT, **fields):
    """A face crop with a picture of its own."""
    side = round(size * context) if split == "train" else size
    seed = sum(ord(letter) for letter in source) * 100 + 10 * position + label
    image, landmarks = face_crop(side, seed)
    values = {
        "image": png(image),
        "label": label,
        "method": "swap" if label else "real",
        "dataset": "made",
        "video": video or f"{source}{'-fake' if label else ''}",
        "source": source,
        "identity": "",
        "split": split,
        "frame": 10 * position,
        "position": position,
        "track": 0,
        "box": (0, 0, 40, 40),
        "margin": MARGIN * (context if split == "train" else 1),
        "landmarks": np.zeros((0, 2), np.float32) if label else landmarks,
    }
    return CropRecord(**(values | fields))


def write_shards(folder, records, *, per_shard=6, size=SIZE, margin=MARGIN, context=CONTEXT):
    """Writes records, sources kept together, and dataset.json; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    infos = []
    for split in ("train", "val", "test"):
        sources = {}
        for record in sorted((r for r in records if r.split == split), key=lambda r: r.order):
            sources.setdefault(record.source, []).append(record)
        shard, number = [], 0
        for source, members in sources.items():
            shard += members
            if len(shard) >= per_shard or source == list(sources)[-1]:
                infos.append(write_shard(folder / f"{split}-{number:05}.tfrecord", shard))
                shard, number = [], number + 1
    description = ShardsDescription(
        dataset="made",
        size=size,
        margin=margin,
        context=context,
        detector="auto",
        frames_per_video=4,
        image_format="png",
        compression="",
        methods=("swap",),
        counts={},
        failures={},
        seed=0,
        versions={},
        shards=tuple(infos),
    )
    save_dataset_json(folder, description)
    return folder


def sources(split, count, positions=3, fakes=("a", "b"), first=0, **fields):
    """Records of some sources: a real video and its fakes at every position."""
    records = []
    for number in range(first, first + count):
        source = f"{split[0]}{number:02}"
        for position in range(positions):
            records.append(make_record(split, source, position, 0, **fields))
            records += [
                make_record(split, source, position, 1, video=f"{source}-{fake}", **fields)
                for fake in fakes
            ]
    return records
