"""The embedded faces as shards, for `keras-madd train`, `evaluate` and `ablate`.

    python benchmarks/embedded_shards.py SHARDS

Faces of the package's own generator, so that whoever has no data set can try a command.
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
from keras_madd.demo import MANIPULATIONS, SyntheticFaces, SyntheticVideo
from keras_madd.faces import DEFAULT_MARGIN, FaceDetector, crop_face
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
    if args.output.exists():
        parser.error(f"{args.output} exists")
    print(f"{write_embedded_shards(**vars(args))} crops in {args.output}")


def write_embedded_shards(output: Path, size: int, people: int, seed: int = 0) -> int:
    """Write face crops of people who do not exist; return how many.

    Unlike the quickstart's, these have not been through H.264, and each person was filmed five
    times.
    """
    source = SyntheticFaces(seed, people)
    records = {split: [] for split in ("train", "val", "test")}
    with FaceDetector() as detector:
        for versions in source:
            for frame in range(source.frames_per_video):
                faces = detector.detect(versions[0].frames[frame])
                # A fake is cut with its real frame's box: the box must not tell them apart.
                for video in versions if faces else ():
                    crop = crop_face(video.frames[frame], faces[0].box, size)
                    records[video.split].append(_record(video, frame, crop))
    output.mkdir(parents=True)
    shards = []
    for split, found in records.items():
        found.sort(key=lambda record: record.order)
        shards.append(write_shard(output / f"{split}-00000.tfrecord", found))
    description = ShardsDescription(
        dataset="embedded",
        size=size,
        margin=DEFAULT_MARGIN,
        context=1.0,
        detector="auto",
        frames_per_video=source.frames_per_video,
        image_format="png",
        compression="",
        methods=tuple(sorted(MANIPULATIONS)),
        counts={
            split: {name: _count(found, label) for label, name in enumerate(("real", "fake"))}
            for split, found in records.items()
        },
        failures={},
        seed=seed,
        versions=package_versions(),
        shards=tuple(shards),
    )
    save_dataset_json(output, description)
    return sum(map(len, records.values()))


def _record(video: SyntheticVideo, frame: int, crop: np.ndarray) -> CropRecord:
    side = len(crop)
    return CropRecord(
        image=encode_png(crop),
        label=video.label,
        method=video.method,
        dataset="embedded",
        video=video.name,
        source=video.original,
        identity=str(video.identity),
        split=video.split,
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
