"""What preparing a data set costs: frames per second and core, the share of each step, memory.

    python benchmarks/prepare.py --output benchmarks/results/prepare.json

Videos of a person who moves, H.264, are made at each size and prepared with the default settings.
Steps are timed in processor seconds, which other programs on the machine hardly change; runs with
one and with two workers take turns, and their ratio is taken round by round.
"""

import argparse
import json
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from record import write_record

SIZES = {"480p": (854, 480), "720p": (1280, 720), "1080p": (1920, 1080)}
FRAME_RATE = 30.0


def main() -> None:
    """Time everything and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=8, help="videos of each size")
    parser.add_argument("--seconds", type=int, default=10, help="length of a video")
    parser.add_argument("--rounds", type=int, default=3, help="of one against two workers")
    parser.add_argument("--landmarks", action="store_true", help="store landmarks too")
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()

    rows, load = {}, os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, size in SIZES.items():
            root = make_videos(folder / name, size, args.videos, args.seconds)
            rows[name] = row_of(run(root, args), args)
            print(name, json.dumps(rows[name]))
        scaling = compare_workers(folder / "720p", args)
        print("workers", json.dumps(scaling))
        root = make_videos(folder / "long", SIZES["1080p"], 2, 4 * args.seconds, "ultrafast")
        longer = run(root, args).peak_bytes
    result = {
        "settings": {key: str(value) for key, value in vars(args).items() if key != "output"},
        "load_before": round(load, 1),
        "videos": rows,
        "two_workers_against_one": scaling,
        "peak_megabytes_of_a_worker": {
            f"1080p, {args.seconds} s": rows["1080p"]["peak_megabytes"],
            f"1080p, {4 * args.seconds} s": round(longer / 1e6),
        },
    }
    write_record(args.output, result)


def make_videos(
    root: Path, size: tuple[int, int], videos: int, seconds: int, speed: str = "veryfast"
) -> Path:
    """Write real videos and fakes, all of the same content, as a plain folder has them."""
    import cv2
    import numpy as np

    from keras_madd.demo import sample_photo_path
    from keras_madd.media import VideoWriter

    width, height = size
    photo = cv2.cvtColor(cv2.imread(str(sample_photo_path())), cv2.COLOR_BGR2RGB)
    noise = np.random.default_rng(0).normal(0, 3, (4, height, width, 3)).astype(np.int16)
    zoom, left = height / photo.shape[0], (width - height) / 2
    paths = [root / "train" / ("real", "fake")[n % 2] / f"{n:03d}.mp4" for n in range(videos)]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    with VideoWriter(paths[0], width, height, FRAME_RATE, speed=speed) as writer:
        for frame in range(round(seconds * FRAME_RATE)):
            place = np.sin(frame / np.array([17, 23])) * (0.1 * width, 0.03 * height)
            matrix = np.float32([[zoom, 0, left + place[0]], [0, zoom, place[1]]])
            image = cv2.warpAffine(photo, matrix, size, borderMode=cv2.BORDER_REFLECT)
            writer.write(cv2.add(image, noise[frame % 4], dtype=cv2.CV_8U))
    for path in paths[1:]:
        shutil.copy(paths[0], path)
    return root


def run(root: Path, args: argparse.Namespace, workers: int = 1):
    """Prepare a folder of videos and return the result."""
    from keras_madd.datasets.prepare import PrepareSettings, prepare

    settings = PrepareSettings("folder", landmarks=args.landmarks, videos_per_shard=2)
    with tempfile.TemporaryDirectory() as output:
        result = prepare(root, Path(output) / "shards", settings, workers=workers)
    assert result.videos == len(result.plan.videos)
    return result


def row_of(result, args: argparse.Namespace) -> dict:
    """What one size of video costs, per core."""
    seconds = sum(result.seconds.values())
    frames = result.videos * args.seconds * FRAME_RATE
    return {
        "videos_per_core_second": round(result.videos / seconds, 3),
        "decoded_frames_per_core_second": round(frames / seconds, 1),
        "faces_per_core_second": round(result.crops / seconds, 1),
        "share": {step: round(each / seconds, 3) for step, each in result.seconds.items()},
        "peak_megabytes": round(result.peak_bytes / 1e6),
        "wall_seconds": round(result.elapsed, 1),
    }


def compare_workers(root: Path, args: argparse.Namespace) -> dict:
    """Two workers against one, in turns."""
    wall, processor = [], []
    for _ in range(args.rounds):
        one, two = (run(root, args, workers) for workers in (1, 2))
        wall.append(one.elapsed / two.elapsed)
        processor.append(sum(two.seconds.values()) / sum(one.seconds.values()))
    return {
        "speed_up": round(statistics.median(wall), 2),
        "speed_up_of_each_round": [round(each, 2) for each in wall],
        "processor_time_ratio": round(statistics.median(processor), 3),
    }


if __name__ == "__main__":
    main()
