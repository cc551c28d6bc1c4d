"""What live scoring costs: milliseconds per step, and pictures per second, on 720p video.

    python benchmarks/live.py --model model.tflite --output benchmarks/results/live.json

The video is made here: the sample photograph moves over a coloured ground, 1280 x 720, 30 pictures
a second, with a face of about 220 pixels. First each step is timed by itself, one after another on
each picture: decode, detect (MediaPipe, whole picture, every picture), crop, infer, smooth, draw
(boxes, attention, timeline, what a window shows). Then the pipeline runs as `keras-madd camera
--fast` does, every picture scored and drawn, the steps in three threads: its pictures per second,
and the processor time it takes per picture, which another program's load hardly changes. Last it
runs at the video's own pace, as from a camera: pictures that had to be dropped, and the time from
a picture's decoding to its score. Everything is repeated; minima are of the quietest moments,
medians of the usual ones. Beside it LiteRT's two ways to run a file on the processor are compared,
Interpreter and CompiledModel: time to load and run once, time per run, and their outputs.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from record import write_record

WIDTH, HEIGHT, RATE = 1280, 720, 30


def main() -> None:
    """Time the steps and the pipeline, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a .tflite file")
    parser.add_argument("--threads", type=int, help="for the model; by default one per processor")
    parser.add_argument("--pictures", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    args = parser.parse_args()

    from keras_madd.inference import Detector

    with tempfile.TemporaryDirectory() as folder, Detector(args.model, args.threads) as detector:
        video = _write_video(Path(folder) / "live.mp4", args.pictures)
        detector.warm_up()
        rounds = [_time_steps(detector, video) for _ in range(args.rounds)]
        times = {
            step: [each for one in rounds for each in one[step]]
            for step in ("decode", "detect", "crop", "infer", "smooth", "draw")
        }
        fast = [_run_pipeline(detector, video, paced=False) for _ in range(args.rounds)]
        paced = [_run_pipeline(detector, video, paced=True) for _ in range(args.rounds)]
        result = {
            "settings": {
                "model": args.model.name,
                "quantization": detector.description.quantization,
                "input_size": list(detector.description.input_size),
                "detector": detector.description.detector,
                "threads": args.threads,
                "video": f"{WIDTH}x{HEIGHT}, {RATE} per second, H.264, {args.pictures} pictures",
                "face_pixels": rounds[0]["face"],
                "rounds": args.rounds,
            },
            "runtimes": _compare_runtimes(detector, args.model, 30 * args.rounds),
            "steps_ms": {step: _summary(each) for step, each in times.items()},
            "as_fast_as_can_be": {
                "pictures_per_second": {
                    "best": max(one["rate"] for one in fast),
                    "median": statistics.median(one["rate"] for one in fast),
                },
                "processor_ms_per_picture": min(one["processor_ms"] for one in fast),
            },
            "at_its_own_pace": {
                "dropped": [one["dropped"] for one in paced],
                "latency_ms": _summary([each for one in paced for each in one["latencies"]]),
            },
        }
    print(json.dumps(result, indent=2))
    write_record(args.output, result)


def _summary(times: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(times), 2), "min": round(min(times), 2)}


def _compare_runtimes(detector, path: Path, rounds: int) -> dict:
    import numpy as np
    from ai_edge_litert.compiled_model import CompiledModel, CpuOptions, Options
    from ai_edge_litert.interpreter import Interpreter

    from keras_madd.support.native_stderr import native_stderr_silenced

    description, threads = detector.description, os.cpu_count()
    shape = (1, *description.input_size, 3)
    picture = np.random.default_rng(0).integers(0, 256, shape).astype(description.input_type)

    def interpreter():
        loaded = Interpreter(str(path), num_threads=threads)
        loaded.allocate_tensors()
        runner = loaded.get_signature_runner()
        return lambda: runner(**{description.input_name: picture})

    def compiled_model():
        options = Options(cpu_options=CpuOptions(num_threads=threads))
        loaded = CompiledModel.from_file(str(path), options=options)
        ((key, names),) = loaded.get_signature_list().items()
        details = loaded.get_output_tensor_details(key)
        inputs, outputs = loaded.create_input_buffers(0), loaded.create_output_buffers(0)

        def run():
            inputs[0].write(picture)
            loaded.run_by_index(0, inputs, outputs)
            return {
                name: buffer.read(int(np.prod(details[name]["shape"])), np.float32)
                for name, buffer in zip(names["outputs"], outputs, strict=True)
            }

        return run

    makers = {"Interpreter": interpreter, "CompiledModel": compiled_model}
    loads, runs, times = {name: [] for name in makers}, {}, {name: [] for name in makers}
    with native_stderr_silenced():
        for _ in range(5):
            for name, make in makers.items():
                started = time.perf_counter()
                runs[name] = make()
                runs[name]()
                loads[name].append(1e3 * (time.perf_counter() - started))
        for _ in range(rounds):
            for name, run in runs.items():
                started = time.perf_counter()
                run()
                times[name].append(1e3 * (time.perf_counter() - started))
    outputs = [run() for run in runs.values()]
    difference = max(float(np.abs(outputs[0][n].ravel() - outputs[1][n]).max()) for n in outputs[0])
    rows = {
        name: {"load_and_first_run_ms": _summary(loads[name]), "run_ms": _summary(times[name])}
        for name in makers
    }
    return rows | {"threads": threads, "largest_difference_of_an_output": difference}


def _write_video(path: Path, pictures: int) -> Path:
    import cv2
    import numpy as np

    from keras_madd.demo import sample_photo_path
    from keras_madd.inference import read_image
    from keras_madd.media import VideoWriter

    person = cv2.resize(read_image(sample_photo_path()), (1180, 1180))
    random = np.random.default_rng(0).integers(0, 256, (9, 16, 3), np.uint8)
    ground = cv2.resize(random, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    with VideoWriter(path, WIDTH, HEIGHT, RATE) as writer:
        for index in range(pictures):
            left, top = int(100 + 60 * np.sin(index / 25)), int(30 + 25 * np.sin(index / 17))
            picture = ground.copy()
            picture[top:, left : left + 1180] = person[: HEIGHT - top, : WIDTH - left]
            writer.write(picture)
    return path


def _time_steps(detector, path: Path) -> dict:
    """Each step by itself, in milliseconds, for each picture with a face."""
    import cv2
    import numpy as np

    from keras_madd.faces import FaceTracker, crop_face
    from keras_madd.inference import ScoreSmoother
    from keras_madd.media import VideoReader
    from keras_madd.visualize import VideoOverlay

    times = {name: [] for name in ("decode", "detect", "crop", "infer", "smooth", "draw")}
    size, margin = detector.description.input_size[0], detector.description.crop_margin
    smoother, tracker = ScoreSmoother(), FaceTracker()
    overlay = VideoOverlay(WIDTH, HEIGHT, seconds=10.0, live=True)
    sides = []
    with VideoReader(path) as video:
        frames = iter(video)
        while True:
            marks = [time.perf_counter()]
            frame = next(frames, None)
            if frame is None:
                break
            marks.append(time.perf_counter())
            faces = detector.find_faces(frame.image)[:1]
            marks.append(time.perf_counter())
            crops = [crop_face(frame.image, face.box, size, margin) for face in faces]
            marks.append(time.perf_counter())
            if not crops:
                continue
            probabilities, _ = detector.score_crops(np.stack(crops))
            marks.append(time.perf_counter())
            tracks = tracker.update([face.box for face in faces])
            score = smoother.update(tracks[0], probabilities[0])
            marks.append(time.perf_counter())
            scored = detector.score_faces(frame.image, faces)
            started = time.perf_counter()
            shown = overlay.compose(frame.image, scored, frame.seconds, score.probability)
            cv2.cvtColor(shown, cv2.COLOR_RGB2BGR)
            drawn = time.perf_counter() - started
            for name, start, end in zip(times, marks, marks[1:], strict=False):
                times[name].append(1e3 * (end - start))
            times["draw"].append(1e3 * drawn)
            sides.append(max(faces[0].box[2:]))
    return times | {"face": int(statistics.median(sides))}


def _run_pipeline(detector, path: Path, paced: bool) -> dict:
    import cv2

    from keras_madd.inference import LiveScorer
    from keras_madd.inference.capture import VideoAsCamera
    from keras_madd.visualize import VideoOverlay

    overlay = VideoOverlay(WIDTH, HEIGHT, seconds=10.0, live=True)
    source, latencies, count = VideoAsCamera(path, paced), [], 0
    with LiveScorer(detector, source, newest_only=paced) as live:
        started, used = time.perf_counter(), time.process_time()
        for frame in live:
            score = max((face.smoothed for face in frame.faces), default=None)
            shown = overlay.compose(frame.image, frame.faces, frame.seconds, score)
            cv2.cvtColor(shown, cv2.COLOR_RGB2BGR)
            latencies.append(frame.timings["latency"])
            count += 1
        seconds, used = time.perf_counter() - started, time.process_time() - used
    source.close()
    return {
        "rate": round(count / seconds, 1),
        "processor_ms": round(1e3 * used / count, 2),
        "dropped": frame.dropped,
        "latencies": latencies,
    }


if __name__ == "__main__":
    main()
