"""What feeding a network costs: images/s of `load_dataset` against plain JPEG decoding.

    python benchmarks/input_pipeline.py --output benchmarks/results/input_pipeline.json

Writes shards of the portrait's face, noisy so that every JPEG is its own, and reads them in turn,
round after round, so that a drift of the machine's speed falls on all: pictures in memory decoded
by `tf.data` and counted, nothing else; then `load_dataset` plain, with the augmentations, and with
every fake self-blended. Then SelfBlend alone, on one thread. The system's file cache is warm.

Beside images/s of the whole machine stands processor time per image, all threads together, which
other programs on the machine disturb less.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from record import write_record

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BASELINE = "decode only"
VARIANTS = {
    "natural": {},
    "natural, smaller pictures": {"image_size": 224},
    "paired": {"sampling": "paired"},
    "paired, light": {"sampling": "paired", "augment": "light"},
    "paired, strong": {"sampling": "paired", "augment": "strong"},
    "paired, self-blended": {"sampling": "paired", "self_blend": 1.0},
    "paired, self-blended, light": {"sampling": "paired", "self_blend": 1.0, "augment": "light"},
}
SELF_BLEND_SIZES = (437, 380, 258, 224)
CONTEXT, MARGIN = 1.15, 1.3


def main() -> None:
    """Measure and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=380)
    parser.add_argument("--pictures", type=int, default=512)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        pictures = write_shards(Path(folder), args.size, args.pictures)
        rates = measure_pipelines(folder, pictures, args.batch_size, args.rounds)
    rows = {}
    for name, values in rates.items():
        pairs = list(zip(values, rates[BASELINE], strict=True))
        elapsed = [mine[0] / base[0] for mine, base in pairs]
        worked = [base[1] / mine[1] for mine, base in pairs]
        rows[name] = {
            "images_per_second": round(statistics.median(value[0] for value in values), 1),
            "ratio_to_decoding": round(statistics.median(elapsed), 3),
            "processor_ms_per_image": round(min(value[1] for value in values), 3),
            "processor_ratio_to_decoding": round(statistics.median(worked), 3),
        }
        print(f"{name:<30}" + "  ".join(f"{key} {each}" for key, each in rows[name].items()))
    blends = {str(side): measure_self_blend(side, 20 * args.rounds) for side in SELF_BLEND_SIZES}
    for side, rate in blends.items():
        print(f"SelfBlend, {side} pixels: {rate:.0f} pairs per second of one processor")
    result = {
        "settings": {key: value for key, value in vars(args).items() if key != "output"},
        "stored_side": round(args.size * CONTEXT),
        "bytes_per_picture": round(statistics.mean(map(len, pictures))),
        "pipelines": rows,
        "self_blend_pairs_per_processor_second": blends,
    }
    write_record(args.output, result)


def face(side: int, noise, rng):
    """The portrait's face with some noise, and its landmarks."""
    import cv2
    import numpy as np

    from keras_madd.demo.portrait import load_portrait

    portrait = load_portrait()
    points = portrait.landmarks[:, :2]
    low, high = points.min(0), points.max(0)
    scale = side / (1.5 * (high - low).max())
    shift = side / 2 - scale * (low + high) / 2
    move = np.column_stack([np.eye(2) * scale, shift])
    image = cv2.warpAffine(portrait.image, move, (side, side), borderMode=cv2.BORDER_REFLECT)
    image = image + noise * rng.standard_normal(image.shape, dtype=np.float32)
    return np.clip(image, 0, 255).astype(np.uint8), np.float32(points * scale + shift)


def write_shards(folder: Path, size: int, count: int) -> list[bytes]:
    """Write real crops and their fakes; return the pictures' files."""
    import cv2
    import numpy as np

    from keras_madd.data.shards import CropRecord, ShardsDescription, save_dataset_json, write_shard

    rng, records = np.random.default_rng(0), []
    for number in range(count):
        image, landmarks = face(round(size * CONTEXT), 3, rng)
        encoded = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])[1]
        source, position, label = f"s{number // 64:03}", number % 64 // 2, number % 2
        records.append(
            CropRecord(
                image=encoded.tobytes(),
                label=label,
                method="swap" if label else "real",
                dataset="made",
                video=f"{source}{'-fake' if label else ''}",
                source=source,
                identity="",
                split="train",
                frame=position,
                position=position,
                track=0,
                box=(0, 0, size, size),
                margin=MARGIN * CONTEXT,
                landmarks=landmarks[:0] if label else landmarks,
            )
        )
    shards = tuple(
        write_shard(folder / f"train-{first // 64:05}.tfrecord", records[first : first + 64])
        for first in range(0, count, 64)
    )
    save_dataset_json(
        folder,
        ShardsDescription(
            dataset="made",
            size=size,
            margin=MARGIN,
            context=CONTEXT,
            detector="auto",
            frames_per_video=32,
            image_format="jpeg",
            compression="",
            methods=("swap",),
            counts={},
            failures={},
            seed=0,
            versions={},
            shards=shards,
        ),
    )
    return [record.image for record in records]


def measure_pipelines(
    folder: str, pictures: list[bytes], batch_size: int, rounds: int
) -> dict[str, list[tuple[float, float]]]:
    """Images/s and processor milliseconds per image, of every variant in every round."""
    import tensorflow as tf

    from keras_madd.data import load_dataset

    decoded = tf.data.Dataset.from_tensor_slices(pictures).map(
        lambda picture: tf.io.decode_jpeg(picture, channels=3, dct_method="INTEGER_ACCURATE"),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    loaded = {
        name: load_dataset(folder, "train", batch_size, **options)
        for name, options in VARIANTS.items()
    }
    rates = {name: [] for name in (BASELINE, *VARIANTS)}
    for round_number in range(rounds + 1):
        for name, seen in rates.items():
            started, worked = time.perf_counter(), time.process_time()
            if name == BASELINE:
                count = int(decoded.reduce(tf.constant(0), lambda done, _: done + 1))
            else:
                count = sum(int(images.shape[0]) for images, _ in loaded[name])
            elapsed, worked = time.perf_counter() - started, time.process_time() - worked
            if round_number:  # The first time everything is new.
                seen.append((count / elapsed, 1000 * worked / count))
    return rates


def measure_self_blend(side: int, count: int) -> float:
    """Pairs per processor second of the blend alone, on one thread."""
    import cv2
    import numpy as np

    from keras_madd.data import SelfBlend

    image, landmarks = face(side, 3, np.random.default_rng(0))
    blend, threads = SelfBlend(), cv2.getNumThreads()
    cv2.setNumThreads(1)
    seconds = []
    for seed in range(count):
        started = time.process_time()
        blend.blend(image, landmarks, seed)
        seconds.append(time.process_time() - started)
    cv2.setNumThreads(threads)
    return round(1 / statistics.median(seconds), 1)


if __name__ == "__main__":
    main()
