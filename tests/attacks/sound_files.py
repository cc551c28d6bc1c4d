"""The sound files that attacks begin with."""

import csv
import json
import shutil
from pathlib import Path

import av
import numpy as np
from PIL import Image

# A small model that only shows how things work, as `keras-madd quickstart` makes it.
ASSETS = Path(__file__).parents[1] / "golden" / "demonstration"
_PORTRAIT = Path(__file__).parents[2] / "keras_madd" / "demo" / "assets" / "portrait.jpg"
PHOTOGRAPHS = ("jpg", "progressive.jpg", "png", "webp", "gif", "tif", "bmp", "avif")
# Name -> encoder, its options, its pixel format.
VIDEOS = {
    "h264.mp4": ("libx264", {"g": "4"}, "yuv420p"),
    "h264.mkv": ("libx264", {"g": "4"}, "yuv420p"),
    "h264.ts": ("libx264", {"g": "4"}, "yuv420p"),
    "h265.mp4": ("libx265", {"x265-params": "log-level=none"}, "yuv420p"),
    "vp8.webm": ("libvpx", {"g": "4", "b": "1M"}, "yuv420p"),
    "vp9.webm": ("libvpx-vp9", {"g": "4", "b": "1M"}, "yuv420p"),
    "vp9.mkv": ("libvpx-vp9", {"g": "4", "b": "1M"}, "yuv420p"),
    "av1.mp4": ("libsvtav1", {"g": "4"}, "yuv420p"),
    "ffv1.mkv": ("ffv1", {"level": "3", "slicecrc": "1", "g": "1"}, "yuv420p"),
    "ffv1.avi": ("ffv1", {"level": "3", "slicecrc": "1", "g": "1"}, "yuv420p"),
    "mpeg4.avi": ("mpeg4", {"b": "2M"}, "yuv420p"),
    "mjpeg.avi": ("mjpeg", {}, "yuvj420p"),
}
# Every byte of a picture is covered, so no damage may pass.
COVERED = ("png", "ffv1.mkv", "ffv1.avi", "h264.mkv", "vp9.mkv")
_FRAMES = 8


def make_sound_files(folder: Path) -> None:
    """Writes a photograph and a video of every kind, a model, shards and scores."""
    image = np.asarray(Image.open(_PORTRAIT).convert("RGB").resize((256, 256)))
    for name in PHOTOGRAPHS:
        options = {"progressive": True} if name.startswith("progressive") else {}
        Image.fromarray(image).save(folder / f"photo.{name}", **options)
    for name, (codec, options, fmt) in VIDEOS.items():
        _write_video(folder / f"video.{name}", image, codec, options, fmt)
    for name in ("model.tflite", "model.json"):
        shutil.copy(ASSETS / name, folder / name)
    _write_shards(folder / "shards", image)
    _write_scores(folder)


def _write_video(path: Path, image: np.ndarray, codec: str, options: dict, fmt: str) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10, options=options)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = fmt
        for number in range(_FRAMES):
            frame = av.VideoFrame.from_ndarray(np.roll(image, number, axis=1), "rgb24")
            container.mux(stream.encode(frame.reformat(format=fmt)))
        container.mux(stream.encode(None))


def _write_shards(folder: Path, image: np.ndarray) -> None:
    import cv2

    from keras_madd.data.shards import CropRecord, write_shard

    folder.mkdir()
    infos, counts = [], {}
    for split in ("train", "val", "test"):
        records = [
            CropRecord(
                image=cv2.imencode(".png", cv2.resize(image, (64, 64)))[1].tobytes(),
                label=label,
                method="Deepfakes" if label else "real",
                dataset="made",
                video=f"{source}-{label}",
                source=f"{split}{source}",
                identity="",
                split=split,
                frame=0,
                position=0,
                track=0,
                box=(0, 0, 64, 64),
                margin=1.3,
                landmarks=np.zeros((0, 2), np.float32),
            )
            for source in range(2)
            for label in range(2)
        ]
        info = write_shard(folder / f"{split}-00000.tfrecord", records)
        infos.append({name: getattr(info, name) for name in ("name", "records", "bytes", "sha256")})
        counts[split] = {name: {"videos": 2, "crops": 2} for name in ("real", "fake")}
    content = {
        "schema_version": 1,
        "dataset": "made",
        "size": 64,
        "margin": 1.3,
        "context": 1.0,
        "detector": "auto",
        "frames_per_video": 1,
        "image_format": "png",
        "compression": "",
        "methods": ["Deepfakes"],
        "counts": counts,
        "failures": {},
        "seed": 0,
        "versions": {},
        "shards": infos,
        "parameters": {},
        "missing": [],
        "notes": [],
    }
    (folder / "dataset.json").write_text(json.dumps(content))


def _write_scores(folder: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [
        [f"v{video}", "real" if video % 2 else "Deepfakes", frame, int(video % 2 == 0)]
        for video in range(12)
        for frame in range(3)
    ]
    with (folder / "scores.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["video", "method", "frame", "label", "probability"])
        writer.writerows([*row, round(float(rng.random()), 4)] for row in rows)
    from pyarrow import csv as arrow_csv
    from pyarrow import parquet

    parquet.write_table(arrow_csv.read_csv(folder / "scores.csv"), folder / "scores.parquet")
