"""What the browser tests score, and what Python says of it: `python fixtures.py FOLDER`.

Pictures are PNG, since decoders of JPEG differ in their rounding; one JPEG tells by how much.
"""

import itertools
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from keras_madd.inference import Detector
from keras_madd.media.images import read_image
from keras_madd.media.writer import VideoWriter

ROOT = Path(__file__).parents[3]
MODEL = ROOT / "tests" / "golden" / "demonstration" / "model.tflite"
PORTRAIT = ROOT / "keras_madd" / "demo" / "assets" / "portrait.jpg"
FRAMES, RATE = 64, 16
# EXIF's orientation -> what makes an upright picture lie so.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def pictures(portrait: np.ndarray) -> dict[str, np.ndarray]:
    """Returns ten pictures that are unlike each other: of one face and of ten, small, cut off."""
    rng = np.random.default_rng(0)
    height, width = portrait.shape[:2]
    noisy = np.clip(portrait + rng.normal(0, 12, portrait.shape), 0, 255).astype(np.uint8)
    face = portrait[40:220, 130:330]
    crowd = np.concatenate([np.concatenate([face] * 5, axis=1)] * 2, axis=0)
    for column in range(5):  # No two faces alike.
        part = crowd[:, 200 * column : 200 * (column + 1)]
        part[:] = np.clip(part * (0.7 + 0.12 * column), 0, 255).astype(np.uint8)
    far = np.full((720, 1280, 3), 90, np.uint8)
    far[300:428, 500:628] = cv2.resize(portrait, (128, 128), interpolation=cv2.INTER_AREA)
    group = np.full((1800, 2800, 3), 120, np.uint8)
    person = cv2.resize(portrait, (300, 300), interpolation=cv2.INTER_AREA)
    for left, top, light in ((0, 0, 1.0), (1200, 800, 0.8), (2500, 1500, 0.6)):
        group[top : top + 300, left : left + 300] = (person * light).astype(np.uint8)
    return {
        "plain": portrait,
        "large": cv2.resize(portrait, None, fx=2.3, fy=2.3, interpolation=cv2.INTER_CUBIC),
        "small": cv2.resize(portrait, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA),
        "blurred": cv2.GaussianBlur(portrait, (0, 0), 2.5),
        "noisy": noisy,
        "mirrored": np.ascontiguousarray(portrait[:, ::-1]),
        "dark": (portrait * 0.45).astype(np.uint8),
        "cut_off": np.ascontiguousarray(portrait[95 : height - 40, 195 : width - 20]),
        "crowd": crowd,
        "far": far,
        "group": group,
    }


def frames(portrait: np.ndarray, size: tuple[int, int]):
    """Yields frames in which the face walks to the right; no face in the last quarter."""
    width, height = size
    for index in range(FRAMES):
        frame = np.full((height, width, 3), 60, np.uint8)
        if index < 48:
            left = 2 * index
            frame[:, left : left + height] = cv2.resize(portrait, (height, height))
        yield frame


def words(portrait: np.ndarray, detector: Detector) -> dict[str, np.ndarray]:
    """Returns a picture for each verdict: the portrait, its face more and more blurred."""
    x, y, width, height = detector.score_image(portrait)[0].box
    inside = np.zeros(portrait.shape[:2], np.float32)
    middle, axes = (x + width // 2, y + height // 2), (width // 3, int(0.42 * height))
    cv2.ellipse(inside, middle, axes, 0, 0, 360, 1, -1)
    inside = cv2.GaussianBlur(inside, (0, 0), 2)[..., None]
    blurred = cv2.GaussianBlur(portrait, (0, 0), 4)
    found: dict[str, list[np.ndarray]] = {}
    for share in np.linspace(0, 1, 81):
        mixed = portrait + share * inside * (np.float32(blurred) - portrait)
        picture = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
        for face in detector.score_image(picture):
            found.setdefault(face.verdict, []).append(picture)
    return {verdict: chosen[len(chosen) // 2] for verdict, chosen in found.items()}


def write_y4m(path: Path, pictures, rate: int) -> None:
    """Writes what Chromium's stand-in for a camera plays."""
    with open(path, "wb") as file:
        for index, picture in enumerate(pictures):
            height, width = picture.shape[:2]
            if index == 0:
                file.write(b"YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420jpeg\n" % (width, height, rate))
            file.write(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes())


def expected(detector: Detector, image: np.ndarray) -> list[dict]:
    """Returns what Python finds in a picture."""
    return [
        {
            "box": face.box,
            "score": face.detection_score,
            "probability": face.probability,
            "verdict": face.verdict,
            "maps": face.attention_maps.ravel().tolist(),
        }
        for face in detector.score_image(image)
    ]


def write(folder: Path) -> None:
    """Writes all files and `expected.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    portrait = read_image(PORTRAIT)
    told = {}
    with Detector(MODEL) as detector:
        for name, picture in pictures(portrait).items():
            Image.fromarray(picture).save(folder / f"{name}.png")
            told[name] = expected(detector, picture)
        told["jpeg"] = expected(detector, portrait)
        (folder / "jpeg.jpg").write_bytes(PORTRAIT.read_bytes())
        turned = Image.fromarray(np.rot90(portrait))
        exif = turned.getexif()
        exif[0x0112] = 6
        turned.save(folder / "turned.png", exif=exif)
        told["turned"] = expected(detector, read_image(folder / "turned.png"))
        narrow = portrait[:, 60:460]
        for orientation, turn in TURNS.items():
            exif = Image.Exif()
            exif.endian = "<>"[orientation % 2]
            exif.update({0x010F: "a camera", 0x0112: orientation})
            turned = Image.fromarray(narrow).transpose(turn)
            turned.save(folder / f"turned_{orientation}.webp", exif=exif, lossless=True)
        told["turned_webp"] = expected(detector, narrow)
        layer = np.dstack([portrait, np.full(portrait.shape[:2], 255, np.uint8)])
        layer[:60, :, 3] = 0
        Image.fromarray(layer).save(folder / "transparent.png")
        told["transparent"] = expected(detector, read_image(folder / "transparent.png"))
        with VideoWriter(folder / "short.mp4", 480, 360, RATE) as video:
            for frame in itertools.islice(frames(portrait, (480, 360)), 3):
                video.write(frame)
        with VideoWriter(folder / "video.mp4", 480, 360, RATE) as video:
            for frame in frames(portrait, (480, 360)):
                video.write(frame)
        told["video"] = [
            frame.probability for frame in detector.score_video(folder / "video.mp4").frames
        ]
    with Detector() as shipped:  # The trained detector that comes with the package.
        for verdict, picture in words(portrait, shipped).items():
            name = verdict.replace(" ", "_")
            Image.fromarray(picture).save(folder / f"{name}.png")
            told[name] = expected(shipped, picture)
    write_y4m(folder / "camera.y4m", [cv2.resize(portrait, (320, 320))[40:280]] * 2, 60)
    Image.new("RGB", (400, 300), "grey").save(folder / "wall.png")
    Image.new("1", (12_500, 8_000)).save(folder / "huge.png")
    (folder / "broken.png").write_bytes((folder / "plain.png").read_bytes()[:3000])
    (folder / "cut.jpg").write_bytes((whole := PORTRAIT.read_bytes())[: len(whole) * 2 // 3])
    (folder / "not_a_picture.jpg").write_text("no picture\n")
    (folder / "broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(500))
    (folder / "letter.txt").write_text("no picture\n")
    (folder / "expected.json").write_text(json.dumps(told))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
