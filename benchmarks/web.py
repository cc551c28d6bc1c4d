"""What the browser page costs: frames per second at 720p, the split of a frame, the first score.

    python benchmarks/web.py --model model.tflite --output benchmarks/results/web.json

Chromium plays a 720p file in the camera's place at 60 pictures a second, the sample photograph
with a face of about 220 pixels moving over a grey ground; the page scores every picture that it
can under WebAssembly. Its steps: read the picture's pixels, find faces, and score (crop, network,
smoothing). The network runs in a worker; meanwhile the page reads the next picture and finds its
faces, so `score` holds the wait until the picture before is scored, `frame_ms` is how old a
picture is when its score is there, and frames per second are more than its inverse. Beside it
Python finds faces and scores, one after another, on the same pictures with two threads for the
network; `picture_to_python` is the page's time from score to score over Python's. `first_score`
is from the start of the page's navigation to the score of a photograph that is dropped as soon as
the page takes one.
Needs Node, Chromium and `npm ci` in `web_demo/`. Other load on the machine slows both sides:
minima are of the quietest moments.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np
from record import write_record

WIDTH, HEIGHT, RATE, PICTURES = 1280, 720, 60, 12
ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "keras_madd" / "demo" / "assets" / "portrait.jpg"


def main() -> None:
    """Time the page and Python, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a .tflite file")
    parser.add_argument("--frames", type=int, default=400)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()

    pictures = _pictures()
    python = _time_python(args.model, pictures, args.frames)
    browser = _time_browser(args.model, pictures, args.frames)
    live = browser["live"]
    steps = {step: [frame[step] for frame in live] for step in ("read", "detect", "score")}
    whole = [sum(frame[step] for step in steps) for frame in live]
    rates = [frame["framesPerSecond"] for frame in live]
    both = [a + b for a, b in zip(python["detect"], python["score"], strict=True)]
    result = {
        "settings": {
            "model": args.model.name,
            "camera": f"{WIDTH}x{HEIGHT}, {RATE} per second",
            "frames": len(live),
            "backend": browser["speed"].split(" · ")[0],
        },
        "page": {
            "frames_per_second": {
                "median": round(statistics.median(rates), 1),
                "best": round(max(rates), 1),
            },
            "steps_ms": {step: _summary(times) for step, times in steps.items()},
            "frame_ms": _summary(whole),
            "ready_ms": _summary([start["ready"] for start in browser["starts"]]),
            "first_score_ms": _summary([start["firstScore"] for start in browser["starts"]]),
        },
        "python": {"steps_ms": {step: _summary(times) for step, times in python.items()}},
        "picture_to_python": {
            "median": round(1e3 / statistics.median(rates) / statistics.median(both), 2),
            "min": round(1e3 / max(rates) / min(both), 2),
        },
    }
    print(json.dumps(result, indent=2))
    write_record(args.output, result)


def _summary(times: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(times), 2), "min": round(min(times), 2)}


def _pictures() -> list[np.ndarray]:
    portrait = cv2.resize(cv2.imread(str(PHOTO)), None, fx=2.3, fy=2.3)[:HEIGHT]
    portrait = cv2.cvtColor(portrait, cv2.COLOR_BGR2RGB)
    found = []
    for index in range(PICTURES):
        picture = np.full((HEIGHT, WIDTH, 3), 70, np.uint8)
        left = 40 + 4 * index
        picture[:, left : left + portrait.shape[1]] = portrait[:, : WIDTH - left]
        found.append(picture)
    return found


def _time_python(model: Path, pictures: list[np.ndarray], frames: int) -> dict[str, list[float]]:
    from keras_madd.faces import FaceTracker
    from keras_madd.inference import Detector, ScoreSmoother

    times: dict[str, list[float]] = {"detect": [], "score": []}
    tracker, smoother = FaceTracker(), ScoreSmoother()
    with Detector(model, threads=2) as detector:
        detector.warm_up()
        for index in range(frames):
            picture = pictures[index % len(pictures)]
            started = time.perf_counter()
            faces = detector.find_faces(picture)
            tracks = tracker.update([face.box for face in faces])
            detected = time.perf_counter()
            for track, face in zip(tracks, detector.score_faces(picture, faces), strict=True):
                smoother.update(track, face.probability)
            times["detect"].append(1e3 * (detected - started))
            times["score"].append(1e3 * (time.perf_counter() - detected))
    return times


def _time_browser(model: Path, pictures: list[np.ndarray], frames: int) -> dict:
    from keras_madd.web.folder import write_web_folder
    from keras_madd.web.server import address_of, open_server

    with tempfile.TemporaryDirectory() as folder:
        camera = Path(folder) / "camera.y4m"
        with open(camera, "wb") as file:
            file.write(b"YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420jpeg\n" % (WIDTH, HEIGHT, RATE))
            for picture in pictures:
                file.write(b"FRAME\n" + cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes())
        page = write_web_folder(model, Path(folder) / "page")
        with open_server(page) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            command = ["node", "benchmark.mjs", address_of(server), camera, PHOTO, str(frames)]
            done = subprocess.run(command, cwd=ROOT / "web_demo", stdout=subprocess.PIPE)
            server.shutdown()
    if done.returncode:
        sys.exit(f"the browser's part failed with status {done.returncode}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
